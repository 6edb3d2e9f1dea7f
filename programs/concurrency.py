"""Structured concurrency whose failures are the failure itself, not a group around it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

T = TypeVar("T")


@asynccontextmanager
async def together() -> AsyncIterator[asyncio.TaskGroup]:
    """A TaskGroup: the first failure cancels the rest and is raised bare."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        raise _first(group) from None


async def gather_all(jobs: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """Results in the order of the jobs; the first failure cancels the rest."""
    async with together() as tasks:
        running = [tasks.create_task(job) for job in jobs]
    return [task.result() for task in running]


def finished(value: T) -> asyncio.Future[T]:
    """What is there already, for whoever awaits it."""
    future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


def _first(group: BaseExceptionGroup[Any]) -> BaseException:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
