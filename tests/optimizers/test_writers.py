"""Examples and metrics of those who write: summaries and workspaces, by what is read there."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import dspy
import pytest

from rematch.data.records import Action, Claim, Ending, Rollout, Step, Summary, Trajectory
from rematch.optimizers.examples import RECORD, Graded, GradedTask
from rematch.optimizers.metrics import Examined
from rematch.optimizers.writer_examples import (
    DistillerExample,
    SummarizerExample,
    make_distiller_examples,
    make_summarizer_examples,
)
from rematch.optimizers.writer_metrics import DistillerMetric, Reader, SummarizerMetric
from rematch.programs import Distiller, Judge, Summarizer
from rematch.testing import Endpoint, Fault
from rematch.testing import Judge as ScriptedJudge
from tests.programs.makers import PATCH_TASK, make_rollout
from tests.programs.serving import serve_lm


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Its judge goes by the `quality=` that a text shows."""
    with Endpoint(keep_messages=False) as serving:
        yield serving


def grade(name: str, reward: float, says: str = "", **rollout: Any) -> Graded:
    made = make_rollout(name).model_copy(update=rollout)
    return Graded(made, Summary(rollout_id=name, final_outcome=says or f"It is {name}."), reward)


def make_task(*attempts: Graded) -> GradedTask:
    return GradedTask(PATCH_TASK, attempts)


def summarizing(graded: GradedTask, **options: int) -> list[SummarizerExample]:
    return make_summarizer_examples(graded, Summarizer(), Judge(), **options)


def distilling(graded: GradedTask, **options: int) -> list[DistillerExample]:
    return make_distiller_examples(graded, Distiller(), Judge(), **options)


def test_each_attempt_is_judged_against_one_of_the_other_outcome() -> None:
    made = summarizing(make_task(grade("good", 1), grade("bad", 0, "It failed."), grade("ok", 1)))
    assert [(one.rollout.id, one.is_better) for one in made] == [
        ("good", True),
        ("bad", False),
        ("ok", True),
    ]
    assert made[0].opponent == made[2].opponent
    assert "It failed." in made[0].opponent


def test_the_summarizer_is_asked_as_at_run_time() -> None:
    graded = make_task(grade("good", 1), grade("bad", 0))
    first = summarizing(graded)[0]
    fields, left_out = Summarizer().write_inputs(PATCH_TASK, graded.attempts[0].rollout)
    asked = first.as_dspy()
    assert (asked.inputs().toDict(), first.left_out) == (fields, left_out)
    assert asked[RECORD] is first
    assert "is_better" not in repr(asked)
    assert SummarizerExample.model_validate_json(first.model_dump_json()) == first


def test_summaries_of_attempts_without_result_are_read_by_nobody() -> None:
    assert summarizing(make_task(grade("good", 1), grade("none", 0, patch=None))) == []
    assert summarizing(make_task(grade("one", 1), grade("two", 1))) == []


def test_no_more_examples_than_asked_for() -> None:
    graded = make_task(*(grade(f"r{n}", n % 2) for n in range(8)))
    assert len(summarizing(graded, most=3)) == 3
    drawn = [tuple(o.key for o in summarizing(graded, most=3, seed=seed)) for seed in range(6)]
    assert len(set(drawn)) > 1
    assert drawn[0] == tuple(o.key for o in summarizing(graded, most=3, seed=0))


def test_contexts_are_paired_where_success_differs() -> None:
    made = distilling(
        make_task(
            grade("a", 1, "Found it."),
            grade("b", 0, "Lost."),
            grade("a1", 1, priors=("a",)),
            grade("a2", 0, priors=("a",)),
            grade("b1", 0, priors=("b",)),
            grade("ab", 0.5, priors=("a", "b")),
        )
    )
    assert [one.successes for one in made] == [(0.5, 0.0), (0.0, 0.5)]
    assert "Found it." in made[0].summaries[0] and "Lost." in made[0].summaries[1]
    told = Distiller().write_inputs(PATCH_TASK, [Summary(rollout_id="b", final_outcome="Lost.")])
    assert made[0].summaries[1] == told["summaries"]
    assert sorted(made[0].as_dspy().inputs().keys()) == ["summaries", "task"]


def test_one_context_for_all_teaches_nothing() -> None:
    both = [grade("a", 1), grade("b", 0), *(grade(f"n{n}", n, priors=("a", "b")) for n in (0, 1))]
    assert distilling(make_task(*both)) == []
    assert distilling(make_task(grade("a", 1), grade("n", 1, priors=("unknown",)))) == []
    assert distilling(make_task(grade("a", 1), grade("b", 0))) == []


def reply(outcome: str, **fields: Any) -> dspy.Prediction:
    """A summarizer's reply."""
    empty = dict.fromkeys(
        ("hypotheses", "key_actions", "failure_modes", "lessons_to_reuse", "lessons_to_avoid"), ()
    )
    texts = {"problem": "", "progress": "", "verified": ()}
    return dspy.Prediction(final_outcome=outcome, **{**empty, **texts, **fields})


def examine_summary(
    endpoint: Endpoint,
    made: dspy.Prediction,
    *,
    better: bool = True,
    most: int = 6_000,
    rollout: Rollout | None = None,
) -> Examined:
    """One verdict on a summary, against an opponent of quality 0.5."""
    graded = make_task(
        grade("good" if better else "bad", int(better)),
        grade("other", int(not better), "It is so. [quality=0.5]"),
    )
    example = summarizing(graded)[0]
    if rollout is not None:
        example = example.model_copy(update={"rollout": rollout})
    metric = SummarizerMetric(Reader(Judge().compare, serve_lm(endpoint)), most)
    return asyncio.run(metric.examine(example, made))


@pytest.mark.parametrize(
    ("quality", "better", "accuracy"), [(0.9, True, 1), (0.1, True, 0), (0.1, False, 1)]
)
def test_a_summary_is_worth_what_a_judge_makes_of_it(
    endpoint: Endpoint, quality: float, better: bool, accuracy: float
) -> None:
    made = reply(f"Handed in. [quality={quality}]")
    examined = examine_summary(endpoint, made, better=better)
    assert examined.accuracy == accuracy
    assert examined.score == pytest.approx(0.7 * accuracy + 0.3)
    seen = "the judge saw that" if accuracy else "did not see it from the summary in every order"
    assert seen in examined.feedback
    assert f"did {'better' if better else 'worse'} in the hidden tests" in examined.feedback


def test_a_claim_that_the_record_contradicts_costs_and_is_named(endpoint: Endpoint) -> None:
    red = Action(command="pytest -q", output="2 failed, 1 passed in 0.1s", exit_code=1)
    step = Step(number=1, message="I test it.", actions=(red,))
    trajectory = Trajectory(steps=(step,), ending=Ending.SUBMITTED)
    rollout = make_rollout("good").model_copy(update={"trajectory": trajectory})
    outcome = "Handed in. [quality=0.9]"
    true, lie = (
        examine_summary(
            endpoint, reply(outcome, verified=(Claim(text=text, steps=(1,)),)), rollout=rollout
        )
        for text in ("2 tests failed", "All tests passed")
    )
    assert true.parts["contradicted"] == 0
    assert true.parts["supported"] == 0.5
    assert lie.parts["contradicted"] == 0.5
    assert lie.score == pytest.approx(true.score - 0.1)
    assert "The record contradicts the claim 'All tests passed': " in lie.feedback


def test_length_beyond_the_budget_costs_and_is_named(endpoint: Endpoint) -> None:
    made = reply("So it was. [quality=0.9] " + "And on. " * 200)
    short = examine_summary(endpoint, made, most=2_000)
    long = examine_summary(endpoint, made, most=500)
    assert long.score < short.score == pytest.approx(1.0)
    assert (short.parts["in_length"], long.parts["in_length"]) == (1, 0)
    assert "characters; 500 should do." in long.feedback


def test_an_unreadable_summary_is_a_mistake(endpoint: Endpoint) -> None:
    examined = examine_summary(endpoint, dspy.Prediction(problem="unreadable reply"))
    assert (examined.score, examined.accuracy) == (0, 0)
    assert examined.feedback.startswith("No summary (unreadable reply)")


def test_a_judge_that_goes_by_place_is_half_right() -> None:
    with Endpoint(judge=ScriptedJudge(slot_bias=1.0)) as biased:
        assert examine_summary(biased, reply("Done. [quality=0.9]")).accuracy == 0.5


def test_a_judge_that_names_nobody_is_not_right() -> None:
    with Endpoint(faults=lambda request, rng: Fault.MALFORMED) as mumbling:
        assert examine_summary(mumbling, reply("Done. [quality=0.9]")).accuracy == 0


def workspace(*agreements: str, **sections: list[str]) -> dspy.Prediction:
    empty: dict[str, list[str]] = {"contradictions": [], "open_ends": [], "dead_ends": []}
    return dspy.Prediction(agreements=list(agreements), **{**empty, **sections})


def examine_workspaces(
    endpoint: Endpoint, *workspaces: dspy.Prediction | None, most: int = 8_000
) -> Examined:
    """One verdict on two workspaces; the first context was followed by more success."""
    graded = make_task(
        grade("a", 1, "The cause is the cache."),
        grade("b", 0, "The cause is unknown."),
        grade("a1", 1, priors=("a",)),
        grade("b1", 0, priors=("b",)),
    )
    [example] = distilling(graded)
    made = dspy.Prediction(
        workspaces=list(workspaces),
        problems=["" if one else "unreadable reply" for one in workspaces],
    )
    metric = DistillerMetric(Reader(Judge().compare, serve_lm(endpoint)), most)
    return asyncio.run(metric.examine(example, made))


def test_workspaces_are_worth_what_a_judge_makes_of_them(endpoint: Endpoint) -> None:
    good, bad = workspace("cache [quality=0.9]"), workspace("cause [quality=0.1]")
    right, wrong = (examine_workspaces(endpoint, *pair) for pair in ((good, bad), (bad, good)))
    assert (right.accuracy, wrong.accuracy) == (1, 0)
    assert "Attempts that started from the first context passed more often" in right.feedback
    assert "do not tell the two apart" in wrong.feedback


def test_items_that_no_summary_supports_are_named(endpoint: Endpoint) -> None:
    made = workspace("The cause is the cache. [quality=0.9]", "Kubernetes restarts nightly.")
    examined = examine_workspaces(endpoint, made, workspace("cause [quality=0.1]"))
    assert examined.parts["supported"] == pytest.approx(2 / 3, abs=0.34)
    assert "No summary supports the item 'Kubernetes restarts nightly.'" in examined.feedback


def test_a_workspace_beyond_its_bound_is_told(endpoint: Endpoint) -> None:
    made = workspace("cache [quality=0.9]", open_ends=["unknown cause " * 100])
    examined = examine_workspaces(endpoint, made, workspace("cause [quality=0.1]"), most=400)
    assert examined.parts["in_length"] == 0
    assert "is cut at 400" in examined.feedback


def test_an_unreadable_workspace_is_a_mistake(endpoint: Endpoint) -> None:
    examined = examine_workspaces(endpoint, workspace("x"), None)
    assert examined.score == 0
    assert examined.feedback.startswith("No workspace (unreadable reply)")
