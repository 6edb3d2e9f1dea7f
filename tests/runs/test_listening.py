"""Limits that successful replies tell reach the pace, over HTTP, on either engine."""

from types import SimpleNamespace
from typing import Any

import pytest

from rematch.data.records import Vote
from rematch.runs.listening import read_litellm
from rematch.testing import Endpoint, Fault
from tests.runs.calling import cast, make_judge, open_calls

NATIVE, LITELLM = "openai/m", "together_ai/m"
LEFT = {
    "x-ratelimit-limit-requests": "6000",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "60s",
}


@pytest.mark.parametrize("model", [NATIVE, LITELLM])
def test_a_success_tells_the_pace(model: str) -> None:
    spent = LEFT | {"x-ratelimit-limit-requests": "60", "x-ratelimit-reset-requests": "3600s"}
    with Endpoint(headers=spent) as endpoint:
        calls = open_calls()
        (vote,) = cast(make_judge(endpoint, calls, model), [0])
        assert isinstance(vote, Vote)
        # One a minute from here on, less what has passed since.
        assert calls.pace(model, endpoint.url, None, None).take(1) > 1


def test_votes_go_on_at_the_pace_that_successes_tell() -> None:
    with Endpoint(headers=LEFT) as endpoint:
        votes = cast(make_judge(endpoint, open_calls()), range(6), places=3)
        assert all(isinstance(vote, Vote) for vote in votes)
        assert len(endpoint.log) == 6


def test_without_limits_told_nothing_is_held_back() -> None:
    with Endpoint() as endpoint:
        calls = open_calls()
        cast(make_judge(endpoint, calls), range(3))
        pace = calls.pace(NATIVE, endpoint.url, None, None)
        assert [pace.take(1) for _ in range(100)] == [0] * 100


def test_a_dropped_connection_tells_nothing_and_is_asked_again() -> None:
    with Endpoint(headers=LEFT, faults=[Fault.DROP]) as endpoint:
        (vote,) = cast(make_judge(endpoint, open_calls()), [0])
        assert isinstance(vote, Vote)
        assert len(endpoint.log) == 2


@pytest.mark.parametrize(
    ("hidden", "told"),
    [
        ({"additional_headers": {"llm_provider-x-ratelimit-limit-requests": 5}}, ("5",)),
        ({"additional_headers": {"x-ratelimit-limit-requests": 5}}, None),
        ({"additional_headers": None}, None),
        (None, None),
    ],
)
def test_only_what_the_provider_said_is_read_of_litellm(hidden: Any, told: Any) -> None:
    reply = SimpleNamespace(_hidden_params=hidden)
    assert read_litellm(reply).get("x-ratelimit-limit-requests") == told
