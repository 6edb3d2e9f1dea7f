"""Learns away a judge's bias for a slot: DSPy's ReAnchor weighs its stated probabilities.

Every example is a group of two in one order; weights that do not hold across folds are refused by
ReAnchor itself. What it is worth is measured on tasks that it never saw. Source: ours.
"""

from __future__ import annotations

import contextlib
import io
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import Any

import dspy
from dspy.experimental import ReAnchor

from rematch.data.records import Record
from rematch.errors import InputError
from rematch.loops import LoopThread
from rematch.optimizers.evaluation import Interval, Paired, compare_paired
from rematch.optimizers.examples import JudgeExample
from rematch.programs.asking import ask
from rematch.programs.judge import ChoiceJudge
from rematch.statistics import estimate_mean

_FIELD = "winner"


class SlotReport(Record):
    """A judge on labelled groups, each in both orders: shares over tasks.

    `first_slot` is how often it named slot 1; half is fair, for every group stands in both orders.
    """

    n_tasks: int
    n_votes: int
    right: float
    first_slot: float


class AnchorReport(Record):
    """What anchoring changed, on held-out tasks.

    `weights` by slot; empty where ReAnchor found none that hold across folds.
    """

    weights: dict[str, float]
    before: SlotReport
    after: SlotReport
    gain: float
    gain_ci95: Interval
    paired: Paired


class Chooser(dspy.Module):
    """Asks a choice judge's question once per example; equal questions come from the ledger.

    Args:
        judge: its predictor is what is weighed.
        loop: where questions are asked.
    """

    def __init__(self, judge: ChoiceJudge, loop: LoopThread) -> None:
        super().__init__()
        self.compare = judge.compare
        self.judge, self.loop = judge, loop

    def forward(self, **inputs: Any) -> dspy.Prediction:
        """The sync door, which ReAnchor uses; a reply that cannot be read names nobody."""
        answer = self.loop.run(ask(self.compare, inputs, lm=self.judge.lm))
        return answer.prediction or dspy.Prediction(winner=None)


def anchor_judge(
    judge: ChoiceJudge,
    train: Sequence[JudgeExample],
    test: Sequence[JudgeExample],
    *,
    threads: int = 8,
    seed: int = 0,
) -> AnchorReport:
    """Fit the judge's slot weights in place, and measure them on held-out examples.

    Args:
        judge: gets the weights.
        train: examples of groups of two, of other tasks than `test`.
        test: held-out examples.
        threads: examples asked at once.
        seed: of the bootstrap.

    Raises:
        InputError: there are no examples on a side.
    """
    if not train or not test:
        raise InputError("no groups of two with mixed outcomes on both sides of the split")
    with LoopThread() as loop:
        chooser = Chooser(judge, loop)
        before = _judge_all(chooser, test)
        _judge_all(chooser, train)  # a lost call is told here; ReAnchor finds all in the ledger
        optimizer = ReAnchor(_is_right, num_threads=threads, require_cache=False)
        asked = [one for example in train for one in _ask(example)]
        with contextlib.redirect_stdout(io.StringIO()):  # its progress is no result
            fitted = optimizer.compile(chooser, trainset=asked)
        judge.compare.fields = fitted.compare.fields
        after = _judge_all(Chooser(judge, loop), test)
    scores = [_by_task(votes) for votes in (before, after)]
    gains = estimate_mean([scores[1][task] - scores[0][task] for task in scores[0]], seed)
    assert gains is not None  # there are test examples
    weights = judge.compare.fields.get(_FIELD, {}).get("weights", {})
    return AnchorReport(
        weights={str(slot): float(weight) for slot, weight in weights.items()},
        before=_report(before),
        after=_report(after),
        gain=gains.mean,
        gain_ci95=(gains.low, gains.high),
        paired=compare_paired([*scores[1].values()], [*scores[0].values()]),
    )


Votes = dict[str, list[tuple[bool, int | None]]]
"""By task: whether the vote was right, and the slot that it named."""


def _ask(example: JudgeExample) -> list[dspy.Example]:
    """The group in each order, with the slots that are right there."""
    return [
        dspy.Example(
            task=example.task,
            candidates=shown,
            right=[str(order.index(index) + 1) for index in example.right],
        ).with_inputs("task", "candidates")
        for order, shown in zip(example.orders, example.candidates, strict=True)
    ]


def _is_right(example: dspy.Example, prediction: dspy.Prediction, trace: Any = None) -> float:
    return float(prediction.winner is not None and prediction.winner.value in example.right)


def _judge_all(chooser: Chooser, examples: Sequence[JudgeExample]) -> Votes:
    votes: Votes = defaultdict(list)
    for example in examples:
        for asked in _ask(example):
            reply = chooser(**asked.inputs())
            slot = None if reply.winner is None else int(reply.winner.value)
            votes[example.task_id].append((bool(_is_right(asked, reply)), slot))
    return votes


def _by_task(votes: Votes) -> dict[str, float]:
    return {task: fmean(right for right, _ in cast) for task, cast in votes.items()}


def _report(votes: Votes) -> SlotReport:
    return SlotReport(
        n_tasks=len(votes),
        n_votes=sum(map(len, votes.values())),
        right=fmean(_by_task(votes).values()),
        first_slot=fmean(fmean(slot == 1 for _, slot in cast) for cast in votes.values()),
    )
