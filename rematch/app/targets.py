"""What can be tuned: for each target its place in the program, its models, its examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import dspy

from rematch.app.building import Built
from rematch.app.config import Config
from rematch.errors import UsageError
from rematch.optimizers.examples import GradedTask, make_judge_examples
from rematch.optimizers.metrics import JudgeMetric, Metric
from rematch.optimizers.students import DistillerStudent, JudgeStudent, SummarizerStudent
from rematch.optimizers.tuning import StudentType
from rematch.optimizers.writer_examples import make_distiller_examples, make_summarizer_examples
from rematch.optimizers.writer_metrics import DistillerMetric, Reader, SummarizerMetric
from rematch.programs import Distiller, Judge, Summarizer
from rematch.runs.models import ModelConfig, Role


@dataclass(frozen=True)
class Setting:
    """What a metric may ask with: the tuned prompts so far, and a judge's model."""

    config: Config
    predictors: Mapping[str, dspy.Predict]
    judge: dspy.LM | None

    @property
    def reader(self) -> Reader:
        """The judge that reads what others write."""
        return Reader(self.predictors[JUDGE.place], cast(dspy.LM, self.judge))


@dataclass(frozen=True)
class Target:
    """One prompt that can be tuned.

    Attributes:
        name: what the command calls it.
        role: whose model the prompt is for.
        place: its predictor's name in the program.
        make: its predictor as it stands in the code.
        examples: labelled examples of one task.
        student: asks it.
        metric: scores it.
        asks_judge: whether its metric asks a judge.
        lacking: what to say where no task yields an example.
    """

    name: str
    role: Role
    place: str
    make: Callable[[], dspy.Predict]
    examples: Callable[[GradedTask, Config, Built], Sequence[Any]]
    student: StudentType
    metric: Callable[[Setting], Metric]
    asks_judge: bool
    lacking: str

    def find_model(self, config: Config) -> ModelConfig:
        """The configured model of its role.

        Raises:
            UsageError: that or the judge's is missing.
        """
        model: ModelConfig | None = getattr(config.models, self.role)
        if model is None:
            raise UsageError(f"{self.name}: needs a model: --{self.role}-model provider/name")
        if self.asks_judge and config.models.judge is None:
            raise UsageError(
                f"{self.name}: is scored by what a judge makes of it: --judge-model provider/name"
            )
        return model


def _judge_examples(graded: GradedTask, config: Config, parts: Built) -> Sequence[Any]:
    return make_judge_examples(
        graded,
        cast(Judge, parts.rtv.judge),
        group_size=config.rtv.group_size,
        most=config.tuning.groups,
        seed=config.seed,
    )


def _read_by_judge(
    make: Callable[..., Sequence[Any]], writer: Literal["summarizer", "distiller"]
) -> Callable[[GradedTask, Config, Built], Sequence[Any]]:
    """Examples of a part that writes what the judge then reads."""
    return lambda graded, config, parts: make(
        graded,
        getattr(parts, writer),
        parts.rtv.judge,
        most=config.tuning.groups,
        seed=config.seed,
    )


JUDGE = Target(
    name="judge",
    role="judge",
    place="rtv.judge.compare",
    make=lambda: Judge().compare,
    examples=_judge_examples,
    student=JudgeStudent,
    metric=lambda setting: JudgeMetric(),
    asks_judge=False,
    lacking="no task has attempts with results that both pass and fail",
)


SUMMARIZER = Target(
    name="summarizer",
    role="summarizer",
    place="summarizer.summarize",
    make=lambda: Summarizer().summarize,
    examples=_read_by_judge(make_summarizer_examples, "summarizer"),
    student=SummarizerStudent,
    metric=lambda setting: SummarizerMetric(
        setting.reader, setting.config.tuning.summary_characters
    ),
    asks_judge=True,
    lacking=JUDGE.lacking,
)


DISTILLER = Target(
    name="distiller",
    role="distiller",
    place="pdr.distiller.distill",
    make=lambda: Distiller().distill,
    examples=_read_by_judge(make_distiller_examples, "distiller"),
    student=DistillerStudent,
    metric=lambda setting: DistillerMetric(setting.reader, Distiller().most_characters),
    asks_judge=True,
    lacking=(
        "no task has attempts that were told different earlier ones and differ in success: give a "
        "graded run's folder, made with --context random-k or single"
    ),
)

TARGETS = {target.name: target for target in (JUDGE, SUMMARIZER, DISTILLER)}
"""In the order in which `all` tunes them: what judges is tuned before what it judges."""
