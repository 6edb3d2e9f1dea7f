"""A clock that jumps: tests of patience compute with exact seconds and take none."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.testing.virtual_time import VirtualLoop, run_virtually

waits = st.lists(st.integers(1, 10_000), min_size=1, max_size=8)


async def sleep(seconds: float) -> float:
    await asyncio.sleep(seconds)
    return asyncio.get_running_loop().time()


def test_an_hour_is_over_at_once() -> None:
    now, took = run_virtually(sleep(3_600))
    assert now == pytest.approx(3_600)
    assert took == pytest.approx(3_600)


def test_a_job_that_does_not_wait_takes_no_time() -> None:
    async def count() -> int:
        await asyncio.sleep(0)
        return 3

    assert run_virtually(count()) == (3, 0.0)


@given(waits)
def test_one_after_the_other_takes_the_sum_and_together_the_longest(seconds: list[int]) -> None:
    async def in_turn() -> None:
        for wait in seconds:
            await sleep(wait)

    async def together() -> list[float]:
        return await asyncio.gather(*map(sleep, seconds))

    assert run_virtually(in_turn())[1] == pytest.approx(sum(seconds))
    woken, took = run_virtually(together())
    assert took == pytest.approx(max(seconds))
    assert woken == pytest.approx([float(wait) for wait in seconds])


@given(waits)
def test_sleepers_wake_in_the_order_of_their_waits(seconds: list[int]) -> None:
    woken: list[int] = []

    async def note(wait: int) -> None:
        await asyncio.sleep(wait)
        woken.append(wait)

    async def all_of_them() -> None:
        await asyncio.gather(*map(note, seconds))

    run_virtually(all_of_them())
    assert woken == sorted(seconds)


def test_patience_ends_on_the_dot() -> None:
    async def lose_patience() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await asyncio.sleep(61)
        return asyncio.get_running_loop().time()

    assert run_virtually(lose_patience())[0] == pytest.approx(60)


def test_a_cancelled_sleeper_holds_up_nobody() -> None:
    async def cancel() -> bool:
        sleeper = asyncio.create_task(asyncio.sleep(1_000))
        await asyncio.sleep(1)
        sleeper.cancel()
        await asyncio.wait([sleeper])
        return sleeper.cancelled()

    cancelled, took = run_virtually(cancel())
    assert cancelled
    assert took == pytest.approx(1)


def test_a_jobs_error_is_its_callers_and_the_next_job_begins_at_zero() -> None:
    async def fail() -> None:
        await asyncio.sleep(5)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        run_virtually(fail())
    assert run_virtually(sleep(2))[1] == pytest.approx(2)


def test_every_loop_has_a_clock_of_its_own() -> None:
    one, other = VirtualLoop(), VirtualLoop()
    try:
        one.run_until_complete(asyncio.sleep(7))
        assert one.time() == pytest.approx(7)
        assert other.time() == 0
    finally:
        one.close()
        other.close()
