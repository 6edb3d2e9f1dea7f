import http.client
import json
import random
import time
from collections import Counter

import pytest

from rematch.testing import ChatRequest, Endpoint, Fault, Judge, Latency, Usage
from rematch.testing.faults import fault_plan
from tests.testing.client import match, post, rollout, send, winner

PAIR = match("quality=0.1", "quality=0.9")
BODY = json.dumps(PAIR).encode()


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (Fault.RATE_LIMIT, 429, "rate_limit_exceeded"),
        (Fault.RATE_LIMIT_RETRY_AFTER, 429, "rate_limit_exceeded"),
        (Fault.SERVER_ERROR, 500, None),
        (Fault.BAD_GATEWAY, 502, None),
        (Fault.OVERFLOW, 400, "context_length_exceeded"),
        (Fault.EXPIRED_KEY, 401, "invalid_api_key"),
        (Fault.NO_MONEY, 402, "insufficient_quota"),
        (Fault.UNKNOWN_MODEL, 404, "model_not_found"),
    ],
)
def test_errors_look_as_a_provider_s(fault: Fault, status: int, code: str | None) -> None:
    with Endpoint(faults=[fault], retry_after=0.5) as endpoint:
        answer = post(endpoint, PAIR)
        assert (answer.status, answer.body["error"]["code"]) == (status, code)
        waits = fault is Fault.RATE_LIMIT_RETRY_AFTER
        assert answer.headers.get("retry-after") == ("0.5" if waits else None)
        assert post(endpoint, PAIR).status == 200
    first, second = endpoint.log
    assert (first.fault, first.status, first.usage, first.replies) == (fault, status, Usage(), ())
    assert endpoint.calls(answered=False) == [first]
    assert endpoint.calls(answered=True) == [second]


@pytest.mark.parametrize(
    ("fault", "text", "finish"),
    [
        (Fault.EMPTY, "", "stop"),
        (Fault.MALFORMED, "Sure! Here is what I think about it: it depends.", "stop"),
        (Fault.CONTENT_FILTER, "", "content_filter"),
    ],
)
def test_useless_replies_are_paid_for(fault: Fault, text: str, finish: str) -> None:
    with Endpoint(faults=[fault]) as endpoint:
        answer = post(endpoint, PAIR | {"n": 2})
    assert answer.texts == [text] * 2
    assert answer.body["choices"][1]["finish_reason"] == finish
    assert endpoint.usage().input_tokens > 0


def test_a_dropped_connection_and_a_cut_body() -> None:
    with Endpoint(faults=[Fault.DROP, Fault.TRUNCATE]) as endpoint:
        with pytest.raises(ConnectionError):
            send(endpoint, BODY)
        with pytest.raises(http.client.IncompleteRead):
            send(endpoint, BODY)
        assert post(endpoint, PAIR).status == 200
    assert [call.fault for call in endpoint.log] == ["drop", "truncate", ""]


def test_a_hanging_answer_ends_with_the_client_s_patience_or_the_endpoint() -> None:
    began = time.monotonic()
    with Endpoint(faults=[Fault.HANG]) as endpoint:
        with pytest.raises(TimeoutError):
            send(endpoint, BODY, timeout=0.1)
        assert endpoint.log[0].fault == "hang"
        assert post(endpoint, PAIR).status == 200
    assert time.monotonic() - began < 5


def test_a_script_befalls_each_of_equal_requests_in_turn() -> None:
    with Endpoint(faults=[None, Fault.SERVER_ERROR]) as endpoint:
        assert [post(endpoint, PAIR).status for _ in range(4)] == [200, 500, 200, 200]
        assert [post(endpoint, rollout("ls")).status for _ in range(3)] == [200, 500, 200]


def test_faults_use_up_no_sample() -> None:
    def run(*faults: Fault | None) -> list[int]:
        with Endpoint(judge=Judge(0.5), faults=faults) as endpoint:
            for _ in range(24):
                post(endpoint, PAIR)
        good = endpoint.calls(answered=True)
        return [winner(call.replies[0].text) for call in good][:20]

    assert run() == run(Fault.EMPTY, None, Fault.SERVER_ERROR, Fault.CONTENT_FILTER)


def test_faults_by_chance_come_as_often_as_asked_and_are_repeatable() -> None:
    rates = {Fault.SERVER_ERROR: 0.2, Fault.MALFORMED: 0.1}

    def run(seed: int) -> list[str]:
        with Endpoint(faults=rates, seed=seed, keep_messages=False) as endpoint:
            for _ in range(500):
                post(endpoint, PAIR)
        return [call.fault for call in endpoint.log]

    faults = run(1)
    tally = Counter(faults)
    assert tally["server-error"] == pytest.approx(100, abs=30)
    assert tally["malformed"] == pytest.approx(50, abs=25)
    assert faults == run(1) != run(2)


def test_faults_may_follow_any_rule() -> None:
    def dies(request: ChatRequest, rng: random.Random) -> Fault | None:
        return Fault.SERVER_ERROR if request.role == "judge" and request.number >= 2 else None

    with Endpoint(faults=dies) as endpoint:
        assert [post(endpoint, PAIR).status for _ in range(4)] == [200, 200, 500, 500]
        assert post(endpoint, rollout("ls")).status == 200


def test_impossible_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="sum up to 1"):
        fault_plan({Fault.DROP: 0.6, Fault.HANG: 0.6})
    with pytest.raises(ValueError, match="at least 0"):
        fault_plan({Fault.DROP: -0.1})


def test_a_prompt_beyond_the_window_overflows() -> None:
    with Endpoint(context_window=1_500) as endpoint:
        assert post(endpoint, PAIR | {"max_tokens": 500}).status == 200
        assert post(endpoint, PAIR | {"max_tokens": 1_400}).status == 400
        long = post(endpoint, match("quality=1 " * 900, "quality=0"))
    assert long.body["error"]["code"] == "context_length_exceeded"
    assert [call.fault for call in endpoint.log] == ["", "context-overflow", "context-overflow"]


def test_latencies_are_seeded_with_a_heavy_tail() -> None:
    plan = Latency(2.0)
    rng = random.Random(0)
    request = ChatRequest(0, {})
    seconds = sorted(plan(request, rng) for _ in range(20_000))
    assert seconds[10_000] == pytest.approx(2.0, rel=0.05)
    assert seconds[-100] > 5 * seconds[10_000]
    assert Latency(0.0)(request, rng) == 0


def test_latencies_are_keyed_by_call() -> None:
    def run(*bodies: object) -> dict[tuple[str, int], float]:
        with Endpoint(latency=0.001, seed=3) as endpoint:
            for body in bodies:
                post(endpoint, body)
        assert all(call.ended - call.started >= call.latency > 0 for call in endpoint.log)
        return {(call.role, call.attempt): call.latency for call in endpoint.log}

    summary = rollout("ls")
    latencies = run(PAIR, PAIR, summary)
    assert latencies == run(summary, PAIR, PAIR)
    assert len(set(latencies.values())) == 3
