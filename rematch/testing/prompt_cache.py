"""A provider's cache of prompts that keeps what is marked, as Anthropic's does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rematch.testing.prompts import Misunderstood
from rematch.testing.request import ChatRequest
from rematch.testing.usage import Usage, count_tokens

MOST_MARKS = 4

Beginning = tuple[str, ...]


class PromptCache:
    """Keeps the beginnings of prompts up to their marks, for each model by itself.

    What a request writes is found once it was answered, not before; any block's end before the
    last mark is found. Nothing is too short, and nothing is ever forgotten. Used from one thread.
    """

    def __init__(self) -> None:
        self._kept: set[tuple[str, Beginning]] = set()

    def count(self, request: ChatRequest, usage: Usage) -> Usage:
        """The usage with what of its input is read from the cache, and what is written there.

        Raises:
            Misunderstood: there are more than four marks, or one on an empty block.
        """
        texts, marks = _read_blocks(request.body)
        if not marks:
            return usage
        if len(marks) > MOST_MARKS:
            raise Misunderstood(f"{len(marks)} blocks are marked, and {MOST_MARKS} may be")
        sizes = [count_tokens(*texts[: end + 1]) for end in range(marks[-1] + 1)]
        found = [
            size
            for end, size in enumerate(sizes)
            if (request.model, tuple(texts[: end + 1])) in self._kept
        ]
        cached = max(found, default=0)
        return replace(usage, cached_tokens=cached, written_tokens=sizes[-1] - cached)

    def keep(self, request: ChatRequest) -> None:
        """What an answered request wrote is there from now on."""
        texts, marks = _read_blocks(request.body)
        self._kept |= {(request.model, tuple(texts[: end + 1])) for end in marks}


def _read_blocks(body: Mapping[str, Any]) -> tuple[list[str], list[int]]:
    """The texts of all blocks, and the places of those that are marked."""
    texts: list[str] = []
    marks: list[int] = []
    for message in body["messages"]:
        content = message.get("content") or ""
        blocks = [{"text": content}] if isinstance(content, str) else content
        for block in blocks:
            if "cache_control" in block:
                _check_mark(block)
                marks.append(len(texts))
            texts.append(block.get("text", ""))
    if "cache_control" in body and len(texts) - 1 not in marks:
        marks.append(len(texts) - 1)
    return texts, marks


def _check_mark(block: Mapping[str, Any]) -> None:
    if block["cache_control"] != {"type": "ephemeral"}:
        raise Misunderstood(f"not a mark: {block['cache_control']!r}")
    if not block.get("text"):
        raise Misunderstood("an empty block cannot be marked")


def show_beginnings(body: Mapping[str, Any]) -> list[str]:
    """The marked beginnings themselves, the shortest one first."""
    texts, marks = _read_blocks(body)
    return ["".join(texts[: end + 1]) for end in marks]
