"""The gate: open until something closes it, and then nobody passes, sleeps on or is torn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from rematch.errors import BudgetSpentError, ModelRefusedError
from rematch.runs.gate import Gate
from rematch.stopping import Stop, StoppedError, stopping

T = TypeVar("T")
LONG = 3600.0
"""Seconds that no test waits for: who sleeps so long is woken, or the test hangs."""


def run(job: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(job)


def refusal(text: str = "no money") -> ModelRefusedError:
    return ModelRefusedError(text)


async def until_asleep(*tasks: asyncio.Task[Any]) -> None:
    """Let the tasks run to where they wait."""
    for _ in range(3):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


def test_an_open_gate_lets_pass_and_a_closed_one_says_why() -> None:
    gate = Gate()
    gate.check()
    gate.close(refusal())
    for _ in range(2):
        with pytest.raises(ModelRefusedError, match="no money"):
            gate.check()


def test_the_first_reason_stays() -> None:
    gate = Gate()
    gate.close(refusal("the key is bad"))
    gate.close(BudgetSpentError("later"))
    with pytest.raises(ModelRefusedError, match="the key is bad"):
        gate.check()


def test_a_reason_that_is_raised_often_grows_no_traceback() -> None:
    """One error is raised for thousands of calls: each would add its frames to the last's."""
    gate = Gate()
    gate.close(refusal())

    def depth() -> int:
        with pytest.raises(ModelRefusedError) as caught:
            gate.check()
        return len(caught.traceback)

    assert depth() == depth() == depth()


def test_who_wants_to_end_passes_no_gate() -> None:
    async def main() -> None:
        stop, gate = Stop(), Gate()
        stopping.set(stop)

        async def job() -> None:
            gate.check()
            assert stop.wish()
            await asyncio.sleep(0)
            with pytest.raises(StoppedError):
                gate.check()

        await stop.run(job())

    run(main())


def test_a_short_sleep_ends_by_itself_and_none_is_none() -> None:
    async def main() -> None:
        gate = Gate()
        await gate.sleep(0.001)
        await gate.sleep(0)
        await gate.sleep(-1)

    run(main())


def test_nobody_falls_asleep_before_a_closed_gate() -> None:
    gate = Gate()
    gate.close(refusal())
    for seconds in (0, LONG):
        with pytest.raises(ModelRefusedError):
            run(gate.sleep(seconds))


def test_closing_wakes_all_who_sleep_and_tells_them_why() -> None:
    async def main() -> list[object]:
        gate = Gate()
        sleepers = [asyncio.create_task(gate.sleep(LONG)) for _ in range(3)]
        await until_asleep(*sleepers)
        gate.close(refusal())
        return await asyncio.gather(*sleepers, return_exceptions=True)

    assert [str(told) for told in run(main())] == ["no money"] * 3


def test_a_gate_may_be_closed_from_another_thread() -> None:
    async def main() -> None:
        gate = Gate()
        sleeper = asyncio.create_task(gate.sleep(LONG))
        await until_asleep(sleeper)
        thread = threading.Thread(target=gate.close, args=(refusal(),))
        thread.start()
        with pytest.raises(ModelRefusedError):
            await sleeper
        thread.join()

    run(main())


def test_a_wish_to_end_wakes_who_sleeps() -> None:
    async def main() -> None:
        stop, gate = Stop(), Gate()
        stopping.set(stop)
        asyncio.get_running_loop().call_soon(stop.wish)
        await stop.run(gate.sleep(LONG))

    with pytest.raises(StoppedError):
        run(main())


def test_a_sleeper_that_is_cancelled_leaves_the_gate_usable() -> None:
    async def main() -> None:
        gate = Gate()
        sleeper = asyncio.create_task(gate.sleep(LONG))
        await until_asleep(sleeper)
        sleeper.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sleeper
        await gate.sleep(0.001)
        gate.close(refusal())

    run(main())


def test_a_call_goes_on_when_nobody_waits_for_it_any_more() -> None:
    done: list[str] = []

    async def main() -> None:
        gate, answer = Gate(), asyncio.Event()

        async def call() -> None:
            await answer.wait()
            done.append("recorded")

        async def ask() -> None:
            await asyncio.shield(gate.start(call()))

        asking = asyncio.create_task(ask())
        await until_asleep(asking)
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        assert (gate.under_way, done) == (1, [])
        gate.close(refusal())
        asyncio.get_running_loop().call_soon(answer.set)
        await gate.drain()
        assert gate.under_way == 0

    run(main())
    assert done == ["recorded"]


def test_draining_waits_for_what_begins_meanwhile_too() -> None:
    async def main() -> list[str]:
        gate = Gate()
        done: list[str] = []

        async def call(name: str) -> None:
            await asyncio.sleep(0)
            if name == "first":
                gate.start(call("second"))
            done.append(name)

        gate.start(call("first"))
        await gate.drain()
        await gate.drain()  # nothing to wait for
        return done

    assert run(main()) == ["first", "second"]


def test_a_call_that_fails_or_is_cancelled_is_under_way_no_more() -> None:
    """Nobody need look at a failure that nobody waits for: asyncio would complain (an error)."""

    async def main() -> None:
        gate = Gate()

        async def fail() -> None:
            raise KeyError("no answer")

        failing, waiting = gate.start(fail()), gate.start(asyncio.sleep(LONG))
        waiting.cancel()
        await gate.drain()
        await asyncio.sleep(0)
        assert gate.under_way == 0
        assert waiting.cancelled()
        with pytest.raises(KeyError):
            await failing

    run(main())


def test_what_is_under_way_at_the_gate_is_finished_before_the_job_ends() -> None:
    recorded: list[str] = []

    async def main() -> None:
        stop, gate = Stop(), Gate()
        stopping.set(stop)

        async def call() -> None:
            assert stop.under_way == 1
            stop.wish()
            await asyncio.sleep(0.01)
            recorded.append("answer")

        async def job() -> None:
            gate.start(call())
            await stop.stand_still()

        with pytest.raises(StoppedError):
            await stop.run(job())
        assert stop.under_way == 0

    run(main())
    assert recorded == ["answer"]


def test_each_loop_drains_its_own_calls_only() -> None:
    gate = Gate()
    begun, release = threading.Event(), threading.Event()

    async def elsewhere() -> None:
        async def call() -> None:
            begun.set()
            await asyncio.to_thread(release.wait)

        gate.start(call())
        await gate.drain()

    thread = threading.Thread(target=lambda: run(elsewhere()))
    thread.start()
    try:
        assert begun.wait(60)
        run(gate.drain())  # of another loop: it would wait for ever
        assert gate.under_way == 1
    finally:
        release.set()
        thread.join()
    assert gate.under_way == 0


def test_closing_forgives_a_loop_that_is_gone() -> None:
    """A loop that was torn down while somebody slept in it has nobody to wake."""
    gate = Gate()
    loop = asyncio.new_event_loop()
    sleeper = loop.create_task(gate.sleep(LONG))
    loop.run_until_complete(asyncio.sleep(0))
    loop.close()
    gate.close(refusal())
    with pytest.raises(ModelRefusedError):
        gate.check()
    sleeper.get_coro().close()  # type: ignore[union-attr]
