"""The frame in which a refinement context is handed to an agent (paper section 3.3)."""

from rematch.signatures.fence import fence

OPENING = "## What earlier attempts at this task found"

_FRAME = """\
{opening}
{count}.
You start from the original state, without their changes. The notes below were not graded and may
be wrong. Use what was verified, check what was only claimed, do not repeat what failed, and finish
the task yourself.

{notes}"""


def frame_context(notes: str, attempts: int) -> str:
    """The text to stand in an agent's first prompt; empty when there are no notes.

    Args:
        notes: rendered summaries or a distilled workspace.
        attempts: how many earlier attempts the notes come from.
    """
    if not notes.strip():
        return ""
    count = "One attempt was made before yours, in another environment"
    if attempts > 1:
        count = f"{attempts} attempts were made before yours, each in an environment of its own"
    return _FRAME.format(opening=OPENING, count=count, notes=fence(notes))


def split_context(instruction: str) -> tuple[str, str]:
    """An instruction that ends with a framed context, as (task, context); "" where there is none.

    The notes may quote a frame, so the first one is it.
    """
    task, mark, rest = instruction.partition(f"\n{OPENING}\n")
    return (task.rstrip(), f"{OPENING}\n{rest}") if mark else (instruction, "")
