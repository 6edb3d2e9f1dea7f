"""The summarizer: one rollout in, one structured summary out (paper section 3.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dspy
from pydantic import Field

from rematch.data.records import ResultKind, Rollout, Summary, Task, Usage
from rematch.errors import ContextOverflowError, ModelError
from rematch.programs.asking import ask, measure
from rematch.programs.excerpt import clip, clip_to_tokens, estimate_tokens, excerpt
from rematch.programs.program import Program
from rematch.seams import Checker
from rematch.seams import Summarizer as SummarizerSeam
from rematch.settings import Settings
from rematch.signatures import SummarizeRollout, fence, neutralise

_TEXT_CAP, _CLAIM_CAP, _MOST_CLAIMS = 2_000, 600, 12
_LEAST_ROOM = 500
_TEXTS = ("final_outcome", "problem", "progress")
_CLAIMS = (
    "hypotheses",
    "key_actions",
    "verified",
    "failure_modes",
    "lessons_to_reuse",
    "lessons_to_avoid",
)


class SummarizerConfig(Settings):
    """What the summarizer reads, and how often it asks."""

    input_tokens: int = Field(default=48_000, ge=1_000)
    """Budget for the whole prompt in tokens; a smaller model window lowers it."""
    attempts: int = Field(default=2, ge=1)
    """How often to ask before the summary is made from evidence instead."""


class Summarizer(Program):
    """Asks a model for a rollout's summary.

    Args:
        lm: the role's model; None takes DSPy's current one.
        config: budget and attempts.
        fallback: makes the summary when the model's replies cannot be read; without one, a
            ModelError is raised.
        check: holds the claims against the record; its verdicts stand on the summary.
    """

    def __init__(
        self,
        lm: dspy.LM | None = None,
        config: SummarizerConfig | None = None,
        fallback: SummarizerSeam | None = None,
        check: Checker | None = None,
    ) -> None:
        super().__init__()
        self.lm = lm
        self.config = config or SummarizerConfig()
        self.fallback = fallback
        self.check = check
        self.summarize = dspy.Predict(SummarizeRollout)

    async def aforward(self, *, task: Task, rollout: Rollout) -> Summary:
        """Summarize one rollout; a prompt that overflows the window is halved, twice at most."""
        costs: list[Usage] = []
        problem, left_out = "", ""
        for halving in range(3):
            inputs, left_out = self._inputs(task, rollout, self.config.input_tokens >> halving)
            try:
                answer = await ask(
                    self.summarize, inputs, lm=self.lm, attempts=self.config.attempts
                )
            except ContextOverflowError as error:
                problem = str(error)
                continue
            costs.append(answer.usage)
            problem = answer.problem
            if answer.prediction is not None:
                summary = read_summary(rollout, answer.prediction, left_out, sum(costs, Usage()))
                checks = self.check(summary, rollout) if self.check else ()
                return summary.model_copy(update={"checks": checks})
            break
        return await self._fall_back(task, rollout, problem, sum(costs, Usage()))

    async def _fall_back(self, task: Task, rollout: Rollout, problem: str, spent: Usage) -> Summary:
        if self.fallback is None:
            raise ModelError(f"{rollout.id}: no summary ({problem})")
        summary = await self.fallback.acall(task=task, rollout=rollout)
        return summary.model_copy(update={"usage": summary.usage + spent})

    def write_inputs(self, task: Task, rollout: Rollout) -> tuple[dict[str, Any], str]:
        """The prompt's fields, and one line on what they leave out."""
        return self._inputs(task, rollout, self.config.input_tokens)

    def _inputs(self, task: Task, rollout: Rollout, budget: int) -> tuple[dict[str, Any], str]:
        """The prompt's fields within `budget` tokens, and what they leave out."""
        room = max(budget - measure(self.summarize), _LEAST_ROOM)
        result = _result(task, rollout)
        texts = {
            "task text": (task.problem, clip_to_tokens(task.problem, room // 6)),
            "result": (result, clip_to_tokens(result, room // 4)),
        }
        cut = [f"part of the {name}" for name, (whole, shown) in texts.items() if whole != shown]
        shown_task, shown_result = (shown for _, shown in texts.values())
        free = room
        while True:
            part = excerpt(rollout.trajectory, free)
            left_out = "; ".join([*([part.left_out] if part.left_out else []), *cut])
            opening = f"Left out to fit: {left_out}.\n" if left_out else "Complete.\n"
            fields = {
                "task": neutralise(shown_task),
                "trajectory": opening + fence(part.text),
                "result": fence(shown_result),
            }
            excess = estimate_tokens("".join(fields.values())) - room
            if excess <= 0 or not part.text:
                return fields, left_out
            free = max(0, min(free, estimate_tokens(part.text)) - excess)


def _result(task: Task, rollout: Rollout) -> str:
    ending = f"Ended: {rollout.trajectory.ending}."
    if task.asks_for is ResultKind.STATE:
        return f"{ending} The task asks for a state of the environment; no patch is handed in."
    if not rollout.has_result(task.asks_for):
        return f"{ending} No patch was handed in."
    return f"{ending} Patch:\n{rollout.patch}"


def read_summary(
    rollout: Rollout, prediction: dspy.Prediction, left_out: str, usage: Usage
) -> Summary:
    """The summary that a reply is: its texts bounded, its claims at most twelve a list."""
    texts = {name: clip(str(getattr(prediction, name)), _TEXT_CAP) for name in _TEXTS}
    claims = {name: _bounded(getattr(prediction, name)) for name in _CLAIMS}
    known = {"rollout_id": rollout.id, "left_out": left_out, "usage": usage}
    return Summary.model_validate({**known, **texts, **claims})


def _bounded(claims: Sequence[Any]) -> tuple[Any, ...]:
    """At most twelve claims of 600 characters each, so that G summaries fit a judge's prompt."""
    return tuple(
        claim.model_copy(update={"text": clip(claim.text, _CLAIM_CAP)})
        for claim in claims[:_MOST_CLAIMS]
    )
