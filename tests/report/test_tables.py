"""Tables of nothing, of one thing and of many, at every width, whatever stands in their cells."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from rematch.data.records import Grade, Pick, Usage
from rematch.report.brackets import format_usage
from rematch.report.evaluation import evaluation_table, write_csv
from rematch.report.grades import format_grades, grades_table
from rematch.report.picks import PickRow, picks_table, usage_table
from rematch.report.run_table import format_run, tasks_table
from rematch.report.tables import ResultTable
from rematch.report.task_page import format_task
from rematch.report.text import one_line, plain, plain_name
from rematch.runs.folder import RunFolder
from tests.report.makers import make_bracket, make_rollout, make_run


def draw(what: Any, width: int = 160) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, markup=False, highlight=False, soft_wrap=True)
    console.print(what)
    return file.getvalue().splitlines()


CELLS = st.lists(st.text(max_size=20), min_size=3, max_size=3)


@given(st.lists(CELLS, max_size=4), st.integers(1, 120))
def test_any_cells_make_a_line_each(rows: list[list[str]], width: int) -> None:
    table = ResultTable("id", "n", "why", numbers=("n",), reason=True)
    for row in rows:
        table.add_row(*row)
    lines = draw(table, width)
    text = "\n".join(lines)
    assert "\x1b" not in text
    for row in rows:
        assert plain_name(row[0]).rstrip() in text
    widths = {cell_len(line) for line in lines}
    longest = sum(max([2, *(cell_len(plain_name(row[i])) for row in rows)]) for i in (0, 1))
    assert max(widths) <= longest + 4 + max(20, width)


def test_numbers_stand_on_the_right_and_wide_letters_count_twice() -> None:
    table = ResultTable("id", "n", numbers=("n",))
    table.add_row("漢字", "1")
    table.add_row("a", "200")
    assert draw(table) == ["id      n", "漢字    1", "a     200"]


def test_a_table_of_nothing_has_its_titles_and_a_row_has_a_cell_per_column() -> None:
    assert draw(ResultTable("a", "b")) == ["a  b"]
    with pytest.raises(ValueError, match="1 cells for the columns"):
        ResultTable("a", "b").add_row("x")


@given(st.text(), st.integers(1, 60))
def test_text_for_a_terminal_holds_no_control_character(text: str, width: int) -> None:
    for safe in (plain(text), plain_name(text), one_line(text, width)):
        assert all(
            letter in "\n\t" or letter.isprintable() or ord(letter) >= 0xA0 for letter in safe
        )
    assert "\n" not in plain_name(text) + one_line(text, width)
    assert len(one_line(text, width)) <= width
    assert plain(plain(text)) == plain(text)


def evaluation_row(**changes: Any) -> dict[str, Any]:
    row = {
        "selector": "evidence",
        "picked_mean": 0.5,
        "ci95_low": 0.25,
        "ci95_high": 0.75,
        "gain": 0.1,
        "gain_ci95_low": -0.05,
        "gain_ci95_high": 0.2,
        "oracle_share": None,
        "mixed_picked_mean": 0.625,
        "p_random": 0.03125,
        "p_fewest-steps": None,
        "fitted_here": 0,
    }
    return row | changes


def test_an_evaluations_row_is_in_per_cent_with_its_intervals() -> None:
    fitted = evaluation_row(selector="fitted", fitted_here=12, gain=-0.1, oracle_share=1.0)
    lines = draw(evaluation_table([evaluation_row(), fitted]))
    assert lines[1].split() == [
        *("evidence", "50.0", "25.0", "..", "75.0", "+10.0", "-5.0", "..", "+20.0"),
        *("-", "62.5", "0.031", "-"),
    ]
    assert lines[2].endswith("fitted here on 12 tasks")
    assert " -10.0 " in lines[2]
    assert " 100.0 " in lines[2]


def test_an_evaluations_csv_holds_fractions() -> None:
    text = write_csv([evaluation_row(), evaluation_row(selector='a,"b"')])
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["selector"] for row in rows] == ["evidence", 'a,"b"']
    assert rows[0]["picked_mean"] == "0.5"
    assert rows[0]["oracle_share"] == ""
    assert "\r" not in text


def grade(rollout: str, reward: float, status: str = "graded", detail: str = "") -> Grade:
    return Grade(task_id="t", rollout_id=rollout, reward=reward, status=status, detail=detail)


def test_grades_tell_verdicts_from_what_could_not_be_graded() -> None:
    broken = grade("b", 0.0, "grader-failed", "no image\nhere")
    assert not broken.is_verdict
    grades = {"t1": [grade("a", 1.0), broken], "t2": [grade("c", 0.0, detail="2 tests fail")]}
    lines = draw(grades_table(grades))
    assert [line.split()[:4] for line in lines[1:]] == [
        ["t1", "a", "1", "graded"],
        ["t1", "b", "-", "grader-failed"],
        ["t2", "c", "0", "graded"],
    ]
    assert "no image here" in lines[2]
    said = format_grades(grades, in_suite=9)
    assert said[0] == "resolved: 1 of 2 predictions"
    assert said[1].startswith("mean over tasks: 50.0% (95 % interval ")
    assert said[1].endswith("2 tasks of the suite's 9)")
    assert said[2] == "outcomes: 2 graded, 1 grader-failed"


def test_no_grade_at_all_is_said() -> None:
    assert draw(grades_table({})) == ["task  rollout  reward  status  why"]
    assert format_grades({}, 3) == ["resolved: 0 of 0 predictions", "outcomes: "]


def test_a_run_without_tasks_or_without_grades_says_so() -> None:
    assert format_run([]) == ["no finished task yet"]
    assert draw(tasks_table([])) == ["task  passing t0  pick  reward  why"]
    run = make_run([make_rollout("a", steps=3), make_rollout("b", steps=5)])
    lines = format_run([run])
    assert lines[0] == "no rollout is graded, so there is nothing to compare"
    assert lines[-1] == "mean steps: 4.0"
    assert draw(tasks_table([run]))[1].split()[:4] == ["task", "-/2", "a", "-"]


def test_a_run_of_one_iteration_has_no_rows_of_a_second() -> None:
    run = make_run([make_rollout("a"), make_rollout("b")], rewards={"a": 1.0, "b": 0.0})
    text = "\n".join(format_run([run]))
    assert "iteration 0, oracle" in text
    assert "iteration 1" not in text
    assert "the K selected" not in text
    assert "tasks with no passing rollout: 0; with only passing ones: 0" in text


def test_picks_count_equal_patches_and_costs_add_up() -> None:
    bracket = make_bracket(survivors=("a",), merged={"a": ("b", "c")})
    row = PickRow(Pick(task_id="t", rollout_id="a", reasons="alone"), make_rollout("a"), bracket)
    assert draw(picks_table([row]))[1].split() == ["t", "3", "a", "alone"]
    spent = {
        "judge": Usage(calls=2, input_tokens=1_000, output_tokens=10, cost_usd=0.5),
        "summarizer": Usage(calls=1, input_tokens=500, cost_usd=None),
    }
    lines = draw(usage_table(spent))
    assert lines[1] == "judge       2 calls, 1,000 + 10 tokens, $0.5000"
    assert lines[3] == "all         3 calls, 1,500 + 10 tokens, price unknown"
    assert usage_table({}) == "no model calls: everything was answered from evidence"
    assert format_usage(Usage()) == "no model calls"


def test_a_task_that_is_not_finished_has_no_page(tmp_path: Path) -> None:
    with pytest.raises(Exception, match="is not finished; the same `rematch run` continues it"):
        format_task(RunFolder(tmp_path).task("t"))
