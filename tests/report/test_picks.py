"""Picks with their probability, and costs with what befell the calls."""

from __future__ import annotations

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rematch.data.records import Pick, Usage
from rematch.report.picks import (
    PickRow,
    format_events,
    format_probability,
    picks_table,
    usage_table,
)
from rematch.runs.calls import Event
from tests.report.makers import make_bracket, make_match, make_rollout


def draw(what: Any) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=160, markup=False, highlight=False, soft_wrap=True).print(what)
    return file.getvalue().splitlines()


def row(task: str, probability: float | None = None) -> PickRow:
    bracket = make_bracket([make_match("a", "b")], merged={"a": ("c",)})
    pick = Pick(task_id=task, rollout_id="a", reasons="best", probability=probability)
    return PickRow(pick, make_rollout("a"), bracket)


def test_without_a_calibration_there_is_no_column_of_probabilities() -> None:
    head, line = draw(picks_table([row("t")]))
    assert head.split() == ["task", "rollouts", "pick", "why"]
    assert line.split() == ["t", "3", "a", "best"]


def test_one_probability_makes_the_column_and_others_are_left_open() -> None:
    head, first, second = draw(picks_table([row("t", 0.625), row("u")]))
    assert head.split() == ["task", "rollouts", "pick", "likely", "why"]
    assert first.split() == ["t", "3", "a", "62%", "best"]
    assert second.split() == ["u", "3", "a", "-", "best"]


def test_rows_may_come_from_a_generator() -> None:
    assert len(draw(picks_table(row(name, 0.5) for name in "tuv"))) == 4


@pytest.mark.parametrize(("value", "told"), [(None, "-"), (0.0, "0%"), (1.0, "100%")])
def test_a_probability_of_nothing_is_not_an_unknown_one(value: float | None, told: str) -> None:
    assert format_probability(value) == told


def test_events_are_grouped_by_outcome_and_the_frequent_stand_first() -> None:
    events = {
        Event("judge", "time-out", "retried"): 3,
        Event("judge", "empty", "lost"): 1,
        Event("judge", "rate-limit", "retried"): 1_200,
    }
    told = format_events(events)
    assert told == "1,203 retried (1,200 rate-limit, 3 time-out), 1 lost (1 empty)"
    assert format_events({}) == ""


EVENTS = st.dictionaries(
    st.builds(
        Event,
        st.just("judge"),
        st.sampled_from(["rate-limit", "time-out", "empty"]),
        st.sampled_from(["retried", "lost", "replayed"]),
    ),
    st.integers(1, 50),
)


@given(EVENTS, st.randoms(use_true_random=False))
def test_no_event_is_lost_and_their_order_says_nothing(events: dict[Event, int], rng: Any) -> None:
    told = format_events(events)
    shuffled = list(events.items())
    rng.shuffle(shuffled)
    assert {one.strip(")") for one in format_events(dict(shuffled)).split("), ")} == {
        one.strip(")") for one in told.split("), ")
    }
    for outcome in {event.outcome for event in events}:
        total = sum(n for event, n in events.items() if event.outcome == outcome)
        assert f"{total} {outcome} (" in told


def test_faults_stand_beside_their_role_and_a_role_without_an_answer_too() -> None:
    usage = {"summarizer": Usage(calls=1, input_tokens=2, output_tokens=3, cost_usd=0.5)}
    events = {Event("judge", "time-out", "lost"): 2, Event("summarizer", "empty", "retried"): 1}
    lines = draw(usage_table(usage, events))
    assert [line.split()[0] for line in lines] == ["role", "summarizer", "judge", "all"]
    assert lines[1].endswith("$0.5000  1 retried (1 empty)")
    assert lines[2].split(maxsplit=1)[1].startswith("no model calls")
    assert lines[2].endswith("2 lost (2 time-out)")
    assert lines[3].endswith("1 call, 2 + 3 tokens, $0.5000")
