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


def tell(limit: float, remaining: float, reset: str) -> dict[str, list[str]]:
    told = {"limit": str(limit), "remaining": str(remaining), "reset": reset}
    return {f"x-ratelimit-{name}-requests": [value] for name, value in told.items()}


def test_a_success_that_leaves_nothing_spaces_what_follows() -> None:
    pace = Pace(clock=Clock())
    pace.follow(tell(60, 0, "60s"))
    assert pace.take(1) == pytest.approx(1.0)
    assert pace.take(1) == pytest.approx(2.0)


def test_what_a_success_leaves_may_go_at_once() -> None:
    pace = Pace(clock=Clock())
    pace.follow(tell(60, 3, "57s"))
    assert [pace.take(1) for _ in range(3)] == [0, 0, 0]
    assert pace.take(1) == pytest.approx(1.0)


def test_requests_under_way_count_beside_what_a_success_leaves() -> None:
    pace = Pace(clock=Clock())
    pace.follow(tell(10, 4, "36s"))
    for _ in range(4):
        assert pace.take(1) == 0
    pace.follow(tell(10, 3, "42s"))  # one of the four has arrived; the others are on their way
    assert pace.take(1) > 0


@pytest.mark.parametrize("reset", ["0", "12ms", "0.9", "2001-01-01T00:00:00Z"])
def test_a_limit_that_is_soon_whole_again_is_left_aside(reset: str) -> None:
    pace = Pace(clock=Clock())
    pace.follow(tell(60, 1, reset))
    assert [pace.take(1) for _ in range(5)] == [0] * 5


@given(limit=st.integers(2, 200), gaps=st.lists(st.floats(0, 20), min_size=5, max_size=60))
def test_a_window_that_refills_at_once_starves_nobody(limit: int, gaps: list[float]) -> None:
    """Told after each request, as by a provider that counts from minute to minute."""
    clock = Clock()
    pace = Pace(clock=clock)
    window, used = 0.0, 0
    for gap in gaps:
        clock.now += gap
        wait = pace.take(1)
        assert wait <= 60 + 1e-6
        clock.now += wait
        if clock.now >= window + 60:
            window, used = clock.now, 0
        used = min(limit, used + 1)
        pace.follow(tell(limit, limit - used, f"{window + 60 - clock.now:.6f}"))


def test_a_success_does_not_slow_what_a_refusal_told_but_a_refusal_does() -> None:
    clock = Clock()
    pace = Pace(clock=clock)
    pace.learn(tell(60, 0, "60s"))
    pace.follow(tell(60, 59, "60s"))
    assert pace.take(1) == pytest.approx(1.0)
    pace.learn(tell(60, 0, "600s"))
    assert pace.take(1) > 10


def test_tokens_are_learned_from_anthropics_success() -> None:
    pace = Pace(clock=Clock())
    pace.follow(
        {
            "anthropic-ratelimit-tokens-limit": ["6000"],
            "anthropic-ratelimit-tokens-remaining": ["0"],
            "anthropic-ratelimit-tokens-reset": ["60"],
        }
    )
    assert pace.take(500) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("12ms", 0.012), ("6m0s", 360), ("1.5", 1.5), ("1h2m", 3_720), ("soon", None), ("", None)],
)
def test_durations_are_read(text: str, seconds: float | None) -> None:
    assert read_duration(text) == seconds


def test_a_time_that_is_past_is_now() -> None:
    assert read_duration("2001-01-01T00:00:00Z") == 0
