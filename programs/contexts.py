"""What a new rollout is told about earlier ones (paper section 3.3), raw or distilled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import Field

from rematch.data.records import Task
from rematch.programs.distiller import Distiller
from rematch.programs.rendering import render_summary, render_workspace
from rematch.seams import Entrant
from rematch.seeds import derive_random
from rematch.settings import Settings
from rematch.signatures import frame_context

ContextKind = Literal["none", "single", "random-k", "select-k"]


class ContextConfig(Settings):
    """Which summaries a new rollout starts from, and in what form."""

    kind: ContextKind = "select-k"
    """`none`; `single`: its own earlier summary; `random-k`: K drawn per rollout; `select-k`:
    the K survivors of RTV (the paper's best)."""
    k: int = Field(default=4, ge=1)
    """K, how many summaries a context holds, and how many rollouts RTV keeps."""
    distill: bool = False
    """Distill the summaries into one workspace instead of showing them whole."""


def choose_indexes(
    config: ContextConfig, size: int, index: int, seed: int
) -> tuple[int, ...] | None:
    """Whose summaries rollout `index` is told, of an iteration before of `size` rollouts.

    Args:
        config: kind and K.
        size: how many rollouts the iteration before made, at least 1.
        index: the new rollout's number, from 0.
        seed: a seed for this iteration; `random-k` draws anew for every index.

    Returns:
        Their numbers, or None: those that RTV kept.
    """
    match config.kind:
        case "none":
            return ()
        case "single":
            return (index % size,)
        case "random-k":
            rng = derive_random(seed, "random-k", index)
            return tuple(rng.sample(range(size), min(config.k, size)))
        case "select-k":
            return None


async def write_context(task: Task, priors: Sequence[Entrant], distiller: Distiller | None) -> str:
    """The framed text for an agent's first prompt; "" without priors.

    Raises:
        ModelError: the distiller's replies could not be read.
    """
    if not priors:
        return ""
    summaries = [prior.summary for prior in priors]
    if distiller is not None:
        workspace = await distiller.acall(task=task, summaries=summaries)
        return frame_context(render_workspace(workspace), len(priors))
    notes = "\n\n".join(
        f"### Attempt {number}\n{render_summary(summary)}"
        for number, summary in enumerate(summaries, 1)
    )
    return frame_context(notes, len(priors))
