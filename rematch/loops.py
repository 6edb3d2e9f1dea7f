"""Event loops: run a coroutine to its end from code that is not async."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


def run_sync(job: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end, also from inside a running loop (a notebook)."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(job)
    context = contextvars.copy_context()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(context.run, asyncio.run, job).result()


class LoopThread:
    """One event loop in a thread of its own, for the jobs of many threads (a context manager).

    What they ask shares connections; a loop for each job would open them anew. A job sees the
    context variables of the thread that brought it.

    Args:
        threads: of the loop's default executor.
    """

    def __init__(self, threads: int = 32) -> None:
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(threads))
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def run(self, job: Coroutine[Any, Any, T]) -> T:
        """Run a job to its end; called from any thread but the loop's own."""
        return asyncio.run_coroutine_threadsafe(job, self._loop).result()

    def __deepcopy__(self, _: Any) -> Self:
        """Optimizers copy what they tune; the loop stays one."""
        return self

    def __enter__(self) -> Self:
        """Start the thread."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Cancel what still runs, and end the thread."""
        self.run(_cancel_others())
        self.run(self._loop.shutdown_default_executor())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
