"""Harbor's loop: one for the process, in the caller's context, cancelled with the caller."""

from __future__ import annotations

import asyncio
import threading

import pytest

from rematch.agents.harbor.loop import run_in_harbor
from rematch.agents.harbor.seat import operator


async def name_place() -> tuple[asyncio.AbstractEventLoop, str]:
    return asyncio.get_running_loop(), threading.current_thread().name


def test_two_runs_meet_on_the_same_loop() -> None:
    first = asyncio.run(run_in_harbor(name_place))
    second = asyncio.run(run_in_harbor(name_place))
    assert first == second
    assert first[1] == "harbor"


def test_the_callers_context_goes_along() -> None:
    async def ask() -> object:
        return operator.get()

    async def call() -> object:
        mark = object()
        token = operator.set(mark)  # type: ignore[arg-type]
        try:
            return await run_in_harbor(ask) is mark
        finally:
            operator.reset(token)

    assert asyncio.run(call()) is True
    assert asyncio.run(run_in_harbor(ask)) is None


def test_an_error_comes_back() -> None:
    async def fail() -> None:
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        asyncio.run(run_in_harbor(fail))


def test_a_cancelled_caller_waits_until_the_job_has_cleaned_up() -> None:
    seen: list[str] = []

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            seen.append("cleaned up")

    async def call() -> None:
        job = asyncio.create_task(run_in_harbor(work))
        await asyncio.sleep(0.1)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job
        seen.append("left")

    asyncio.run(call())
    assert seen == ["cleaned up", "left"]
