"""Fallback models, and what ends a run: each seen in the endpoint's log and in the events."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from rematch.data.records import Vote
from rematch.errors import ModelRefusedError
from rematch.runs.calls import Calls, Event
from rematch.testing import ChatRequest, Endpoint, Fault
from tests.runs.calling import cast, make_judge, open_calls, read_rows


def fail(model: str, fault: Fault) -> object:
    def faults(request: ChatRequest, rng: random.Random) -> Fault | None:
        return fault if request.model == model else None

    return faults


def outcomes(calls: Calls) -> Counter[str]:
    found: Counter[str] = Counter()
    for event, number in calls.events().items():
        found[event.outcome] += number
    return found


def test_a_fallback_answers_where_the_model_fails_for_good(tmp_path: Path) -> None:
    calls = open_calls(tmp_path / "ledger.sqlite")
    with Endpoint(faults=fail("m", Fault.SERVER_ERROR)) as endpoint:  # type: ignore[arg-type]
        judge = make_judge(endpoint, calls, attempts=2, fallbacks=("openai/spare",))
        votes = cast(judge, range(2), places=1)
        assert [call.model for call in endpoint.log] == ["m", "m", "spare"] * 2
    assert all(isinstance(vote, Vote) and vote.winner == 0 for vote in votes)
    assert {row["model"] for row in read_rows(tmp_path / "ledger.sqlite")} == {"openai/spare"}
    assert outcomes(calls) == {"retried": 2, "fell back": 2}
    assert calls.events()[Event("judge", "server-error", "fell back")] == 2
    calls.close()


def test_a_model_that_is_down_is_passed_over() -> None:
    """After three lost calls nobody waits for it again."""
    calls = open_calls()
    with Endpoint(faults=fail("m", Fault.SERVER_ERROR)) as endpoint:  # type: ignore[arg-type]
        judge = make_judge(endpoint, calls, attempts=1, fallbacks=("openai/spare",))
        cast(judge, range(8), places=1)
        asked = Counter(call.model for call in endpoint.log)
    assert asked == {"m": 3, "spare": 8}
    assert calls.events()[Event("judge", "down", "fell back")] == 5
    calls.close()


@pytest.mark.parametrize("fault", [Fault.OVERFLOW, Fault.EXPIRED_KEY, Fault.NO_MONEY])
def test_no_fallback_for_what_the_request_or_the_user_must_mend(fault: Fault) -> None:
    calls = open_calls()
    with Endpoint(faults=fail("m", fault)) as endpoint:  # type: ignore[arg-type]
        judge = make_judge(endpoint, calls, fallbacks=("openai/spare",))
        cast(judge, range(1))
        assert [call.model for call in endpoint.log] == ["m"]
    calls.close()


def test_a_refusal_stops_new_calls_at_once() -> None:
    calls = open_calls()
    with Endpoint(faults=lambda request, _: Fault.NO_MONEY) as endpoint:
        results = cast(make_judge(endpoint, calls), range(50), places=4)
        assert len(endpoint.log) <= 4
    assert all(isinstance(result, ModelRefusedError) for result in results)
    calls.close()


def test_a_provider_that_is_out_of_order_stops_the_run() -> None:
    """Ten calls in a row that came to nothing are no accident."""
    calls = open_calls()
    with Endpoint(faults=lambda request, _: Fault.BAD_GATEWAY) as endpoint:
        results = cast(make_judge(endpoint, calls, attempts=1), range(30), places=1)
        assert len(endpoint.log) == 10
    assert isinstance(results[-1], ModelRefusedError)
    assert "10 calls in a row came to nothing" in str(results[-1])
    calls.close()


def test_a_key_that_a_provider_quotes_is_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider's message stands in the record and in the vote; the key stands in neither."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-canary-0123456789")

    class Quotes:
        role = "judge"

        def matches(self, request: ChatRequest) -> bool:
            raise ValueError(f"bad key {request.headers['authorization']}")

    calls = open_calls(tmp_path / "ledger.sqlite")
    with Endpoint(Quotes(), strict=False) as endpoint:  # type: ignore[arg-type]
        (vote,) = cast(make_judge(endpoint, calls), [0])
    assert isinstance(vote, Vote)
    assert "bad key Bearer [OPENAI_API_KEY]" in vote.reasons
    (row,) = read_rows(tmp_path / "ledger.sqlite")
    assert "[OPENAI_API_KEY]" in row["reason"]
    calls.close()
    assert all(b"sk-canary" not in path.read_bytes() for path in tmp_path.iterdir())
