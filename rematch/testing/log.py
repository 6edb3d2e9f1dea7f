"""What the endpoint saw and answered: the tests' witness."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rematch.testing.answer import Answer
from rematch.testing.prompt_cache import show_beginnings
from rematch.testing.request import ChatRequest, Message, Reply
from rematch.testing.usage import Usage

KEPT_HEADERS = ("user-agent", "content-type", "idempotency-key", "x-stainless-retry-count")
_TEXTS = ("messages", "replies", "beginnings")


def key_hash(key: str) -> str:
    """What the log keeps of an API key."""
    return hashlib.sha256(key.encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Call:
    """One request and what became of it. Times are seconds since the endpoint's start.

    `messages` and `replies` are empty when the log keeps sizes only. `fault` is empty for a
    plain reply. `client_gone` tells that the client had hung up before the answer. `beginnings` are
    those of the prompt that are marked for a cache, kept as messages are; `marks` counts them.
    """

    number: int
    path: str
    model: str
    role: str
    key_hash: str
    n: int
    attempt: int
    content_hash: str
    messages: tuple[Message, ...]
    message_bytes: int
    beginnings: tuple[str, ...]
    marks: int
    params: Mapping[str, Any]
    headers: Mapping[str, str]
    status: int
    fault: str
    replies: tuple[Reply, ...]
    usage: Usage
    latency: float
    started: float
    ended: float
    client_gone: bool

    @property
    def answered(self) -> bool:
        """Whether it got an undisturbed reply."""
        return self.status == 200 and not self.fault

    def facts(self) -> dict[str, Any]:
        """Everything but texts, as JSON can hold it."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        usage = {"usage": vars(self.usage), "params": dict(self.params)}
        return {k: v for k, v in values.items() if k not in _TEXTS} | usage


@dataclass(frozen=True)
class Misunderstanding:
    """A request that was answered with HTTP 400 because nothing here understands it."""

    number: int
    path: str
    reason: str
    excerpt: str


class Log:
    """All calls in the order in which they were answered. Safe to read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Append a call."""
        with self._lock:
            self._calls.append(call)

    def __iter__(self) -> Iterator[Call]:
        """The calls so far."""
        with self._lock:
            return iter(tuple(self._calls))

    def __len__(self) -> int:
        """How many calls so far."""
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        """One call; negative indexes count from the newest."""
        return self._calls[index]


def record(
    request: ChatRequest,
    answer: Answer,
    *,
    started: float,
    ended: float,
    client_gone: bool,
    keep_messages: bool,
) -> Call:
    """The log's entry for an answered request."""
    texts = [message.text for message in request.messages]
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    beginnings = tuple(show_beginnings(request.body))
    return Call(
        number=request.number,
        path=request.path,
        model=request.model,
        role=request.role,
        key_hash=key_hash(request.headers.get("x-api-key", bearer)),
        n=request.n,
        attempt=request.attempt,
        content_hash=request.content_hash,
        messages=request.messages if keep_messages else (),
        message_bytes=sum(len(text.encode(errors="surrogatepass")) for text in texts),
        beginnings=beginnings if keep_messages else (),
        marks=len(beginnings),
        params=request.params,
        headers={k: v for k, v in request.headers.items() if k in KEPT_HEADERS},
        status=answer.status,
        fault=answer.fault or "",
        replies=answer.replies if keep_messages else (),
        usage=answer.usage,
        latency=answer.latency,
        started=started,
        ended=ended,
        client_gone=client_gone,
    )
