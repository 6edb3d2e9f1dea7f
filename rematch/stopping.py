"""Stopping: nothing new is begun, what is under way is finished. Then the job ends."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextvars import ContextVar
from typing import Any, NoReturn, TypeVar

T = TypeVar("T")
_GRACE = 0.2
"""Seconds in which a job may end by itself, once nothing is under way."""


class StoppedError(BaseException):
    """The user wants to end. No Exception: nobody shall record it as a failure of a task."""

    def __init__(self) -> None:
        super().__init__("interrupted")


class Stop:
    """Whether the user wants to end, and what is still to be finished.

    Safe to share between threads and event loops; `wish` and `hurry` may be called from a signal's
    handler.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wished = False
        self._hurried = False
        self._under_way = 0
        self._told: set[Callable[[], None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def is_wished(self) -> bool:
        """Whether nothing new shall begin."""
        return self._wished

    @property
    def under_way(self) -> int:
        """How many things are to be finished."""
        return self._under_way

    def check(self) -> None:
        """Pass, or raise.

        Raises:
            StoppedError: nothing new shall begin.
        """
        if self._wished:
            raise StoppedError

    def wish(self) -> bool:
        """Begin nothing new and finish what is under way; False where no job listens."""
        return self._call(self._wish)

    def hurry(self) -> bool:
        """Do not even finish what is under way; False where no job listens."""
        return self._call(self._hurry)

    async def stand_still(self) -> NoReturn:
        """Wait for the end: for whoever would begin something new."""
        await asyncio.get_running_loop().create_future()
        raise AssertionError("unreachable")

    @contextlib.contextmanager
    def finishing(self) -> Iterator[None]:
        """What is done in this context is finished before the job ends."""
        self.begin()
        try:
            yield
        finally:
            self.end()

    def begin(self) -> None:
        """One thing more is under way."""
        with self._lock:
            self._under_way += 1

    def end(self) -> None:
        """One thing is finished."""
        with self._lock:
            self._under_way -= 1
        if self._wished:
            self._tell()

    @contextlib.contextmanager
    def listening(self, told: Callable[[], None]) -> Iterator[None]:
        """Call `told`, from any thread, when the user wants to end, and as things end then."""
        with self._lock:
            self._told.add(told)
        try:
            yield
        finally:
            with self._lock:
                self._told.discard(told)

    async def run(self, job: Coroutine[Any, Any, T]) -> T:
        """The job's result; where the user wants to end, what is under way is finished first.

        Raises:
            StoppedError: the user wanted to end.
        """
        work = asyncio.ensure_future(job)
        finish = asyncio.ensure_future(self._finish())
        self._loop = asyncio.get_running_loop()
        try:
            await asyncio.wait([work, finish], return_when=asyncio.FIRST_COMPLETED)
            if self._wished:
                await finish
                await asyncio.wait([work], timeout=0 if self._hurried else _GRACE)
                if not work.done() or work.cancelled():
                    raise StoppedError
            return work.result()
        finally:
            self._loop = None
            for task in (work, finish):
                task.cancel()
            await asyncio.wait([work, finish])
            if not work.cancelled():
                work.exception()  # seen

    async def _finish(self) -> None:
        """Return when the user wants to end and nothing is under way, or all the same."""
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()
        with self.listening(lambda: _set_soon(loop, changed)):
            while not (self._hurried or (self._wished and self._under_way == 0)):
                await changed.wait()
                changed.clear()

    def _call(self, change: Callable[[], None]) -> bool:
        loop = self._loop
        if loop is None:
            return False
        loop.call_soon_threadsafe(change)
        return True

    def _wish(self) -> None:
        self._wished = True
        self._tell()

    def _hurry(self) -> None:
        self._hurried = self._wished = True
        self._tell()

    def _tell(self) -> None:
        with self._lock:
            told = list(self._told)
        for tell in told:
            tell()


def _set_soon(loop: asyncio.AbstractEventLoop, event: asyncio.Event) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(event.set)


_NOBODYS = Stop()
stopping: ContextVar[Stop] = ContextVar("stopping", default=_NOBODYS)
"""The stop of the job that this is part of; by default one that nobody wishes."""
