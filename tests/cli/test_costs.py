"""What commands say of money, and the progress line's events."""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from typing import Any

import pytest

from rematch.app import Finished, Forecast, Selected
from rematch.cli.costs import as_json, show_costs, show_forecast, tell_ending
from rematch.cli.progress import TaskProgress
from rematch.data.records import Usage
from rematch.runs.calls import Event

Capture = pytest.CaptureFixture[str]
RATE = Event("judge", "rate-limit", "retried")
LOST = Event("judge", "time-out", "lost")


def rows(*dollars: float | None) -> list[Forecast]:
    return [Forecast(f"role{n}", 1_000, 20_000, 300, price) for n, price in enumerate(dollars)]


def test_a_forecast_is_a_header_and_a_table_with_its_sum(capsys: Capture) -> None:
    show_forecast("2 tasks", {"tasks": 2}, rows(1.5, 0.25), as_json=False)
    header, _, *lines = capsys.readouterr().out.splitlines()
    assert header == "2 tasks"
    assert lines[0].split() == ["role0", "1,000", "~20,000", "~300", "~$1.50"]
    assert lines[-1].split() == ["all", "2,000", "~40,000", "~600", "~$1.75"]


def test_one_unknown_price_makes_the_sum_unknown(capsys: Capture) -> None:
    show_forecast("", {}, rows(1.5, None), as_json=False)
    known, unknown, total = capsys.readouterr().out.splitlines()[-3:]
    assert known.endswith("~$1.50")
    assert unknown.endswith("price unknown") and total.endswith("price unknown")


def test_no_model_is_said_and_no_empty_table(capsys: Capture) -> None:
    show_forecast("2 tasks", {}, [], as_json=False)
    assert capsys.readouterr().out.splitlines() == [
        "2 tasks",
        "no model calls: everything is answered from evidence",
    ]


@pytest.mark.parametrize("dollars", [[], [1.5], [1.5, None]])
def test_a_forecast_for_machines_is_one_document(
    dollars: list[float | None], capsys: Capture
) -> None:
    show_forecast("2 tasks", {"tasks": 2, "rollouts": 6}, rows(*dollars), as_json=True)
    captured = capsys.readouterr()
    document = json.loads(captured.out)
    assert (document["tasks"], document["rollouts"]) == (2, 6)
    assert [row["dollars"] for row in document["forecast"]] == dollars
    assert captured.out.count("\n") == 1 and captured.err == ""


def test_costs_are_shown_by_role_with_what_befell_the_calls(capsys: Capture) -> None:
    usage = {"judge": Usage(calls=12, input_tokens=3_400, output_tokens=56, cost_usd=0.5)}
    show_costs(Finished(usage=usage, events=Counter({RATE: 9, LOST: 1})))
    head, judge, total = capsys.readouterr().out.splitlines()
    assert head.split() == ["role", "cost", "faults"]
    assert "12 calls" in judge and "9 retried (9 rate-limit), 1 lost (1 time-out)" in judge
    assert total.startswith("all") and "12 calls" in total


def test_where_no_model_was_asked_there_is_no_table(capsys: Capture) -> None:
    show_costs(Finished())
    show_costs(Selected())
    assert capsys.readouterr() == ("", "")


def test_a_role_whose_every_call_was_lost_is_shown_all_the_same(capsys: Capture) -> None:
    show_costs(Selected(events=Counter({LOST: 3})))
    assert "3 lost (3 time-out)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("told", "failed"),
    [
        ({}, False),
        ({"notes": ["the budget is spent"]}, False),
        ({"failures": {"t": "no rollout"}}, True),
        ({"refusal": "no money"}, True),
    ],
)
def test_notes_are_no_failure(told: dict[str, Any], failed: bool) -> None:
    assert tell_ending(Finished(**told)) is failed
    assert tell_ending(Selected(**told)) is failed


def test_the_ending_is_told_a_line_each_on_stderr(capsys: Capture) -> None:
    failures = {"a": "no rollout", "b\x1b[2J": "torn\nlog"}
    tell_ending(Finished(notes=["spent"], failures=failures, refusal="bad key"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "note: spent",
        "error: a: no rollout",
        "error: b�[2J: torn log",
        "error: bad key (what was finished before is kept)",
    ]


def test_for_machines_it_is_all_there_in_a_fixed_order() -> None:
    usage = {"judge": Usage(calls=2, cost_usd=None)}
    events = [(RATE, 2), (LOST, 1), (Event("agent", "empty", "retried"), 3)]
    made, turned = (
        as_json(Finished(usage=usage, events=Counter(dict(order)), failures={"t": "why"}))
        for order in (events, events[::-1])
    )
    assert made == turned == json.loads(json.dumps(made))
    assert made["usage"]["judge"]["cost_usd"] is None
    assert [fault["role"] for fault in made["faults"]] == ["agent", "judge", "judge"]
    assert sum(fault["calls"] for fault in made["faults"]) == 6
    assert (made["failures"], made["notes"], made["refusal"]) == ({"t": "why"}, [], "")


def test_the_line_tells_what_befell_calls_so_far(capsys: Capture) -> None:
    with TaskProgress(3) as progress:
        progress.finish_task("a", "picked x")
        for event in (RATE, LOST, RATE):
            progress.count_event(event)
        progress.finish_task("b", "picked y")
        for _ in range(1_000):
            progress.count_event(RATE)
        progress.finish_task("c", "picked z")
    assert capsys.readouterr().err.splitlines() == [
        "[1/3] a: picked x",
        "[2/3] b: picked y (2 retried, 1 lost)",
        "[3/3] c: picked z (1,002 retried, 1 lost)",
    ]


def test_events_come_from_any_thread_while_tasks_finish(capsys: Capture) -> None:
    with TaskProgress(50) as progress:

        def fault() -> None:
            for number in range(200):
                progress.count_event(Event("judge", "time-out", f"outcome {number % 20}"))

        threads = [threading.Thread(target=fault) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(49):
            progress.finish_task(str(number), "picked x")
        for thread in threads:
            thread.join()
        progress.finish_task("last", "picked x")
    last = capsys.readouterr().err.splitlines()[-1]
    counted = re.findall(r"(\d+) outcome \d+", last)
    assert [int(number) for number in counted] == [40] * 20


def test_quiet_counts_events_and_says_nothing(capsys: Capture) -> None:
    with TaskProgress(1, quiet=True) as progress:
        progress.count_event(LOST)
        progress.finish_task("a", "picked x")
    assert capsys.readouterr() == ("", "")
