"""The one event loop on which Harbor lives.

Harbor keeps locks and its providers' connections per process, bound to the loop that used them
first; a second run in the same process would find them bound to a loop that is gone.
"""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

_THREADS = 32
"""DSPy waits in the loop's own pool; see app.building."""
_guard = threading.Lock()
_loops: list[asyncio.AbstractEventLoop] = []


async def run_in_harbor(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine on Harbor's loop, in a copy of the caller's context.

    Where the caller is cancelled, the job is too, and its end is waited for: a trial stops its
    environment then.
    """
    loop = _open_loop()
    context = contextvars.copy_context()
    ended: Future[T] = Future()
    running: list[asyncio.Task[T]] = []

    def start() -> None:
        task = loop.create_task(job(), context=context)
        task.add_done_callback(lambda done: _tell(ended, done))
        running.append(task)

    loop.call_soon_threadsafe(start)
    waiting = asyncio.wrap_future(ended)
    try:
        return await asyncio.shield(waiting)
    except asyncio.CancelledError:
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in running])
        await asyncio.wait([waiting])
        raise


def _tell(ended: Future[T], done: asyncio.Task[T]) -> None:
    if done.cancelled():
        ended.set_exception(asyncio.CancelledError())
    elif (error := done.exception()) is not None:
        ended.set_exception(error)
    else:
        ended.set_result(done.result())


def _open_loop() -> asyncio.AbstractEventLoop:
    with _guard:
        if not _loops:
            loop = asyncio.new_event_loop()
            loop.set_default_executor(ThreadPoolExecutor(_THREADS, thread_name_prefix="harbor"))
            threading.Thread(target=loop.run_forever, name="harbor", daemon=True).start()
            _loops.append(loop)
        return _loops[0]
