"""A request's body is read, or it is not understood: a client never meets an error of ours."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.testing.prompts import Misunderstood
from rematch.testing.request import ChatRequest, Message, Reply, ToolCall
from rematch.testing.usage import Usage, count_tokens, message_tokens

KEYS = st.sampled_from(["role", "content", "type", "text", "function", "name", "tool_calls", "id"])
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["text", "user", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=10,
)
FIELDS = ("n", "messages", "tools", "max_tokens", "max_completion_tokens", "model")


@given(st.dictionaries(st.sampled_from(FIELDS), ANY))
def test_any_body_is_read_or_not_understood(body: dict[str, Any]) -> None:
    for name in (
        "n",
        "messages",
        "tools",
        "max_tokens",
        "params",
        "model",
        "prompt",
        "content_hash",
    ):
        try:
            getattr(ChatRequest(1, body), name)
        except Misunderstood as error:
            assert str(error)


def ask(*messages: dict[str, Any], **more: Any) -> ChatRequest:
    return ChatRequest(1, {"model": "m", "messages": list(messages), **more})


def test_content_parts_are_joined_and_calls_kept() -> None:
    call = {"id": "c", "function": {"name": "bash", "arguments": "{}"}}
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    request = ask(
        {"role": "user", "content": parts},
        {"role": "assistant", "content": None, "tool_calls": [call]},
    )
    assert request.messages == (
        Message("user", "ab"),
        Message("assistant", "", (ToolCall("bash", "{}", "c"),)),
    )
    assert request.text == "ab\n\n"
    assert request.last_user == "ab"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "non-empty list `messages`"),
        ({"messages": []}, "non-empty list `messages`"),
        ({"messages": ["x"]}, "not a message"),
        ({"messages": [{"content": "x"}]}, "not a message"),
        ({"messages": [{"role": "user", "content": 3}]}, "only text content"),
        ({"messages": [{"role": "user", "content": ["x"]}]}, "only text content"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "only text content"),
        ({"messages": [{"role": "user", "content": "", "tool_calls": "x"}]}, "must be a list"),
        ({"messages": [{"role": "user", "content": "", "tool_calls": [{}]}]}, "not a function"),
    ],
)
def test_what_is_no_conversation_says_why(body: dict[str, Any], said: str) -> None:
    with pytest.raises(Misunderstood, match=said):
        _ = ChatRequest(1, body).messages


@pytest.mark.parametrize("n", [0, -1, 129, "2", 1.5])
def test_a_number_of_completions_is_one(n: object) -> None:
    with pytest.raises(Misunderstood, match="whole number from 1 to 128"):
        _ = ask(n=n).n
    assert ask(n=None).n == ask().n == 1
    assert ask(n=128).n == 128


def test_the_cap_has_two_names_and_other_parameters_their_own() -> None:
    request = ask(max_tokens=5, temperature=0.5)
    assert request.max_tokens == 5
    assert ask(max_completion_tokens=7, max_tokens=5).max_tokens == 7
    assert ask().max_tokens is None
    assert request.params == {"max_tokens": 5, "temperature": 0.5}


def test_equal_requests_are_equal_whatever_their_parameters() -> None:
    user = {"role": "user", "content": "a"}
    tool = {"function": {"name": "bash"}}
    one = ask(user, tools=[tool])
    assert one.content_hash == ask(user, tools=[tool], n=3, temperature=1).content_hash
    others = [ask(user), ask({**user, "role": "system"}, tools=[tool]), ask(user, user)]
    assert one.content_hash not in {other.content_hash for other in others}
    assert list(one.tools) == ["bash"]


@given(st.lists(st.text(max_size=9)))
def test_tokens_are_quarters_of_bytes_rounded_up_once(texts: list[str]) -> None:
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    assert count_tokens(*texts) == -(-size // 4)
    assert message_tokens([Message("user", text) for text in texts]) == count_tokens(*texts)


def test_tool_calls_are_tokens_too_and_usages_add_up() -> None:
    assert message_tokens([Reply("abcd", (ToolCall("bash", "{}"),))]) == 3
    total = Usage(3, 4) + Usage(1, 2)
    assert (total, total.tokens) == (Usage(4, 6), 10)
