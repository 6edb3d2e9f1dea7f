"""The pace: no minute sends more than its limit; what the provider tells goes first."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.runs.pace import Pace, read_duration


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


@given(limit=st.integers(1, 600), gaps=st.lists(st.floats(0, 5), min_size=2, max_size=200))
def test_no_minute_holds_more_requests_than_its_limit(limit: int, gaps: list[float]) -> None:
    clock = Clock()
    pace = Pace(requests_per_minute=limit, clock=clock)
    sent = []
    for gap in gaps:
        clock.now += gap
        sent.append(clock.now + pace.take(10))
    for start in sent:
        in_minute = sum(start <= at < start + 60 - 1e-6 for at in sent)
        assert in_minute <= max(limit, 2)  # of one a minute, two may meet at the edge


def test_tokens_are_paced_by_what_calls_really_used() -> None:
    clock = Clock()
    pace = Pace(tokens_per_minute=6_000, clock=clock)
    assert pace.take(100) == 0
    first = pace.take(1_000)
    assert first > 0
    pace.settle(1_000, 0)
    pace.settle(100, 100)
    assert pace.take(1_000) < first + 15


def test_what_the_provider_asks_for_holds_back_everybody() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    assert pace.take(1) == 0
    pace.pause(5)
    assert pace.take(1) == pytest.approx(5)
    clock.now += 6
    assert pace.take(1) == 0


def test_limits_are_learned_from_headers() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.learn(
        {
            "x-ratelimit-limit-requests": ["60"],
            "x-ratelimit-remaining-requests": ["0"],
            "x-ratelimit-reset-requests": ["60s"],
        }
    )
    assert pace.take(1) == pytest.approx(1.0)
    assert pace.take(1) == pytest.approx(2.0)


def test_headers_that_tell_only_half_are_left_aside() -> None:
    pace = Pace(clock=Clock())
    for headers in (
        {"x-ratelimit-limit-requests": ["60"]},
        {
            "anthropic-ratelimit-tokens-limit": ["many"],
            "anthropic-ratelimit-tokens-remaining": ["0"],
            "anthropic-ratelimit-tokens-reset": ["2025-01-01T00:00:00Z"],
        },
    ):
        pace.learn(headers)
    assert pace.take(10_000) == 0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12ms", 0.012), ("6m0s", 360), ("1.5", 1.5), ("1h2m", 3_720), ("soon", None), ("", None)],
)
def test_durations_are_read(text: str, seconds: float | None) -> None:
    assert read_duration(text) == seconds


def test_a_time_that_is_past_is_now() -> None:
    assert read_duration("2001-01-01T00:00:00Z") == 0
