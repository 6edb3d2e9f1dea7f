"""The page of a tuning at its bounds: hostile words, empty sides, several targets."""

from __future__ import annotations

from typing import Any

import dspy
from hypothesis import given
from hypothesis import strategies as st

from rematch.optimizers.comparison import Scored, compare, diff_prompts
from rematch.optimizers.tuning_report import TargetReport, TuningReport
from rematch.programs.saved import dump_predictor
from rematch.report.tuning import headlines, write_tuning
from rematch.signatures import CompareRollouts


def score(accuracy: float, key: str = "t: a", **parts: float | None) -> list[Scored]:
    return [Scored(key=key, task_id="t", accuracy=accuracy, score=accuracy, parts=parts)]


def make_target(name: str = "judge", **over: Any) -> TargetReport:
    made: dict[str, Any] = {
        "target": name,
        "headline": ("No gain proven.",),
        "is_proven": False,
        "comparisons": {"test": compare(score(0.0, parsed=1.0), score(1.0, parsed=None), 0)},
        "tried": 4,
    }
    return TargetReport.model_validate({**made, **over})


def make_report(*targets: TargetReport, **over: Any) -> TuningReport:
    made: dict[str, Any] = {
        "optimizer": "copro",
        "effort": "light",
        "seed": 1,
        "models": {"judge": "openai/m", "reflection": "openai/r"},
        "examples": {one.target: {"train": 1, "validation": 2, "test": 3} for one in targets},
        "split": {},
        "targets": targets,
    }
    return TuningReport.model_validate({**made, **over})


def write(*targets: TargetReport, **over: Any) -> str:
    return write_tuning(make_report(*targets, **over).model_dump(mode="json"))


def test_a_real_report_makes_the_page() -> None:
    page = write(make_target())
    assert page.startswith("# Tuned with copro (light)\n")
    assert "| **held-out test** | 1 | 1 | 0.000 | 1.000 | +1.000 |" in page
    assert "| parsed | 1.000 | - |" in page
    assert "judge: openai/m, reflection: openai/r; 0 calls" in page
    assert page.endswith("\n")


def test_targets_follow_each_other_in_the_order_of_tuning() -> None:
    page = write(make_target("judge"), make_target("summarizer"))
    assert page.index("## judge") < page.index("## summarizer") < page.index("## How")
    assert "summarizer: 1 train, 2 validation, 3 test examples" in page


def test_a_report_is_stopped_where_one_of_its_targets_is() -> None:
    assert not make_report(make_target()).stopped
    assert make_report(make_target(), make_target("summarizer", stopped="money")).stopped
    assert not make_report().stopped


def test_a_report_survives_its_file() -> None:
    report = make_report(make_target(), problems=("t/x: no label",), calls=7)
    assert TuningReport.model_validate_json(report.model_dump_json()) == report


def test_problems_are_listed_up_to_a_bound_on_one_line_each() -> None:
    page = write(make_target(), problems=tuple(f"t{n}\n# x" for n in range(25)))
    assert page.count("left out: ") == 20
    assert "\n# x" not in page


def test_no_target_is_a_page_that_tells_how() -> None:
    page = write()
    assert page.startswith("# Tuned with copro") and "## How" in page
    assert headlines(make_report().model_dump(mode="json")) == []


def test_two_hundred_changes_are_all_shown() -> None:
    before = [one for n in range(200) for one in score(0.0, f"k{n}")]
    after = [one for n in range(200) for one in score(1.0, f"k{n}")]
    page = write(make_target(comparisons={"test": compare(before, after, 0)}))
    assert page.count("| win |") == 200
    assert "more stand in report.json" not in page


@given(st.text(alphabet="`~ab\n", max_size=40))
def test_no_diff_closes_its_own_fence(diff: str) -> None:
    page = write(make_target(diff=f"+x{diff}")).splitlines()
    opening = next(n for n, line in enumerate(page) if line.endswith("`diff"))
    bar = page[opening].removesuffix("diff")
    inside = f"+x{diff}".splitlines()
    assert bar not in "\n".join(inside)
    assert page[opening + 1 :].count(bar) == 1


LINES = st.lists(st.sampled_from(["Judge.", "Be fair.", "Be strict.", ""]), max_size=6)


@given(LINES, LINES)
def test_a_diff_holds_what_changed_and_nothing_where_nothing_did(
    one: list[str], other: list[str]
) -> None:
    first, second = (
        dump_predictor(dspy.Predict(CompareRollouts.with_instructions("\n".join(["A.", *lines]))))
        for lines in (one, other)
    )
    diff = diff_prompts(first, second).splitlines()
    assert diff_prompts(first, first) == ""
    for line in set(other) - set(one) - {""}:
        assert f"+{line}" in diff
    for line in set(one) - set(other) - {""}:
        assert f"-{line}" in diff
