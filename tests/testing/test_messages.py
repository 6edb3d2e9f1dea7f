"""The endpoint's messages API: Anthropic's form in and out, and its cache of prompts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.testing import Endpoint, Fault, Judge, Misunderstood, Usage, key_hash
from rematch.testing.messages import read_messages
from rematch.testing.prompt_cache import PromptCache
from rematch.testing.request import ChatRequest
from tests.testing.client import Answered, match, post, winner

MARK = {"cache_control": {"type": "ephemeral"}}
PATH = "/v1/messages"


def turn(*texts: str, role: str = "user", marked: int | None = None) -> dict[str, Any]:
    """A turn of blocks, one of which may be marked."""
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text} for text in texts]
    if marked is not None:
        blocks[marked] |= MARK
    return {"role": role, "content": blocks}


def body(*turns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"model": "m", "max_tokens": 300, "messages": list(turns), **more}


def vote(*texts: str, **more: Any) -> dict[str, Any]:
    """One vote as Anthropic takes it."""
    system, user = match(*texts)["messages"]
    return body(user, system=system["content"], **more)


def send(endpoint: Endpoint, asked: dict[str, Any], **options: Any) -> Answered:
    return post(endpoint, asked, path=PATH, **options)


def test_a_vote_is_answered_in_anthropics_form() -> None:
    with Endpoint() as endpoint:
        answer = send(endpoint, vote("quality=0.1", "quality=0.9"), headers={"x-api-key": "secret"})
        (call,) = endpoint.log
    said = answer.body
    assert winner(said["content"][0]["text"]) == 2
    assert (said["type"], said["role"], said["stop_reason"]) == ("message", "assistant", "end_turn")
    assert said["usage"]["input_tokens"] == call.usage.input_tokens
    assert said["usage"]["output_tokens"] == call.usage.output_tokens > 0
    assert (call.path, call.role, call.key_hash) == (PATH, "judge", key_hash("secret"))
    assert "secret" not in repr(call)


def test_both_forms_of_one_question_get_the_same_samples() -> None:
    chat = match("quality=0.1", "quality=0.9") | {"model": "m"}
    with Endpoint(judge=Judge(0.5), seed=4) as endpoint:
        theirs = [send(endpoint, vote("quality=0.1", "quality=0.9")) for _ in range(8)]
    with Endpoint(judge=Judge(0.5), seed=4) as endpoint:
        ours = [post(endpoint, chat) for _ in range(8)]
    assert [a.body["content"][0]["text"] for a in theirs] == [a.texts[0] for a in ours]


def test_turns_of_one_speaker_that_follow_each_other_are_one() -> None:
    asked = body(turn("a"), turn("b", "c"), turn("d", role="assistant"), turn("e"), system="s")
    read = read_messages(asked)["messages"]
    assert [message["role"] for message in read] == ["system", "user", "assistant", "user"]
    assert [block["text"] for block in read[1]["content"]] == ["a", "b", "c"]
    assert [len(given["content"]) for given in asked["messages"]] == [1, 2, 1, 1]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"model": "m", "messages": [turn("x")]}, "demands `max_tokens`"),
        (body(), "non-empty list `messages`"),
        (body({"role": "system", "content": "x"}), "not a turn of user or assistant"),
        (body({"role": "user", "content": []}), "a turn needs content"),
        (body(turn("x"), stream=True), "`stream` is not served"),
        (body(turn("x"), tools=[{"name": "bash"}]), "`tools` is not served"),
    ],
)
def test_what_the_api_would_refuse_is_misunderstood(asked: dict[str, Any], says: str) -> None:
    with pytest.raises(Misunderstood, match=says):
        read_messages(asked)
    with Endpoint(strict=False) as endpoint:
        answer = send(endpoint, asked)
    assert (answer.status, answer.body["type"]) == (400, "error")
    assert says in answer.body["error"]["message"]


@pytest.mark.parametrize(
    ("fault", "status", "kind"),
    [
        (Fault.RATE_LIMIT, 429, "rate_limit_error"),
        (Fault.EXPIRED_KEY, 401, "authentication_error"),
        (Fault.NO_MONEY, 402, "billing_error"),
        (Fault.UNKNOWN_MODEL, 404, "not_found_error"),
        (Fault.OVERFLOW, 400, "invalid_request_error"),
        (Fault.SERVER_ERROR, 500, "api_error"),
        (Fault.BAD_GATEWAY, 502, "api_error"),
    ],
)
def test_faults_have_anthropics_form(fault: Fault, status: int, kind: str) -> None:
    with Endpoint(faults=[fault]) as endpoint:
        answer = send(endpoint, vote("a", "b"))
    assert (answer.status, answer.body["error"]["type"]) == (status, kind)


def test_a_reply_that_is_cut_or_held_back_says_why() -> None:
    with Endpoint(faults=[Fault.CONTENT_FILTER]) as endpoint:
        refused = send(endpoint, vote("a", "b"))
        short = send(endpoint, vote("a", "b") | {"max_tokens": 5})
    assert refused.body["stop_reason"] == "refusal"
    assert short.body["stop_reason"] == "max_tokens"


def test_what_was_marked_is_read_from_the_cache_and_counted_apart() -> None:
    asked = vote("a", "b")
    asked["system"] = [{"type": "text", "text": asked["system"], **MARK}]
    with Endpoint() as endpoint:
        first, again = (send(endpoint, asked).body["usage"] for _ in range(2))
        calls = endpoint.calls()
    kept = first["cache_creation_input_tokens"]
    assert kept > 0 == first["cache_read_input_tokens"]
    assert again["cache_read_input_tokens"] == kept
    assert again["cache_creation_input_tokens"] == 0
    assert (
        again["input_tokens"] + kept == calls[1].usage.input_tokens == calls[0].usage.input_tokens
    )
    assert [call.marks for call in calls] == [1, 1]
    assert calls[0].beginnings == (asked["system"][0]["text"],)


def test_the_log_without_texts_keeps_the_number_of_marks() -> None:
    asked = vote("a", "b", cache_control={"type": "ephemeral"})
    with Endpoint(keep_messages=False) as endpoint:
        send(endpoint, asked)
        (call,) = endpoint.log
    assert (call.beginnings, call.marks) == ((), 1)
    assert "beginnings" not in call.facts()


def test_a_failed_request_keeps_nothing() -> None:
    asked = vote("a", "b", cache_control={"type": "ephemeral"})
    with Endpoint(faults=[Fault.SERVER_ERROR]) as endpoint:
        send(endpoint, asked)
        usage = send(endpoint, asked).body["usage"]
    assert usage["cache_read_input_tokens"] == 0 < usage["cache_creation_input_tokens"]


def test_chat_completions_count_cached_tokens_as_a_part_of_the_prompt() -> None:
    asked = match("a", "b")
    asked["messages"][0]["content"] = [
        {"type": "text", "text": asked["messages"][0]["content"], **MARK}
    ]
    with Endpoint() as endpoint:
        first, again = (post(endpoint, asked).body["usage"] for _ in range(2))
    kept = first["prompt_tokens_details"]["cache_write_tokens"]
    assert again["prompt_tokens_details"] == {"cached_tokens": kept, "cache_write_tokens": 0}
    assert 0 < kept < again["prompt_tokens"] == first["prompt_tokens"]


def request(*texts: str, marked: tuple[int, ...] = (), model: str = "m") -> ChatRequest:
    blocks: list[dict[str, Any]] = [{"type": "text", "text": text} for text in texts]
    for place in marked:
        blocks[place] |= MARK
    messages = [{"role": "user", "content": blocks}]
    return ChatRequest(0, {"model": model, "messages": messages})


def test_the_longest_beginning_that_is_kept_is_found_at_any_block_before_the_last_mark() -> None:
    cache = PromptCache()
    cache.keep(request("a" * 40, "b" * 40, "c" * 40, marked=(0, 1)))
    usage = Usage(input_tokens=100)
    other = cache.count(request("a" * 40, "b" * 40, "d" * 40, marked=(2,)), usage)
    assert (other.cached_tokens, other.written_tokens) == (20, 10)
    shorter = cache.count(request("a" * 40, "b" * 40, marked=(0,)), usage)
    assert (shorter.cached_tokens, shorter.written_tokens) == (10, 0)


@pytest.mark.parametrize("again", [request("a" * 40, marked=()), request("a" * 40, "b", model="n")])
def test_without_a_mark_or_of_another_model_nothing_is_found(again: ChatRequest) -> None:
    cache = PromptCache()
    cache.keep(request("a" * 40, marked=(0,)))
    assert cache.count(again, Usage(9)) == Usage(9)


def test_marks_are_four_at_most_and_stand_on_text() -> None:
    cache = PromptCache()
    with pytest.raises(Misunderstood, match="5 blocks are marked, and 4 may be"):
        cache.count(request(*"abcde", marked=(0, 1, 2, 3, 4)), Usage())
    with pytest.raises(Misunderstood, match="an empty block"):
        cache.count(request("", marked=(0,)), Usage())
    odd = request("a")
    odd.body["messages"][0]["content"][0]["cache_control"] = {"type": "for ever"}
    with pytest.raises(Misunderstood, match="not a mark"):
        cache.count(odd, Usage())


@given(
    st.lists(st.lists(st.sampled_from("abc"), min_size=1, max_size=4), min_size=1, max_size=8),
    st.data(),
)
def test_what_is_read_and_written_is_never_more_than_the_prompt(
    prompts: list[list[str]], data: st.DataObject
) -> None:
    cache = PromptCache()
    for blocks in prompts:
        marks = data.draw(st.sets(st.integers(0, len(blocks) - 1)))
        asked = request(*(block * 40 for block in blocks), marked=tuple(marks))
        whole = Usage(input_tokens=10 * len(blocks), output_tokens=1)
        counted = cache.count(asked, whole)
        ends = 10 * (max(marks) + 1) if marks else 0
        assert counted.cached_tokens + counted.written_tokens == ends <= counted.input_tokens
        cache.keep(asked)
        assert cache.count(asked, whole).written_tokens == 0


def test_an_answer_bears_the_headers_that_the_test_gave() -> None:
    with Endpoint(headers={"anthropic-ratelimit-requests-remaining": "7"}) as endpoint:
        answer = send(endpoint, vote("a", "b"))
    assert answer.headers["anthropic-ratelimit-requests-remaining"] == "7"
