"""However an optimizer ends, the best prompt so far is measured, or it is said why it is not."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import dspy
import pytest
from dspy.utils import DummyLM

from rematch.errors import BudgetSpentError, HaltError
from rematch.optimizers.candidates import Candidate
from rematch.optimizers.examples import JudgeExample
from rematch.optimizers.metrics import JudgeMetric
from rematch.optimizers.splits import SIDES
from rematch.optimizers.students import Student
from rematch.optimizers.tuners import TuningConfig
from rematch.optimizers.tuning import Models, Subject, Tuned, tune_subject
from rematch.optimizers.tuning_report import report_target
from rematch.signatures import CompareRollouts


class Judging(Student):
    """Judges right where its instruction says so, and not at all once `lost_after` are asked."""

    asked = 0
    lost_after = 10**6

    async def aforward(self, *, task: str, candidates: Sequence[str]) -> dspy.Prediction:
        self.candidates.name(self.predict)
        type(self).asked += 1
        if type(self).asked > type(self).lost_after:
            raise HaltError("the judge is out of order")
        right = "fair" in self.predict.signature.instructions
        return self.sign(
            dspy.Prediction(winner=[2, 1] if right else [1, 2], reasons=[""] * 2, problems=[""] * 2)
        )


class Silent:
    """An engine that gives up, for a reason or without one."""

    def __init__(self, cause: Exception | None = None) -> None:
        self.cause = cause

    def complete(self, request: Any) -> Any:
        raise HaltError("nobody reflects") from self.cause


def make_example(task: str) -> JudgeExample:
    return JudgeExample(
        key=f"{task}: a b",
        task_id=task,
        task="Mend it.",
        ids=("a", "b"),
        rewards=(0.0, 1.0),
        orders=((0, 1), (1, 0)),
        candidates=("first a", "first b"),
    )


def run(
    engine: Silent,
    *,
    start: str = "Judge.",
    lost_after: int = 10**6,
    reserve: list[bool] | None = None,
    found: list[Candidate] | None = None,
) -> Tuned:
    """Tune a judge with COPRO, which asks the reflection model first."""
    kept = [] if reserve is None else reserve
    judging = type("Judging", (Judging,), {"lost_after": lost_after, "asked": 0})
    subject = Subject(
        predictor=dspy.Predict(CompareRollouts.with_instructions(start)),
        student=judging,
        metric=JudgeMetric(),
        examples={side: [make_example(f"{side}{n}") for n in range(2)] for side in SIDES},
    )
    return tune_subject(
        subject,
        Models(DummyLM([]), dspy.LM("openai/silent", engine=engine, cache=False), kept.append),
        TuningConfig(optimizer="copro"),
        places=2,
        log=io.StringIO(),
        on_candidate=None if found is None else found.append,
    )


def test_a_spent_budget_still_measures_the_best_so_far() -> None:
    reserve: list[bool] = []
    tuned = run(Silent(BudgetSpentError("9 of 9 calls")), reserve=reserve)
    assert tuned.stopped == "nobody reflects" and tuned.unmeasured == ""
    assert list(tuned.comparisons) == list(SIDES)
    assert tuned.best == tuned.start
    assert all(one.gain.mean == 0 and one.p == 1 for one in tuned.comparisons.values())
    assert reserve == [True, False], "kept while the optimizer works, then given back"


def test_models_that_do_not_answer_are_not_asked_again() -> None:
    tuned = run(Silent(), lost_after=6)
    assert tuned.stopped == tuned.unmeasured == "nobody reflects"
    assert tuned.comparisons == {}
    report = report_target("judge", tuned)
    assert not report.is_proven and report.stopped == "nobody reflects"
    assert report.headline[0].startswith("Stopped early: nobody reflects.")
    assert "could not be asked (nobody reflects)" in report.headline[1]


def test_a_start_that_cannot_be_measured_is_no_tuning() -> None:
    reserve: list[bool] = []
    with pytest.raises(HaltError, match="the judge is out of order"):
        run(Silent(), lost_after=3, reserve=reserve)
    assert reserve == []


def test_sides_measured_before_a_late_end_are_kept() -> None:
    tuned = run(Silent(BudgetSpentError("spent")), lost_after=10)
    assert list(tuned.comparisons) == ["validation", "test"], "the train side comes last"
    assert tuned.unmeasured == "the judge is out of order"
    assert tuned.stopped == "nobody reflects"
    report = report_target("judge", tuned)
    assert report.stopped == "nobody reflects"
    assert "test" in report.comparisons


def test_the_start_is_a_candidate_and_its_score_is_told_once_it_is_complete() -> None:
    found: list[Candidate] = []
    tuned = run(Silent(BudgetSpentError("spent")), start="Be fair.", found=found)
    assert tuned.comparisons["test"].before.mean == 1
    assert tuned.tried == 1
    assert found == [], "nothing decides before the optimizer has scored it"


def test_every_example_is_asked_once_before_and_once_after() -> None:
    tuned = run(Silent(BudgetSpentError("spent")), lost_after=12)
    assert tuned.unmeasured == ""
    for side in SIDES:
        keys = [one.key for one in tuned.comparisons[side].outcomes]
        assert keys == [f"{side}0: a b", f"{side}1: a b"]
