"""What is printed is safe for a terminal, and tables keep ids whole."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from rematch.data.records import Pick, Usage
from rematch.report.picks import PickRow, picks_table, usage_table
from rematch.report.run_table import tasks_table
from rematch.report.tables import ResultTable
from rematch.report.text import count, one_line, plain, plain_name
from tests.report.makers import make_bracket, make_rollout, make_run

LONG_TASK = "marshmallow-code__marshmallow-1359"
LONG_PICK = f"{LONG_TASK}/deepseek_lite_dev_noparallel"


def draw(what: ResultTable | str, width: int) -> list[str]:
    file = io.StringIO()
    console = Console(file=file, width=width, markup=False, highlight=False, soft_wrap=True)
    console.print(what)
    return file.getvalue().splitlines()


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("a\r\nb\r\n", "a\nb\n"),
        ("\x1b[31mred\x1b[0m", "�[31mred�[0m"),
        ("\x9b31mred", "�31mred"),
        ("\x1b]8;;http://x\x07link", "�]8;;http://x�link"),
        ("a\rb\x08c\x7f\x00", "a�b�c��"),
        ("\u202etxt.exe\u2066", "�txt.exe�"),
        ("ünïcödé 漢字 👍", "ünïcödé 漢字 👍"),
    ],
)
def test_plain_text_has_no_control_characters(text: str, safe: str) -> None:
    assert plain(text) == safe


def test_one_line_is_one_line_of_at_most_its_width() -> None:
    assert one_line("  a\n\n b\t c ") == "a b c"
    assert one_line("x" * 10, 10) == "x" * 10
    assert one_line("x" * 11, 10) == "x" * 9 + "…"
    assert one_line("a\x1b\nb") == "a� b"


def test_names_are_whole_and_on_one_line() -> None:
    assert plain_name("x" * 300) == "x" * 300
    assert plain_name("  a\nb\x1b") == "  a b�"


def test_count_in_words() -> None:
    said = [count(number, "call") for number in (0, 1, 2, 1_234)]
    assert said == ["0 calls", "1 call", "2 calls", "1,234 calls"]


def picks(width: int) -> list[str]:
    pick = Pick(task_id=LONG_TASK, rollout_id=LONG_PICK, reasons="won its match 8-0: " + "x" * 99)
    row = PickRow(pick, make_rollout(LONG_PICK), make_bracket(merged={"a": ("b", "c")}))
    return draw(picks_table([row]), width)


@pytest.mark.parametrize("width", [40, 80, 120, 160, 300])
def test_reasons_give_way_and_ids_stay_whole(width: int) -> None:
    head, line = picks(width)
    assert head.split() == ["task", "rollouts", "pick", "why"]
    task, rollouts, pick, why = line.split(maxsplit=3)
    assert (task, rollouts, pick) == (LONG_TASK, "3", LONG_PICK)
    assert why.startswith("won its match") and why.endswith("…")
    assert len(line) <= width or len(why) == 20


def test_columns_stand_under_their_titles() -> None:
    table = ResultTable("name", "count", "why", numbers=("count",), reason=True)
    table.add_row("漢字", "1", "")
    table.add_row("longer", "1,000", "because\nof\x1b")
    assert draw(table, 80) == [
        "name    count  why",
        "漢字        1",
        "longer  1,000  because of�",
    ]
    with pytest.raises(ValueError, match="2 cells"):
        table.add_row("a", "b")
    assert draw(ResultTable("only"), 80) == ["only"]


def test_table_of_a_run_shows_what_passes_and_what_is_not_graded() -> None:
    rollouts = [make_rollout("a"), make_rollout("b"), make_rollout("c", iteration=1)]
    graded = make_run(rollouts, rewards={"a": 1, "b": 0, "c": 0.5}, pick="c", task="graded")
    ungraded = make_run(rollouts, task="ungraded")
    _, first, second = draw(tasks_table([graded, ungraded]), 120)
    assert first.split()[:5] == ["graded", "1/2", "0/1", "c", "0.5"]
    assert second.split()[:5] == ["ungraded", "-/2", "-/1", "a", "-"]


def test_markup_in_ids_is_shown_and_not_obeyed() -> None:
    run = make_run([make_rollout("[bold]a[/bold]")], task="[red]x")
    assert draw(tasks_table([run]), 120)[1].split()[:3] == ["[red]x", "-/1", "[bold]a[/bold]"]


def test_cost_per_role_and_in_all() -> None:
    known = Usage(calls=2, input_tokens=10, output_tokens=5, cost_usd=0.5)
    unknown = Usage(calls=1, input_tokens=1, cost_usd=None)
    lines = draw(usage_table({"judge": known, "summarizer": unknown}), 120)
    assert [line.strip() for line in lines[1:]] == [
        "judge       2 calls, 10 + 5 tokens, $0.5000",
        "summarizer  1 call, 1 + 0 tokens, price unknown",
        "all         3 calls, 11 + 5 tokens, price unknown",
    ]
    assert draw(usage_table({}), 120) == ["no model calls: everything was answered from evidence"]
