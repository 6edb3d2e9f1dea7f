"""One form for what came back: input tokens are all that was read, whatever carried the reply."""

from __future__ import annotations

from typing import Any

import pytest
from dspy import lm15
from hypothesis import given
from hypothesis import strategies as st

from rematch.runs.replies import REPLY_CAP, cap_reply, count_cache, counts_apart

counts = st.none() | st.integers(0, 100_000)


def reply(text: str = "", **usage: Any) -> lm15.Response:
    return lm15.Response(
        id=None,
        model="m",
        message=lm15.Message.assistant(text),
        finish_reason="stop",
        usage=lm15.Usage(**usage),
    )


@given(fresh=st.integers(0, 100_000), cached=counts, written=counts)
def test_anthropics_parts_are_summed(fresh: int, cached: int | None, written: int | None) -> None:
    told = reply(input_tokens=fresh, cache_read_tokens=cached, cache_write_tokens=written)
    usage = count_cache(told, "anthropic").usage
    assert usage.input_tokens == fresh + (cached or 0) + (written or 0)
    assert (usage.cache_read_tokens, usage.cache_write_tokens) == (cached, written)


@pytest.mark.parametrize("provider", ["openai-chat", "openrouter", "gemini", "vllm"])
def test_others_count_the_cache_as_a_part(provider: str) -> None:
    told = reply(input_tokens=100, output_tokens=5, cache_read_tokens=60)
    assert count_cache(told, provider) == told
    assert not counts_apart(provider)


def test_a_count_that_is_not_told_stays_untold() -> None:
    told = reply(cache_read_tokens=60)
    assert count_cache(told, "anthropic") == told


@pytest.mark.parametrize("size", [0, REPLY_CAP, REPLY_CAP + 1])
def test_no_more_of_a_reply_is_read_than_parsers_can_bear(size: int) -> None:
    assert len(cap_reply(reply("x" * size)).text or "") == min(size, REPLY_CAP)
