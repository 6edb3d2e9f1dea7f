"""What the engines of a run share: the meter, the events, and the pace of each model."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Usage
from rematch.errors import ModelRefusedError, UsageError
from rematch.runs.calls import Calls, Event
from rematch.runs.metering import Meter
from rematch.runs.models import ModelConfig
from rematch.seams import spent
from rematch.testing import Endpoint, Fault
from tests.runs.calling import cast, make_judge

USAGES = st.builds(
    Usage,
    calls=st.integers(0, 5),
    input_tokens=st.integers(0, 1000),
    output_tokens=st.integers(0, 1000),
    cost_usd=st.none() | st.integers(0, 100).map(lambda cents: cents / 64),
)


@pytest.fixture
def calls() -> Iterator[Calls]:
    made = Calls()
    yield made
    made.close()


@given(noted=st.lists(st.tuples(st.sampled_from(["judge", "agent"]), st.booleans(), USAGES)))
def test_each_role_sums_what_was_paid_and_what_was_replayed_apart(
    noted: list[tuple[str, bool, Usage]],
) -> None:
    meter = Meter()
    for role, is_replay, usage in noted:
        (meter.note_replay if is_replay else meter.note)(role, usage)
    for is_replay, sums in ((False, meter.by_role()), (True, meter.replayed())):
        for role in ("judge", "agent"):
            theirs = [u for who, replay, u in noted if (who, replay) == (role, is_replay)]
            assert sums.get(role) == (sum(theirs, Usage()) if theirs else None)


def test_an_unknown_price_is_never_told_as_none() -> None:
    meter = Meter()
    meter.note("judge", Usage(calls=1, cost_usd=0.5))
    meter.note("judge", Usage(calls=1, cost_usd=None))
    meter.note("summarizer", Usage(calls=1, cost_usd=0.25))
    assert meter.by_role()["judge"] == Usage(calls=2, cost_usd=None)
    assert meter.by_role()["summarizer"].cost_usd == 0.25


def test_what_is_told_is_a_copy() -> None:
    meter = Meter()
    meter.note("judge", Usage(calls=1))
    meter.by_role().clear()
    meter.replayed()["judge"] = Usage(calls=9)
    assert meter.by_role() == {"judge": Usage(calls=1)}
    assert meter.replayed() == {}


def test_whoever_asked_is_told_of_both_kinds_and_nobody_else() -> None:
    """A vote's record names its price also when the answer comes from the ledger."""
    meter = Meter()
    meter.note("judge", Usage(calls=7))
    costs: list[Usage] = []
    token = spent.set(costs)
    try:
        meter.note("judge", Usage(calls=1))
        meter.note_replay("judge", Usage(calls=2))
    finally:
        spent.reset(token)
    meter.note("judge", Usage(calls=8))
    assert [usage.calls for usage in costs] == [1, 2]


def test_threads_lose_nothing_of_a_sum() -> None:
    meter = Meter()
    costs: list[Usage] = []

    def note() -> None:
        spent.set(costs)
        for _ in range(100):
            meter.note("judge", Usage(calls=1, input_tokens=3))

    threads = [threading.Thread(target=note) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert meter.by_role() == {"judge": Usage(calls=400, input_tokens=1200)}
    assert len(costs) == 400


def test_events_are_counted_and_told_as_they_come() -> None:
    told: list[Event] = []
    calls = Calls(on_event=told.append)
    for kind in ("rate-limit", "time-out", "rate-limit"):
        calls.note("judge", kind, "retried")
    calls.note("judge", "time-out", "lost")
    assert calls.events() == {
        Event("judge", "rate-limit", "retried"): 2,
        Event("judge", "time-out", "retried"): 1,
        Event("judge", "time-out", "lost"): 1,
    }
    assert [event.kind for event in told] == ["rate-limit", "time-out", "rate-limit", "time-out"]
    calls.events().clear()
    assert calls.events().total() == 4
    calls.close()


def test_who_is_told_of_an_event_may_look_at_the_events() -> None:
    """The progress line is drawn from there: a lock that is still held would hang it."""
    seen: list[int] = []
    ours = Calls(on_event=lambda _: seen.append(ours.events().total()))
    ours.note("judge", "time-out", "retried")
    ours.note("judge", "time-out", "lost")
    assert seen == [1, 2]
    ours.close()


def test_roles_that_share_a_model_share_its_pace(calls: Calls) -> None:
    pace = calls.pace("openai/m", None, 60, 1000)
    assert calls.pace("openai/m", None, 60, 1000) is pace
    assert (pace.requests_per_minute, pace.tokens_per_minute) == (60, 1000)
    assert calls.pace("openai/m", "http://127.0.0.1:1", 60, 1000) is not pace
    assert calls.pace("openai/n", None, None, None) is not pace


@pytest.mark.parametrize("limits", [(60, None), (None, 1000), (61, 1000), (None, None)])
def test_one_model_has_one_pace_and_the_first_stands(
    calls: Calls, limits: tuple[float | None, float | None]
) -> None:
    pace = calls.pace("openai/m", None, 60, 1000)
    with pytest.raises(UsageError, match=r"openai/m: is given different limits") as caught:
        calls.pace("openai/m", None, *limits)
    assert "\n" not in str(caught.value)
    assert calls.pace("openai/m", None, 60, 1000) is pace


def test_by_default_nothing_bounds_or_halts_the_calls(calls: Calls) -> None:
    assert not calls.budget.config.is_set
    assert not calls.halting
    calls.gate.check()
    assert calls.meter.by_role() == {} and calls.events() == {}
    assert ModelConfig(model="openai/m").requests_per_minute is None


def test_sessions_do_not_close_each_others_gates(calls: Calls) -> None:
    other = Calls()
    other.gate.close(ModelRefusedError("no money"))
    calls.gate.check()
    other.close()
    other.close()  # twice is no fault


def test_who_comes_after_a_refusal_is_told_which_model_refused(calls: Calls) -> None:
    with Endpoint(faults=[Fault.EXPIRED_KEY]) as endpoint:
        judge = make_judge(endpoint, calls, "openai/refusing")
        told = [str(error) for error in cast(judge, [0, 1], places=1)]
        assert len(endpoint.log) == 1
    assert all("openai/refusing" in line and "\n" not in line for line in told), told
