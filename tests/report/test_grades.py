"""What grading says of predictions: who counts as resolved, and what says nothing."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rematch.data.records import NO_VERDICT, Grade
from rematch.report.grades import format_grades, grades_table

STATUSES = ("graded", "timeout", "patch-failed", *NO_VERDICT)


def grade(
    reward: float = 0.0, status: str = "graded", rollout: str = "r", detail: str = ""
) -> Grade:
    return Grade(task_id="t", rollout_id=rollout, reward=reward, status=status, detail=detail)


def lay_out(grades: dict[str, list[Grade]], width: int = 120) -> list[str]:
    text = io.StringIO()
    Console(file=text, width=width, markup=False, highlight=False, soft_wrap=True).print(
        grades_table(grades)
    )
    return text.getvalue().splitlines()


def test_part_of_a_reward_is_not_resolved_and_counts_in_the_mean() -> None:
    lines = format_grades({"t": [grade(0.5)]}, in_suite=1)
    assert lines[0] == "resolved: 0 of 1 prediction"
    assert lines[1].startswith("mean over tasks: 50.0% (95 % interval 50.0 .. 50.0; 1 task of")


@pytest.mark.parametrize("status", ["timeout", "patch-failed"])
def test_tests_that_did_not_pass_in_time_are_a_verdict(status: str) -> None:
    lines = format_grades({"a": [grade(1)], "b": [grade(0, status)]}, in_suite=2)
    assert lines[0] == "resolved: 1 of 2 predictions"
    assert lines[1].startswith("mean over tasks: 50.0%")


@pytest.mark.parametrize("status", NO_VERDICT)
def test_what_could_not_be_graded_is_in_no_figure_but_told(status: str) -> None:
    lines = format_grades({"a": [grade(1)], "b": [grade(0, status)]}, in_suite=7)
    assert lines[0] == "resolved: 1 of 1 prediction"
    assert "100.0% " in lines[1] and "1 task of the suite's 7" in lines[1]
    assert lines[2] == f"outcomes: 1 graded, 1 {status}"


def test_where_nothing_could_be_graded_there_is_no_mean() -> None:
    lines = format_grades({"a": [grade(0, "image-missing")], "b": []}, in_suite=2)
    assert lines == ["resolved: 0 of 0 predictions", "outcomes: 1 image-missing"]


def test_a_task_with_many_predictions_weighs_as_one() -> None:
    many = [grade(1, rollout=f"r{n}") for n in range(9)]
    lines = format_grades({"many": many, "one": [grade(0)]}, in_suite=2)
    assert lines[0] == "resolved: 9 of 10 predictions"
    assert lines[1].startswith("mean over tasks: 50.0%")


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c"]),
        st.lists(st.builds(grade, st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from(STATUSES))),
    )
)
def test_every_prediction_has_its_row_and_is_among_the_outcomes(
    grades: dict[str, list[Grade]],
) -> None:
    count = sum(map(len, grades.values()))
    rows = lay_out(grades)[1:]
    assert len(rows) == count
    assert sum(" - " in row for row in rows) == sum(
        one.status in NO_VERDICT for given in grades.values() for one in given
    )
    told = format_grades(grades, in_suite=3)[-1].removeprefix("outcomes: ")
    assert sum(int(part.split()[0]) for part in told.split(", ") if part) == count


def test_rows_keep_the_order_that_they_are_given_in() -> None:
    given = {"z": [grade(1, rollout="b"), grade(0.25, rollout="a")], "a": [grade(0)]}
    assert [row.split()[:3] for row in lay_out(given)[1:]] == [
        ["z", "b", "1"],
        ["z", "a", "0.25"],
        ["a", "r", "0"],
    ]


def test_a_long_reason_gives_way_and_ids_do_not() -> None:
    name = "django__django-" + "1" * 40
    given = {name: [grade(0, "grader-failed", detail="no image " * 50)]}
    (row,) = lay_out(given, width=90)[1:]
    assert row.startswith(name)
    assert row.endswith("…")


def test_a_grader_cannot_write_to_the_terminal() -> None:
    given = {"t\x1b[2J": [grade(0, "timeout", detail="\x1b[31mred\rover")]}
    text = "".join(lay_out(given))
    assert "\x1b" not in text and "\r" not in text
