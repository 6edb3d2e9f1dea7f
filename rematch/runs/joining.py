"""Equal requests under way together become one request with n completions.

DSPy's own `n` is sequential on a custom engine, and a vote must stay a call of its own (its
sample, its parse), so the joining happens here, on the wire.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar, Union

from dspy import lm15

from rematch.stopping import StoppedError

_PATIENCE = 1.0
"""Seconds to wait for a straggler: some of the expected requests may never come."""

M = TypeVar("M")
R = TypeVar("R")
Outcome = Union[R, BaseException]  # noqa: UP007  (a generic alias must be written so)


@dataclass
class _Group(Generic[M, R]):
    """Equal requests that wait for each other. `excused` of the `expected` need no answer."""

    expected: int
    request: lm15.Request | None = None
    members: list[tuple[M, asyncio.Future[R]]] = field(default_factory=list)
    excused: int = 0
    timer: asyncio.TimerHandle | None = None


class JoinedRequests(Generic[M, R]):
    """Collects equal requests of one event loop and hands each set over once.

    Args:
        deliver: takes a request and its members (what each caller calls itself), and returns
            as many outcomes.
    """

    def __init__(
        self, deliver: Callable[[lm15.Request, Sequence[M]], Awaitable[Sequence[Outcome[R]]]]
    ) -> None:
        self._deliver = deliver
        self._open: dict[bytes, _Group[M, R]] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def complete(self, key: bytes, request: lm15.Request, expected: int, member: M) -> R:
        """This caller's completion.

        Args:
            key: equal for equal requests.
            request: what to send.
            expected: how many equal requests come together.
            member: what this caller calls itself.
        """
        group = self._open.setdefault(key, _Group(expected))
        group.request = request
        mine: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        group.members.append((member, mine))
        self._wait_or_send(key, group)
        return await mine

    def excuse(self, key: bytes, expected: int) -> None:
        """One of the expected requests needs no answer, so nobody shall wait for it."""
        group = self._open.setdefault(key, _Group(expected))
        group.excused += 1
        self._wait_or_send(key, group)

    def _wait_or_send(self, key: bytes, group: _Group[M, R]) -> None:
        if group.timer:
            group.timer.cancel()
        if len(group.members) + group.excused >= group.expected:
            self._send(key)
        else:
            loop = asyncio.get_running_loop()
            group.timer = loop.call_later(_PATIENCE, self._send, key)

    def _send(self, key: bytes) -> None:
        group = self._open.pop(key)
        if group.request is None:
            return
        task = asyncio.get_running_loop().create_task(self._answer(group.request, group.members))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _answer(
        self, request: lm15.Request, members: Sequence[tuple[M, asyncio.Future[R]]]
    ) -> None:
        outcomes: Sequence[Outcome[R]]
        try:
            outcomes = await self._deliver(request, [member for member, _ in members])
        except (Exception, StoppedError) as error:  # noqa: BLE001  (every caller raises it)
            outcomes = [error] * len(members)
        for (_, future), outcome in zip(members, outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)
