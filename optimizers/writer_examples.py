"""Labelled examples for those who write: summarizer and distiller, scored by what is read there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Any

import dspy

from rematch.data.records import Rollout, StoredRecord
from rematch.optimizers.examples import RECORD, Graded, GradedTask
from rematch.programs import Distiller, Judge, Summarizer
from rematch.seams import Entrant
from rematch.seeds import derive_random


class SummarizerExample(StoredRecord):
    """One attempt to be summarized, and an attempt of the other outcome to be judged against.

    `judge_task` and `opponent` are how the task and the opponent stand in a judge's prompt;
    `left_out` is what the prompt's fields leave out of the attempt.
    """

    key: str
    task_id: str
    task: str
    trajectory: str
    result: str
    left_out: str
    rollout: Rollout
    is_better: bool
    judge_task: str
    opponent: str

    def as_dspy(self) -> dspy.Example:
        """The question: the prompt's fields."""
        fields: dict[str, Any] = {name: getattr(self, name) for name in _SUMMARIZER_FIELDS}
        return dspy.Example(**fields, **{RECORD: self}).with_inputs(*_SUMMARIZER_FIELDS)

    def shown(self) -> Iterator[str]:
        """Every text that a prompt may show."""
        yield from (self.task, self.trajectory, self.result, self.judge_task, self.opponent)


class DistillerExample(StoredRecord):
    """Two contexts of one task whose next attempts differed in success.

    `summaries` holds the prompt's field per context, `successes` the mean reward of the attempts
    that were told it.
    """

    key: str
    task_id: str
    task: str
    judge_task: str
    summaries: tuple[str, str]
    successes: tuple[float, float]

    def as_dspy(self) -> dspy.Example:
        """The question: the task, and the summaries of each context."""
        made: dict[str, Any] = {"task": self.task, "summaries": list(self.summaries)}
        return dspy.Example(**made, **{RECORD: self}).with_inputs("task", "summaries")

    def shown(self) -> Iterator[str]:
        """Every text that a prompt may show."""
        yield from (self.task, self.judge_task, *self.summaries)


_SUMMARIZER_FIELDS = ("task", "trajectory", "result")


def make_summarizer_examples(
    graded: GradedTask, summarizer: Summarizer, judge: Judge, *, most: int = 6, seed: int = 0
) -> list[SummarizerExample]:
    """The task's attempts that have an opponent of another outcome, at most `most`, by seed.

    Attempts without result are left out: rules judge them, nobody reads their summary.
    """
    task = graded.task
    able = [one for one in graded.attempts if one.rollout.has_result(task.asks_for)]
    rng = derive_random(seed, task.id, "summarizer-examples")
    pairs = []
    for one in able:
        others = [other for other in able if other.reward != one.reward]
        if others:
            pairs.append((one, rng.choice(others)))
    if len(pairs) > most:
        pairs = [pairs[index] for index in sorted(rng.sample(range(len(pairs)), most))]
    return [_summarizer_example(graded, summarizer, judge, *pair) for pair in pairs]


def _summarizer_example(
    graded: GradedTask, summarizer: Summarizer, judge: Judge, one: Graded, other: Graded
) -> SummarizerExample:
    task = graded.task
    fields, left_out = summarizer.write_inputs(task, one.rollout)
    opponent = Entrant(other.rollout, other.summary)
    return SummarizerExample(
        key=f"{task.id}: {one.rollout.id} (against {other.rollout.id})",
        task_id=task.id,
        left_out=left_out,
        rollout=one.rollout,
        is_better=one.reward > other.reward,
        judge_task=judge.write_inputs(task, [opponent], (0,))["task"],
        opponent=judge.represent(opponent),
        **fields,
    )


def make_distiller_examples(
    graded: GradedTask, distiller: Distiller, judge: Judge, *, most: int = 6, seed: int = 0
) -> list[DistillerExample]:
    """Pairs of the task's contexts with different success, at most `most`, by seed.

    Contexts differ within a task where attempts were told different priors (`random-k`, `single`).
    """
    contexts = _list_contexts(graded.attempts)
    pairs = [
        (one, other)
        for place, one in enumerate(contexts)
        for other in contexts[place + 1 :]
        if one[1] != other[1]
    ]
    rng = derive_random(seed, graded.task.id, "distiller-examples")
    chosen = sorted(rng.sample(range(len(pairs)), min(most, len(pairs))))
    return [_distiller_example(graded, distiller, judge, *pairs[index]) for index in chosen]


Context = tuple[tuple[str, ...], float]
"""The ids of the priors that attempts were told, and the attempts' mean reward."""


def _list_contexts(attempts: Sequence[Graded]) -> list[Context]:
    known = {one.rollout.id for one in attempts}
    rewards: dict[tuple[str, ...], list[float]] = {}
    for one in attempts:
        if one.rollout.priors and known.issuperset(one.rollout.priors):
            rewards.setdefault(one.rollout.priors, []).append(one.reward)
    return [(priors, fmean(own)) for priors, own in rewards.items()]


def _distiller_example(
    graded: GradedTask, distiller: Distiller, judge: Judge, one: Context, other: Context
) -> DistillerExample:
    task = graded.task
    summaries = {attempt.rollout.id: attempt.summary for attempt in graded.attempts}
    inputs = [
        distiller.write_inputs(task, [summaries[prior] for prior in priors])
        for priors, _ in (one, other)
    ]
    return DistillerExample(
        key=f"{task.id}: {' '.join(one[0])} | {' '.join(other[0])}",
        task_id=task.id,
        task=inputs[0]["task"],
        judge_task=judge.write_inputs(task, [], ())["task"],
        summaries=(inputs[0]["summaries"], inputs[1]["summaries"]),
        successes=(one[1], other[1]),
    )
