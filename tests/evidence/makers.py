"""Rollouts for the evidence tests, written down as (command, output, exit code)."""

from __future__ import annotations

from collections.abc import Sequence

from rematch.data.records import Action, Ending, Rollout, Step, Summary, Trajectory, Usage
from rematch.seams import Entrant

Taken = tuple[str, str, int | None] | tuple[str, str] | str

SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def make_rollout(
    *taken: Taken,
    id: str = "r",
    messages: Sequence[str] = (),
    ending: Ending = Ending.SUBMITTED,
    patch: str | None = None,
    tokens: int = 0,
) -> Rollout:
    """One step per command; a bare command printed nothing and exited with 0."""
    steps = []
    for number, one in enumerate(taken, 1):
        command, output, code = (one, "", 0) if isinstance(one, str) else (*one, 0)[:3]
        message = messages[number - 1] if number <= len(messages) else ""
        action = Action(command=str(command), output=str(output), exit_code=code)
        steps.append(Step(number=number, message=message, actions=(action,)))
    return Rollout(
        id=id,
        task_id="t",
        trajectory=Trajectory(steps=tuple(steps), ending=ending),
        patch=patch,
        usage=Usage(output_tokens=tokens),
    )


def make_entrant(rollout: Rollout, weight: int = 1) -> Entrant:
    return Entrant(rollout, Summary(rollout_id=rollout.id), weight)


def make_patch(path: str, *lines: str) -> str:
    body = "".join(f"{line}\n" for line in lines)
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n{body}"
