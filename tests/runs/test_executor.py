"""Places bound how many jobs of a role run together."""

from __future__ import annotations

import asyncio
from collections import Counter
from functools import partial

import pytest

from rematch.runs.executor import DEFAULT_PLACES, LocalExecutor


class Peaks:
    """Jobs that note how many of their role run together."""

    def __init__(self) -> None:
        self.running: Counter[str] = Counter()
        self.most: Counter[str] = Counter()

    async def job(self, role: str) -> str:
        self.running[role] += 1
        self.most[role] = max(self.most[role], self.running[role])
        await asyncio.sleep(0.001)
        self.running[role] -= 1
        return role


def run_jobs(executor: LocalExecutor, *roles: str) -> Peaks:
    peaks = Peaks()

    async def main() -> list[str]:
        jobs = (executor.run(role, partial(peaks.job, role)) for role in roles)
        return list(await asyncio.gather(*jobs))

    assert asyncio.run(main()) == list(roles)
    return peaks


def test_each_role_has_its_own_places() -> None:
    executor = LocalExecutor({"judge": 3, "agent": 1})
    peaks = run_jobs(executor, *["judge"] * 20, *["agent"] * 5, *["summarizer"] * 40)
    assert peaks.most == {"judge": 3, "agent": 1, "summarizer": DEFAULT_PLACES}


def test_a_new_loop_gets_new_places() -> None:
    """The sync door opens a loop per call."""
    executor = LocalExecutor({"judge": 2})
    assert [run_jobs(executor, *["judge"] * 5).most["judge"] for _ in range(3)] == [2, 2, 2]


def test_failed_job_gives_its_place_back_and_its_error() -> None:
    executor = LocalExecutor({"judge": 1})

    async def fail() -> None:
        raise KeyError("no")

    async def main() -> str:
        for _ in range(3):
            with pytest.raises(KeyError):
                await executor.run("judge", fail)
        return await executor.run("judge", lambda: asyncio.sleep(0, "done"))

    assert asyncio.run(main()) == "done"


def test_cancelled_job_gives_its_place_back() -> None:
    executor = LocalExecutor({"judge": 1})

    async def main() -> str:
        stuck = asyncio.create_task(executor.run("judge", lambda: asyncio.sleep(60, "never")))
        await asyncio.sleep(0)
        waiting = asyncio.create_task(executor.run("judge", lambda: asyncio.sleep(0, "next")))
        await asyncio.sleep(0)
        stuck.cancel()
        return await asyncio.wait_for(waiting, 5)

    assert asyncio.run(main()) == "next"


def test_changes_are_told_and_add_up() -> None:
    told: list[tuple[str, int, int]] = []
    executor = LocalExecutor({"judge": 2}, lambda *change: told.append(change))
    run_jobs(executor, "judge", "judge", "judge", "agent")
    judge = [(running, done) for role, running, done in told if role == "judge"]
    assert judge[-1] == (0, 3)
    assert max(running for running, _ in judge) == 2
    assert [done for _, done in judge] == sorted(done for _, done in judge)
    assert ("agent", 0, 1) in told


def test_a_bound_over_all_roles_counts_their_jobs_together() -> None:
    executor = LocalExecutor({"judge": 8, "agent": 2}, in_flight=4)
    peaks = run_jobs(executor, *["judge"] * 12, *["agent"] * 4)
    assert sum(peaks.most.values()) <= 6
    assert peaks.most["agent"] <= 2
    assert [executor.places(role) for role in ("judge", "agent", "summarizer")] == [4, 2, 4]
