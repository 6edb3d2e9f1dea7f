"""The distiller: K summaries in, one bounded workspace out (PDR, arXiv 2510.01123)."""

from __future__ import annotations

from collections.abc import Sequence

import dspy

from rematch.data.records import Summary, Task, Usage, Workspace
from rematch.errors import ModelError
from rematch.programs.asking import ask
from rematch.programs.excerpt import clip
from rematch.programs.program import Program
from rematch.programs.rendering import number_fenced, render_summary
from rematch.signatures import DistillSummaries, neutralise

_SECTIONS = ("agreements", "contradictions", "open_ends", "dead_ends")
_TASK_CAP = 24_000


class Distiller(Program):
    """Asks a model for the workspace that the next iteration starts from.

    Args:
        lm: the role's model; None takes DSPy's current one.
        most_characters: the workspace's bound (kappa), shared evenly by its sections.
        attempts: how often to ask before giving up.
    """

    def __init__(
        self, lm: dspy.LM | None = None, most_characters: int = 8_000, attempts: int = 2
    ) -> None:
        super().__init__()
        self.lm = lm
        self.most_characters = most_characters
        self.attempts = attempts
        self.distill = dspy.Predict(DistillSummaries)

    def write_inputs(self, task: Task, summaries: Sequence[Summary]) -> dict[str, str]:
        """The prompt's fields."""
        return {
            "task": neutralise(clip(task.problem, _TASK_CAP)),
            "summaries": number_fenced("Attempt", [render_summary(s) for s in summaries]),
        }

    async def aforward(
        self, *, task: Task, summaries: Sequence[Summary], sample: int = 0
    ) -> Workspace:
        """Distill the summaries.

        Raises:
            ModelError: no reply could be read.
        """
        inputs = self.write_inputs(task, summaries)
        answer = await ask(self.distill, inputs, lm=self.lm, number=sample, attempts=self.attempts)
        if answer.prediction is None:
            raise ModelError(f"{task.id}: no workspace ({answer.problem})")
        return read_workspace(answer.prediction, self.most_characters, answer.usage)


def read_workspace(
    prediction: dspy.Prediction, most_characters: int, usage: Usage | None = None
) -> Workspace:
    """The workspace that a reply is, bounded."""
    share = most_characters // len(_SECTIONS)
    sections = {name: _bound(getattr(prediction, name), share) for name in _SECTIONS}
    return Workspace.model_validate({"usage": usage or Usage(), **sections})


def _bound(items: Sequence[str], characters: int) -> tuple[str, ...]:
    """Items in order until the section's characters are used up; the last one is clipped."""
    kept: list[str] = []
    for item in items:
        if characters <= 0:
            kept.append(f"[... {len(items) - len(kept)} more left out ...]")
            break
        kept.append(clip(item, characters))
        characters -= len(item)
    return tuple(kept)
