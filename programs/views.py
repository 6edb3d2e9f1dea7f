"""How an entrant stands in a judge's prompt: its summary, its trajectory or its patch."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field

from rematch.programs.excerpt import clip_to_tokens, excerpt
from rematch.programs.rendering import render_summary
from rematch.seams import Entrant
from rematch.settings import Settings

Representation = Literal["summary", "evidence", "trajectory", "patch"]


class JudgeConfig(Settings):
    """What a model that votes is asked, and what it is shown of each entrant."""

    kind: Literal["names", "choice"] = "names"
    """`names`: it names the best. `choice`: of two entrants it says how likely each is best, and
    `rematch anchor` learns from labels how to weigh its slots (G=2 only)."""
    represent: Representation = "summary"
    """`summary` (the paper's best); `evidence`: a summary from facts alone; `trajectory`: the
    steps as far as they fit; `patch`. Where it is no summary, `select` asks for none."""
    input_tokens: int = Field(default=48_000, ge=1_000)
    """Tokens for all entrants of a match together, where trajectories or patches are shown; a
    smaller model window lowers it."""


class KeptView:
    """A view that represents an entrant once, for all votes and rounds, as long as it lives.

    Args:
        view: how an entrant stands in the prompt.
    """

    def __init__(self, view: Callable[[Entrant], str]) -> None:
        self._view = view
        self._kept: dict[int, tuple[weakref.ref[Entrant], str]] = {}

    def __deepcopy__(self, _: Any) -> KeptView:
        """Optimizers copy programs; what is kept is of no use to them."""
        return KeptView(self._view)

    def __call__(self, entrant: Entrant) -> str:
        """The view's text."""
        key = id(entrant)  # comparing entrants by value would read their whole trajectories
        kept = self._kept.get(key)
        if kept is not None and kept[0]() is entrant:
            return kept[1]
        text = self._view(entrant)
        self._kept[key] = (weakref.ref(entrant, lambda _: self._kept.pop(key, None)), text)
        return text


def represent_summary(entrant: Entrant) -> str:
    """The paper's representation: the summary alone."""
    return render_summary(entrant.summary)


@dataclass(frozen=True)
class TrajectoryView:
    """The steps themselves: the paper's ablation of summaries. `tokens`: for one entrant."""

    tokens: int

    def __call__(self, entrant: Entrant) -> str:
        """Head, tail and the most telling steps between, with what is left out."""
        trajectory = entrant.rollout.trajectory
        part = excerpt(trajectory, self.tokens)
        left_out = f"Left out to fit: {part.left_out}.\n" if part.left_out else ""
        return f"Ended: {trajectory.ending}.\n{left_out}{part.text}"


@dataclass(frozen=True)
class PatchView:
    """The patch alone, cut in its middle where it does not fit. `tokens`: for one entrant."""

    tokens: int

    def __call__(self, entrant: Entrant) -> str:
        """How it ended, and the patch."""
        patch = (entrant.rollout.patch or "").strip()
        shown = clip_to_tokens(patch, self.tokens) if patch else "No patch was handed in."
        return f"Ended: {entrant.rollout.trajectory.ending}.\n{shown}"
