"""The gate: calls pass until something closes it; those under way are finished, not torn."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from rematch.errors import RematchError
from rematch.stopping import stopping

T = TypeVar("T")


class Gate:
    """Knows the calls under way. Safe to share between threads and event loops."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reason: RematchError | None = None
        self._under_way: dict[asyncio.Task[Any], asyncio.AbstractEventLoop] = {}
        self._sleeping: dict[asyncio.Future[None], asyncio.AbstractEventLoop] = {}

    def close(self, reason: RematchError) -> None:
        """Let nothing new pass, from now on; the first reason stays."""
        with self._lock:
            self._reason = self._reason or reason
            sleeping = list(self._sleeping.items())
        for future, loop in sleeping:
            _wake_soon(future, loop)

    def check(self) -> None:
        """Pass, or raise why not.

        Raises:
            RematchError: the gate is closed.
            StoppedError: the user wants to end.
        """
        stopping.get().check()
        if self._reason is not None:
            raise self._reason.with_traceback(None)

    @property
    def under_way(self) -> int:
        """How many calls are under way."""
        with self._lock:
            return len(self._under_way)

    def start(self, job: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a call that goes on when those who wait for it are cancelled."""
        loop = asyncio.get_running_loop()
        task = loop.create_task(job)
        with self._lock:
            self._under_way[task] = loop
        stop = stopping.get()
        stop.begin()
        task.add_done_callback(lambda _: stop.end())
        task.add_done_callback(self._forget)
        return task

    async def sleep(self, seconds: float) -> None:
        """Wait; wakes up at once, and raises why, where the gate is closed meanwhile."""
        self.check()
        if seconds <= 0:
            return
        loop = asyncio.get_running_loop()
        woken: asyncio.Future[None] = loop.create_future()
        timer = loop.call_later(seconds, _wake, woken)
        with self._lock:
            self._sleeping[woken] = loop
        try:
            with stopping.get().listening(lambda: _wake_soon(woken, loop)):
                await woken
        finally:
            timer.cancel()
            with self._lock:
                del self._sleeping[woken]
        self.check()

    async def drain(self) -> None:
        """Wait until this loop's calls under way are recorded."""
        loop = asyncio.get_running_loop()
        while True:
            with self._lock:
                tasks = [task for task, its in self._under_way.items() if its is loop]
            if not tasks:
                return
            await asyncio.wait(tasks)

    def _forget(self, task: asyncio.Task[Any]) -> None:
        with self._lock:
            self._under_way.pop(task, None)
        if not task.cancelled():
            task.exception()  # seen: those who wait raise it


def _wake_soon(future: asyncio.Future[None], loop: asyncio.AbstractEventLoop) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody sleeps any more
        loop.call_soon_threadsafe(_wake, future)


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
