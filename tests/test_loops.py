"""Coroutines run to their end from code that is not async, and blocking work beside a loop."""

from __future__ import annotations

import asyncio
import contextvars
import copy
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from rematch.agents.threads import run_in_thread
from rematch.loops import LoopThread, run_sync

_seen: contextvars.ContextVar[str] = contextvars.ContextVar("_seen", default="")


async def tell() -> tuple[str, int]:
    await asyncio.sleep(0)
    return _seen.get(), threading.get_ident()


async def fail() -> None:
    raise KeyError("x")


def test_a_job_runs_with_its_callers_context_inside_and_outside_of_a_loop() -> None:
    token = _seen.set("mine")
    try:
        assert run_sync(tell())[0] == "mine"

        async def inside() -> tuple[str, int]:
            return run_sync(tell())

        said, thread = asyncio.run(inside())
        assert said == "mine"
        assert thread != threading.get_ident()
    finally:
        _seen.reset(token)


def test_an_error_reaches_the_caller() -> None:
    with pytest.raises(KeyError):
        run_sync(fail())
    with LoopThread() as loop, pytest.raises(KeyError):
        loop.run(fail())


def test_one_loop_serves_many_threads_each_with_its_context() -> None:
    def work(name: str) -> tuple[str, int]:
        _seen.set(name)
        return loop.run(tell())

    with LoopThread() as loop, ThreadPoolExecutor(4) as pool:
        said = list(pool.map(work, "abcd"))
    assert [name for name, _ in said] == list("abcd")
    assert len({thread for _, thread in said}) == 1


def test_what_still_runs_is_cancelled_at_the_end_and_a_copy_is_the_same_loop() -> None:
    ended: list[str] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def start() -> None:
        tasks.append(asyncio.create_task(wait()))
        await asyncio.sleep(0)

    tasks: list[asyncio.Task[None]] = []
    with LoopThread() as loop:
        assert copy.deepcopy(loop) is loop
        loop.run(start())
    assert ended == ["cancelled"]


def test_work_in_a_thread_that_nobody_waits_for_any_more_is_no_error() -> None:
    go, gone = threading.Event(), threading.Event()

    def work() -> int:
        go.wait(60)
        gone.set()
        return 1

    async def main() -> None:
        future = run_in_thread(work, "late")
        future.cancel()

    asyncio.run(main())
    go.set()
    assert gone.wait(60)


def test_threads_have_their_names_and_do_not_hold_the_process() -> None:
    async def main() -> threading.Thread:
        return await run_in_thread(threading.current_thread, "a rollout")

    thread = asyncio.run(main())
    assert thread.name == "a rollout"
    assert thread.daemon
