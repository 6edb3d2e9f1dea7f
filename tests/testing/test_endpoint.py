import dataclasses
import socket
from collections import Counter

import pytest

from rematch.testing import Call, Endpoint, Judge, Usage, count_tokens, key_hash
from tests.testing.client import chat, distillation, match, post, post_all, rollout, send, winner

PAIR = match("quality=0.1", "quality=0.9")


def verdicts(endpoint: Endpoint) -> list[int]:
    return sorted(winner(reply.text) for call in endpoint.log for reply in call.replies)


def test_equal_requests_get_independent_samples() -> None:
    with Endpoint(judge=Judge(0.5)) as endpoint:
        for _ in range(200):
            post(endpoint, PAIR)
        tally = Counter(verdicts(endpoint))
    assert 60 < tally[1] < 140
    assert [call.attempt for call in endpoint.log] == list(range(200))


def test_one_batch_gets_the_samples_of_as_many_single_requests() -> None:
    with Endpoint(judge=Judge(0.5)) as endpoint:
        batch = post(endpoint, PAIR | {"n": 8})
        more = post(endpoint, PAIR | {"n": 2})
    with Endpoint(judge=Judge(0.5)) as endpoint:
        single = [post(endpoint, PAIR).texts[0] for _ in range(10)]
    assert batch.texts + more.texts == single
    assert len(set(single)) == 2


def test_the_order_of_arrival_changes_nothing() -> None:
    bodies = [match(f"quality=0.{n}", "quality=0.5") for n in range(20)] * 5

    def run(order: int) -> Counter[tuple[str, str]]:
        with Endpoint(judge=Judge(0.7), seed=5) as endpoint:
            post_all(endpoint, bodies[::order])
            calls = endpoint.calls(role="judge")
        return Counter((call.content_hash, call.replies[0].text) for call in calls)

    assert run(1) == run(-1) == run(1)


def test_another_seed_or_model_gives_other_samples() -> None:
    def run(seed: int, model: str) -> tuple[str, ...]:
        with Endpoint(judge=Judge(0.5), seed=seed) as endpoint:
            return tuple(post(endpoint, PAIR | {"n": 40, "model": model}).texts)

    assert run(1, "a") == run(1, "a")
    assert len({run(1, "a"), run(2, "a"), run(1, "b")}) == 3


def test_the_log_tells_what_was_asked_and_answered() -> None:
    key = "sk-" + "0123456789" * 3
    with Endpoint() as endpoint:
        headers = {"authorization": f"Bearer {key}", "user-agent": "test", "x-secret": key}
        extra = {"temperature": 0.7, "response_format": {"type": "text"}, "top_k": 5}
        body = PAIR | {"model": "m1", "n": 2} | extra
        answer = post(endpoint, body, headers=headers)
        post(endpoint, rollout("ls", model="m2"))
        post(endpoint, distillation("x", "y"))
    call, summary, workspace = endpoint.log
    assert (call.number, call.model, call.role, call.n) == (0, "m1", "judge", 2)
    assert call.params == extra
    assert [message.text for message in call.messages] == [m["content"] for m in PAIR["messages"]]
    assert [reply.text for reply in call.replies] == answer.texts
    assert call.key_hash == key_hash(key)
    assert call.headers == {"user-agent": "test"}
    assert key not in repr(call)
    assert 0 <= call.started <= call.ended <= summary.started
    assert endpoint.calls(role="summarizer") == endpoint.calls(model="m2") == [summary]
    assert endpoint.calls(role="distiller", model="scripted", answered=True) == [workspace]
    with pytest.raises(dataclasses.FrozenInstanceError):
        call.model = "other"  # type: ignore[misc]


def test_usage_follows_the_stated_rule() -> None:
    texts = [message["content"] for message in PAIR["messages"]]
    with Endpoint() as endpoint:
        answer = post(endpoint, PAIR | {"n": 3})
        post(endpoint, rollout("ls"))
    usage = Usage(count_tokens(*texts), sum(count_tokens(text) for text in answer.texts))
    assert endpoint.log[0].usage == usage == endpoint.usage(role="judge")
    assert answer.body["usage"] == {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.tokens,
    }
    assert endpoint.usage() == usage + endpoint.log[1].usage
    assert (count_tokens("abcd", "é"), count_tokens("")) == (2, 0)


def test_a_reply_is_capped_at_max_tokens() -> None:
    with Endpoint() as endpoint:
        for name in ("max_tokens", "max_completion_tokens"):
            answer = post(endpoint, PAIR | {name: 5})
            assert answer.body["choices"][0]["finish_reason"] == "length"
            assert answer.body["usage"]["completion_tokens"] == 5


def test_the_log_may_keep_sizes_only() -> None:
    with Endpoint(keep_messages=False) as endpoint:
        post(endpoint, PAIR)
    (call,) = endpoint.log
    assert (call.messages, call.replies) == ((), ())
    assert call.message_bytes == sum(len(m["content"].encode()) for m in PAIR["messages"])
    assert call.usage.output_tokens > 0
    assert len(call.content_hash) == 64


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{", "no JSON"),
        (b"[]", "no JSON object"),
        (b"{}", "non-empty list `messages`"),
        (b'{"messages": ["hello"]}', "not a message"),
        (b'{"messages": [{"role": "user", "content": "hello"}]}', "no DSPy prompt"),
        (b'{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}', "only text"),
        (b'{"messages": [{"role": "user"}], "tools": [{"function": {"name": "x"}}]}', "['x']"),
    ],
)
def test_what_is_not_understood_is_refused_and_reported(body: bytes, reason: str) -> None:
    with (
        pytest.raises(AssertionError, match="did not understand 1 request"),
        Endpoint() as endpoint,
    ):
        status, _, raw = send(endpoint, body)
        assert status == 400
        assert reason in raw.decode()
        assert not endpoint.log
        (entry,) = endpoint.misunderstood
        assert reason in entry.reason
        assert entry.excerpt == body.decode()


def test_a_refusal_does_not_hide_the_test_s_own_error() -> None:
    with pytest.raises(KeyError), Endpoint() as endpoint:
        send(endpoint, b"{")
        raise KeyError


def test_other_paths_are_refused_and_models_listed() -> None:
    with Endpoint(strict=False) as endpoint:
        assert send(endpoint, b"{}", path="/v1/embeddings")[0] == 400
        assert "/v1/embeddings is not served" in endpoint.misunderstood[0].reason
        assert post(endpoint, PAIR, path="/chat/completions").status == 200


@pytest.mark.parametrize("n", [0, 129, "many"])
def test_a_senseless_n_is_refused(n: object) -> None:
    with Endpoint(strict=False) as endpoint:
        assert post(endpoint, PAIR | {"n": n}).status == 400


def test_many_at_once_are_counted() -> None:
    with Endpoint(latency=lambda request, rng: 0.2) as endpoint:
        post_all(endpoint, [PAIR] * 8)
    assert endpoint.peak > 1
    assert len({call.number for call in endpoint.log}) == 8


def test_a_taken_port_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError), Endpoint(port=taken.getsockname()[1]):
            pass


def test_responders_of_a_test_go_first() -> None:
    class Parrot:
        role = "parrot"

        def matches(self, request: object) -> bool:
            return True

        def reply(self, request: object, rng: object) -> str:
            return "hello"

    with Endpoint(Parrot()) as endpoint:
        assert post(endpoint, PAIR).texts == ["hello"]
        assert post(endpoint, chat([{"role": "user", "content": "?"}], n=2)).texts == ["hello"] * 2
    calls: list[Call] = endpoint.calls(role="parrot")
    assert len(calls) == 2
