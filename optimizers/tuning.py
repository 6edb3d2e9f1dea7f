"""Tuning one predictor: measure the start, let DSPy's optimizer work, measure what it made.

A lost call or a spent budget ends the optimizer with the best candidate so far. Models come in as
arguments, and their engines raise HaltError where a call is lost. Every question goes through
them, so their record makes a second tuning with the same seed ask nothing again, wherever the
first one ended.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

import dspy

from rematch.errors import BudgetSpentError, HaltError
from rematch.loops import LoopThread
from rematch.optimizers.candidates import Candidate, Candidates
from rematch.optimizers.comparison import Comparison, Scored, compare
from rematch.optimizers.metrics import Metric, Scoring
from rematch.optimizers.splits import SIDES, Side
from rematch.optimizers.students import Student
from rematch.optimizers.tuners import CHOOSES_BY, Lesson, TuningConfig, tune
from rematch.programs.saved import SavedPredictor, dump_predictor, load_predictor


class LabelledExample(Protocol):
    """What every labelled example has."""

    @property
    def key(self) -> str:
        """Its name, unique in a tuning."""
        ...

    @property
    def task_id(self) -> str:
        """The task that it is of."""
        ...

    def as_dspy(self) -> dspy.Example:
        """The question, for DSPy."""
        ...


Examples = Mapping[Side, Sequence[LabelledExample]]
StudentType = Callable[..., Student]


@dataclass(frozen=True)
class Subject:
    """What is tuned, and by what it is scored.

    Attributes:
        predictor: its start.
        student: the class that asks it.
        metric: scores its answers.
        examples: by side.
    """

    predictor: dspy.Predict
    student: StudentType
    metric: Metric
    examples: Examples


@dataclass(frozen=True)
class Models:
    """Who answers while tuning.

    Attributes:
        task: the model that the prompt is for.
        reflection: the model that writes instructions.
        reserve: told True when the start is measured: as much of the budget is to be kept for
            measuring what the optimizer makes. Told False when that begins.
    """

    task: dspy.LM
    reflection: dspy.LM
    reserve: Callable[[bool], None]


@dataclass(frozen=True)
class Tuned:
    """What tuning came to.

    Attributes:
        start: the prompt before.
        best: the prompt after; the start's where none was better on validation.
        comparisons: by side; without those that could not be measured any more.
        tried: how many prompts were tried.
        stopped: why the optimizer was ended, "" where it came to its end.
        unmeasured: why comparisons are missing, "" where none are.
        kept_start: whether the optimizer's choice was worse on validation, and was dropped.
    """

    start: SavedPredictor
    best: SavedPredictor
    comparisons: Mapping[Side, Comparison]
    tried: int
    stopped: str = ""
    unmeasured: str = ""
    kept_start: bool = False


def tune_subject(
    subject: Subject,
    models: Models,
    config: TuningConfig,
    *,
    seed: int = 0,
    places: int = 16,
    log: TextIO,
    on_candidate: Callable[[Candidate], None] | None = None,
) -> Tuned:
    """Tune one predictor.

    Args:
        subject: what is tuned.
        models: who answers.
        config: which optimizer, and how hard it tries.
        seed: of every random choice.
        places: questions asked at once.
        log: gets what the optimizer prints.
        on_candidate: told every candidate whose deciding examples are all scored.

    Raises:
        HaltError: a call was lost while the start was measured: there is nothing to compare with.
    """
    deciding = CHOOSES_BY[config.optimizer]
    keys = [example.key for example in subject.examples[deciding]]
    with LoopThread() as loop, dspy.context(lm=models.task, disable_history=True, trace=None):
        candidates = Candidates(keys, on_candidate)
        lab = _Lab(subject, loop, candidates, places, config.optimizer == "gepa")
        start = lab.make_student(subject.predictor)
        before = {side: lab.measure(start, side) for side in SIDES}
        models.reserve(True)
        chosen, halt = _run(lab, models, config, start, seed, log)
        models.reserve(False)
        return _conclude(lab, start, chosen, before, halt, seed)


def _run(
    lab: _Lab, models: Models, config: TuningConfig, start: Student, seed: int, log: TextIO
) -> tuple[SavedPredictor, HaltError | None]:
    """The optimizer's choice, or the best so far and what ended it."""
    lesson = Lesson(
        student=start,
        scoring=Scoring(lab.subject.metric, lab.loop, lab.candidates),
        train=[example.as_dspy() for example in lab.subject.examples["train"]],
        validation=[example.as_dspy() for example in lab.subject.examples["validation"]],
        reflection=models.reflection,
        threads=lab.places,
        seed=seed,
    )
    try:
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
            return dump_predictor(tune(lesson, config).predict), None
    except HaltError as halt:
        lab.candidates.stop(str(halt))
        best = lab.candidates.best
        return best.state if best else dump_predictor(start.predict), halt


def _conclude(
    lab: _Lab,
    start: Student,
    chosen: SavedPredictor,
    before: Mapping[Side, list[Scored]],
    halt: HaltError | None,
    seed: int,
) -> Tuned:
    """Measure the choice; the start stays where that does worse on validation.

    Where the models do not answer, nothing is measured: only a spent budget has a reserve.
    """
    origin = dump_predictor(start.predict)
    fresh = _Lab(lab.subject, lab.loop, Candidates([]), lab.places, False)
    student = fresh.make_student(load_predictor(start.predict, chosen))
    comparisons: dict[Side, Comparison] = {}
    silent = halt is not None and not isinstance(halt.__cause__, BudgetSpentError)
    unmeasured, kept_start = str(halt) if silent else "", False
    order: tuple[Side, ...] = ("validation", "test", "train")
    try:
        for side in () if silent else order:
            after = before[side] if kept_start else fresh.measure(student, side)
            if side == "validation" and _mean(after) < _mean(before[side]):
                after, kept_start = before[side], True
            comparisons[side] = compare(before[side], after, seed)
    except HaltError as late:
        unmeasured = str(late)
    return Tuned(
        start=origin,
        best=origin if kept_start else chosen,
        comparisons={side: comparisons[side] for side in SIDES if side in comparisons},
        tried=lab.candidates.count,
        stopped=str(halt) if halt else "",
        unmeasured=unmeasured,
        kept_start=kept_start,
    )


@dataclass(frozen=True)
class _Lab:
    """Where students are made and measured."""

    subject: Subject
    loop: LoopThread
    candidates: Candidates
    places: int
    tell_failures: bool

    def make_student(self, predictor: dspy.Predict) -> Student:
        return self.subject.student(
            predictor, self.loop, self.candidates, tell_failures=self.tell_failures
        )

    def measure(self, student: Student, side: Side) -> list[Scored]:
        """Every example of a side, asked once."""
        return self.loop.run(self._measure(student, self.subject.examples[side]))

    async def _measure(self, student: Student, examples: Sequence[LabelledExample]) -> list[Scored]:
        free = asyncio.Semaphore(self.places)

        async def ask(example: LabelledExample) -> Scored:
            async with free:
                made: Any = await student.acall(**example.as_dspy().inputs())
                examined = await self.subject.metric.examine(example, made)
            return Scored(
                key=example.key,
                task_id=example.task_id,
                accuracy=examined.accuracy,
                score=examined.score,
                parts=dict(examined.parts),
            )

        return list(await asyncio.gather(*map(ask, examples)))


def _mean(scored: Sequence[Scored]) -> float:
    return sum(one.score for one in scored) / len(scored)
