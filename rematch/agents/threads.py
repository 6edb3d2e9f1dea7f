"""Blocking work in threads of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


def run_in_thread(work: Callable[[], T], name: str) -> asyncio.Future[T]:
    """Run blocking work in a new thread; the future tells its result.

    Not in asyncio's own pool: DSPy's calls wait in it. And not in a pool at all: Python waits
    for a pool's threads when it exits, and a model call may take minutes to give up.

    Args:
        work: what to do.
        name: the thread's.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        try:
            result = work()
        except BaseException as error:  # noqa: BLE001  (it is raised where the future is awaited)
            _tell(loop, future, error)
        else:
            _tell(loop, future, None, result)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def _tell(
    loop: asyncio.AbstractEventLoop,
    future: asyncio.Future[T],
    error: BaseException | None,
    result: T | None = None,
) -> None:
    def tell() -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast(T, result))

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(tell)
