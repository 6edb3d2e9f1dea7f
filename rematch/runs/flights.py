"""Single flight: equal questions that are asked together are asked once."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from rematch.runs.gate import Gate

T = TypeVar("T")
_LOOK_AFTER = 5.0
"""Seconds after which a follower looks whether the other event loop is still there."""


class FlightAbandonedError(Exception):
    """The event loop that carried the question ended before its answer."""


@dataclass(frozen=True)
class Flight(Generic[T]):
    """A question under way. `is_mine`: this caller's was the first."""

    task: asyncio.Task[T]
    loop: asyncio.AbstractEventLoop
    is_mine: bool

    async def land(self) -> T:
        """The answer. Whoever is cancelled while waiting leaves the question under way.

        Raises:
            FlightAbandonedError: ask again.
        """
        if self.loop is asyncio.get_running_loop():
            return await asyncio.shield(self.task)
        answer: concurrent.futures.Future[T] = concurrent.futures.Future()
        try:
            self.loop.call_soon_threadsafe(self._tell, answer)
        except RuntimeError:
            raise FlightAbandonedError from None
        waiting = asyncio.wrap_future(answer)
        while not waiting.done():
            await asyncio.wait([waiting], timeout=_LOOK_AFTER)
            if self.loop.is_closed() and not waiting.done():
                raise FlightAbandonedError
        return waiting.result()

    def _tell(self, answer: concurrent.futures.Future[T]) -> None:
        def tell(task: asyncio.Task[T]) -> None:
            if not answer.set_running_or_notify_cancel():
                return
            if task.cancelled():
                answer.set_exception(FlightAbandonedError())
            elif error := task.exception():
                answer.set_exception(error)
            else:
                answer.set_result(task.result())

        self.task.add_done_callback(tell)


class Flights(Generic[T]):
    """Questions under way, by key. Safe to share between threads and event loops."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._lock = threading.Lock()
        self._flights: dict[bytes, Flight[T]] = {}

    def board(self, key: bytes, ask: Callable[[], Coroutine[Any, Any, T]]) -> Flight[T]:
        """The question's flight: the one under way, or a new one."""
        loop = asyncio.get_running_loop()
        with self._lock:
            known = self._flights.get(key)
            if known is not None and not known.task.done() and not known.loop.is_closed():
                return Flight(known.task, known.loop, is_mine=False)
            task = self._gate.start(self._carry(key, ask))
            flight = self._flights[key] = Flight(task, loop, is_mine=True)
        return flight

    async def _carry(self, key: bytes, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        mine = asyncio.current_task()
        try:
            return await ask()
        finally:
            with self._lock:
                if key in self._flights and self._flights[key].task is mine:
                    del self._flights[key]
