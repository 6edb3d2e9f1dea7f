"""DSPy's optimizers with our settings: each is one function from a student to a better one.

What an optimizer chooses by is its own: GEPA, MIPROv2 and bootstrapping choose by validation,
COPRO and SIMBA by training.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import dspy
from pydantic import Field, field_validator

from rematch.optimizers.metrics import Scoring
from rematch.optimizers.students import Student
from rematch.settings import Settings

Optimizer = Literal["gepa", "mipro", "simba", "bootstrap", "copro"]
Effort = Literal["light", "medium", "heavy"]
CHOOSES_BY: dict[Optimizer, Literal["train", "validation"]] = {
    "gepa": "validation",
    "mipro": "validation",
    "bootstrap": "validation",
    "copro": "train",
    "simba": "train",
}

_SIMBA_BATCH = 32


class TuningConfig(Settings):
    """How `rematch optimize` tunes prompts; no other command looks at it."""

    optimizer: Optimizer = "gepa"
    """`gepa` and `simba` learn from the metric's sentences, `mipro` and `copro` from scores,
    `bootstrap` adds demonstrations only."""
    effort: Effort = "light"
    """How much is tried: light, medium or heavy."""
    demos: int = Field(default=0, ge=0)
    """Most demonstrations in the prompt: every later call pays for them. `bootstrap` takes 2
    where nothing is said."""
    groups: int = Field(default=6, ge=1)
    """Most examples per task, so that tasks with many attempts do not decide alone."""
    shares: tuple[float, float, float] = (0.3, 0.3, 0.4)
    """The parts of the tasks that train, that choose (validation), and that are held out (test)."""
    summary_characters: int = Field(default=6_000, ge=500)
    """The length of a summary beyond which the summarizer's score falls."""

    @field_validator("shares")
    @classmethod
    def _check_shares(cls, shares: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(shares) <= 0 or abs(sum(shares) - 1) > 1e-6:
            raise ValueError("must be three numbers above 0 that sum to 1")
        return shares


@dataclass(frozen=True)
class Lesson:
    """What an optimizer works with.

    Attributes:
        student: what to tune; it is not changed.
        scoring: the metric.
        train: examples to learn from.
        validation: examples to choose by.
        reflection: the model that writes instructions.
        threads: examples asked at once.
        seed: of the optimizer.
    """

    student: Student
    scoring: Scoring
    train: Sequence[dspy.Example]
    validation: Sequence[dspy.Example]
    reflection: dspy.LM
    threads: int
    seed: int


def tune(lesson: Lesson, config: TuningConfig) -> Student:
    """The student that the optimizer chose.

    Raises:
        HaltError: a model call was lost.
    """
    tuned = _TUNERS[config.optimizer](lesson, config)
    return cast(Student, tuned)


def _gepa(lesson: Lesson, config: TuningConfig) -> Any:
    from dspy import GEPA

    optimizer = GEPA(
        metric=lesson.scoring.explain,
        auto=config.effort,
        reflection_lm=lesson.reflection,
        num_threads=lesson.threads,
        add_format_failure_as_feedback=True,
        warn_on_score_mismatch=False,
        seed=lesson.seed,
    )
    return optimizer.compile(
        lesson.student, trainset=list(lesson.train), valset=list(lesson.validation)
    )


def _mipro(lesson: Lesson, config: TuningConfig) -> Any:
    from dspy import MIPROv2

    optimizer = MIPROv2(
        metric=lesson.scoring.score,
        prompt_model=lesson.reflection,
        auto=config.effort,
        max_bootstrapped_demos=config.demos,
        max_labeled_demos=0,
        num_threads=lesson.threads,
        metric_threshold=1.0,
        seed=lesson.seed or _NOT_ZERO,
    )
    return optimizer.compile(
        lesson.student,
        trainset=list(lesson.train),
        valset=list(lesson.validation),
        minibatch_size=min(35, len(lesson.validation)),
        view_data_batch_size=2,  # whole prompts stand in them
    )


def _copro(lesson: Lesson, config: TuningConfig) -> Any:
    from dspy import COPRO

    breadth, depth = {"light": (6, 2), "medium": (10, 3), "heavy": (15, 4)}[config.effort]
    optimizer = COPRO(
        prompt_model=lesson.reflection,
        metric=lesson.scoring.score,
        breadth=breadth,
        depth=depth,
        init_temperature=1.0,
    )
    return optimizer.compile(
        lesson.student, trainset=list(lesson.train), eval_kwargs={"num_threads": lesson.threads}
    )


def _simba(lesson: Lesson, config: TuningConfig) -> Any:
    from dspy import SIMBA

    optimizer = SIMBA(
        metric=lesson.scoring.explain,
        bsize=min(_SIMBA_BATCH, len(lesson.train)),
        num_candidates={"light": 3, "medium": 6, "heavy": 8}[config.effort],
        max_steps={"light": 4, "medium": 8, "heavy": 12}[config.effort],
        max_demos=config.demos,
        prompt_model=lesson.reflection,
        num_threads=lesson.threads,
    )
    return optimizer.compile(lesson.student, trainset=list(lesson.train), seed=lesson.seed)


def _bootstrap(lesson: Lesson, config: TuningConfig) -> Any:
    from dspy import BootstrapFewShotWithRandomSearch

    optimizer = BootstrapFewShotWithRandomSearch(
        metric=lesson.scoring.score,
        max_bootstrapped_demos=config.demos or 2,
        max_labeled_demos=0,  # a label is half a reply: no reasons, no confidence
        num_candidate_programs={"light": 4, "medium": 8, "heavy": 16}[config.effort],
        num_threads=lesson.threads,
        metric_threshold=1.0,
    )
    # Its own seeds are fixed; the order of the examples carries ours.
    train = list(lesson.train)
    return optimizer.compile(
        lesson.student,
        trainset=train[lesson.seed % len(train) :] + train[: lesson.seed % len(train)],
        valset=list(lesson.validation),
    )


_NOT_ZERO = 2**31 - 1
"""MIPROv2 takes the seed 0 for none."""

_TUNERS: dict[Optimizer, Callable[[Lesson, TuningConfig], Any]] = {
    "gepa": _gepa,
    "mipro": _mipro,
    "copro": _copro,
    "simba": _simba,
    "bootstrap": _bootstrap,
}
