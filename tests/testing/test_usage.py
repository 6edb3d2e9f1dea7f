"""The endpoint's one rule for tokens, by which tests compute what a run must have counted."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.testing.request import Message, Reply, ToolCall
from rematch.testing.usage import Usage, count_tokens, message_tokens

texts = st.lists(st.text(max_size=30), max_size=6)
amounts = st.builds(Usage, st.integers(0, 1_000), st.integers(0, 1_000))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("a", 1), ("abcd", 1), ("abcde", 2), ("ä", 1), ("äää", 2), ("😀", 1), ("\ud800", 1)],
)
def test_tokens_are_quarters_of_bytes_rounded_up(text: str, tokens: int) -> None:
    assert count_tokens(text) == tokens


@given(texts)
def test_texts_are_counted_together(found: list[str]) -> None:
    assert count_tokens(*found) == count_tokens("".join(found))
    assert count_tokens(*found) <= sum(map(count_tokens, found))
    assert count_tokens(*found) == math.ceil(len("".join(found).encode()) / 4)


def test_no_text_is_no_token() -> None:
    assert count_tokens() == 0
    assert message_tokens([]) == 0


def test_a_tools_name_and_arguments_are_read_and_written_too() -> None:
    call = ToolCall("bash", '{"command": "ls"}', id="not counted")
    alone = len("bash") + len('{"command": "ls"}')
    assert message_tokens([Reply("", (call,))]) == math.ceil(alone / 4)
    assert message_tokens([Message("assistant", "abc", (call, call))]) == math.ceil(
        (3 + 2 * alone) / 4
    )


def test_roles_are_no_tokens() -> None:
    assert message_tokens([Message("user", "abcd")]) == message_tokens([Message("system", "abcd")])


@given(amounts, amounts, amounts)
def test_amounts_add_up_in_any_order(a: Usage, b: Usage, c: Usage) -> None:
    assert a + b == b + a
    assert (a + b) + c == a + (b + c)
    assert a + Usage() == a
    assert (a + b).tokens == a.tokens + b.tokens
