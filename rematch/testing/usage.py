"""Tokens, counted by one simple rule: UTF-8 bytes / 4, rounded up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rematch.testing.request import Message, Reply


@dataclass(frozen=True)
class Usage:
    """Tokens by the endpoint's rule: UTF-8 bytes / 4, rounded up.

    Input is the conversation's texts and tool calls together, counted once however many
    completions are asked for; output is rounded per completion. Of the input, so many tokens were
    read from a cache of prompts, and so many written to it.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    written_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Sum of both."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.written_tokens + other.written_tokens,
        )

    @property
    def tokens(self) -> int:
        """Input plus output tokens."""
        return self.input_tokens + self.output_tokens


def count_tokens(*texts: str) -> int:
    """Tokens of the texts together: UTF-8 bytes / 4, rounded up."""
    return math.ceil(sum(len(text.encode(errors="surrogatepass")) for text in texts) / 4)


def message_tokens(messages: Iterable[Message | Reply]) -> int:
    """Tokens of messages, their tool calls included."""
    texts: list[str] = []
    for message in messages:
        texts.append(message.text)
        texts += [call.name + call.arguments for call in message.tool_calls]
    return count_tokens(*texts)
