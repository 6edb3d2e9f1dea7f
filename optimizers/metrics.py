"""Metrics: a score from 0 to 1, its parts, and one sentence that names the mistake.

The sentence is what GEPA's reflection and SIMBA learn from. To add a metric, write a class with
`examine` (see CONTRIBUTING.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import dspy

from rematch.loops import LoopThread
from rematch.optimizers.candidates import Candidates
from rematch.optimizers.examples import RECORD, JudgeExample


@dataclass(frozen=True)
class Examined:
    """What a metric says of one prediction.

    Attributes:
        score: from 0 to 1, what tuning raises.
        accuracy: the share of right judgements, what the report tests.
        feedback: what was right, or which mistake was made.
        parts: further figures by name; None where one says nothing here.
    """

    score: float
    accuracy: float
    feedback: str
    parts: Mapping[str, float | None] = field(default_factory=dict)


class Metric(Protocol):
    """Scores predictions of one target."""

    async def examine(self, example: Any, made: dspy.Prediction, shown: str = "") -> Examined:
        """Score a prediction.

        Args:
            example: the labelled example (a record of `optimizers.examples`).
            made: what the student made of it.
            shown: the input that the feedback is to speak of, where the student asked with
                several; "" for all.
        """
        ...


class JudgeMetric:
    """Right picks over all orders of a group; a reply that names nobody is not right.

    Its parts: `consistency`, whether all orders name the same attempt; `parsed`, the share of
    replies that name one.
    """

    async def examine(
        self, example: JudgeExample, made: dspy.Prediction, shown: str = ""
    ) -> Examined:
        """The share of orders in which a best attempt is named."""
        size = len(example.ids)
        slots = [slot if slot and 1 <= slot <= size else None for slot in made.winner]
        named = [
            None if slot is None else order[slot - 1]
            for slot, order in zip(slots, example.orders, strict=True)
        ]
        right = [pick in example.right for pick in named]
        read = [pick for pick in named if pick is not None]
        consistent = float(len(set(read)) == 1) if len(read) == len(named) else 0.0
        accuracy = sum(right) / len(right)
        place = example.candidates.index(shown) if shown in example.candidates else None
        return Examined(
            score=accuracy,
            accuracy=accuracy,
            feedback=self._tell(example, made, slots, place),
            parts={"consistency": consistent, "parsed": len(read) / len(named)},
        )

    def _tell(
        self,
        example: JudgeExample,
        made: dspy.Prediction,
        slots: list[int | None],
        place: int | None,
    ) -> str:
        wrong = [i for i, slot in enumerate(slots) if not _is_right(example, i, slot)]
        spoken = place if place is not None else (wrong or [0])[0]
        slot, order = slots[spoken], example.orders[spoken]
        best = " or ".join(
            f"Candidate {n}" for n, index in enumerate(order, 1) if index in example.right
        )
        bias = ""
        if len(slots) > 1 and slot is not None and set(slots) == {slot}:
            bias = (
                f" In every order of the same attempts you named Candidate {slot}: the place "
                "decided, not what the summaries say."
            )
        if slot is None:
            problem = made.problems[spoken] or f"there is no candidate {made.winner[spoken]}"
            return f"No vote ({problem}). {best} passes the hidden tests."
        if _is_right(example, spoken, slot):
            return f"Right: Candidate {slot} passes the hidden tests.{bias}"
        return (
            f"Wrong: you named Candidate {slot}, which does worse in the hidden tests than "
            f"{best}. What in the summaries tells them apart, and did you weigh it?{bias}"
        )


def _is_right(example: JudgeExample, place: int, slot: int | None) -> bool:
    return slot is not None and example.orders[place][slot - 1] in example.right


class Scoring:
    """A metric as DSPy's optimizers call it; every score is noted with its candidate.

    Args:
        metric: examines predictions.
        loop: where it is run.
        candidates: told every score.
    """

    def __init__(self, metric: Metric, loop: LoopThread, candidates: Candidates) -> None:
        self._metric = metric
        self._loop = loop
        self._candidates = candidates

    def score(self, example: dspy.Example, made: dspy.Prediction, trace: Any = None) -> float:
        """A number, for MIPROv2, COPRO and bootstrapping."""
        return self._examine(example, made).score

    def explain(
        self,
        example: dspy.Example,
        made: dspy.Prediction,
        trace: Any = None,
        pred_name: str | None = None,
        pred_trace: Any = None,
    ) -> dspy.Prediction:
        """A number and the sentence, for GEPA and SIMBA."""
        shown = str(pred_trace[0][1].get("candidates", "")) if pred_trace else ""
        examined = self._examine(example, made, shown)
        return dspy.Prediction(score=examined.score, feedback=examined.feedback)

    def _examine(self, example: dspy.Example, made: dspy.Prediction, shown: str = "") -> Examined:
        record = example[RECORD]
        with dspy.context(trace=None):  # what a metric asks is no part of the program
            examined = self._loop.run(self._metric.examine(record, made, shown))
        self._candidates.note(made._candidate, record.key, examined.score)
        return examined
