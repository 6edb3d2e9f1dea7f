"""What came back, in one form whatever carried it: its tokens, and no endless text."""

from __future__ import annotations

from dataclasses import replace

from dspy import lm15

REPLY_CAP = 64_000
"""Characters of a reply that are read; parsers may take quadratic time on hostile ones."""


def cap_reply(response: lm15.Response) -> lm15.Response:
    """The response with at most 64,000 characters of text."""
    text = response.text
    if text is None or len(text) <= REPLY_CAP:
        return response
    return replace(response, message=lm15.Message.assistant(text[:REPLY_CAP]))


def count_cache(response: lm15.Response, provider: str) -> lm15.Response:
    """A native reply whose input tokens are all that was read, as OpenAI and litellm count them.

    Anthropic counts what it read from its cache, and what it wrote there, apart.
    """
    told = response.usage
    if not counts_apart(provider) or told.input_tokens is None:
        return response
    taken = told.input_tokens + (told.cache_read_tokens or 0) + (told.cache_write_tokens or 0)
    return replace(response, usage=replace(told, input_tokens=taken, total_tokens=None))


def counts_apart(provider: str) -> bool:
    """Whether the native engine's provider counts cached tokens apart from input tokens."""
    return provider.endswith("anthropic")
