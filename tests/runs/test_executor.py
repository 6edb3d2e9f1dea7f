"""Places: no role ever runs more jobs than it has, on any loop, whatever the jobs do."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from rematch.runs.executor import DEFAULT_PLACES, LocalExecutor


class Jobs:
    """Counts how many of its jobs run together."""

    def __init__(self) -> None:
        self.running = 0
        self.most = 0

    async def work(self) -> int:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.001)
        self.running -= 1
        return self.most


async def run_jobs(executor: LocalExecutor, role: str, count: int) -> Jobs:
    jobs = Jobs()
    await asyncio.gather(*(executor.run(role, jobs.work) for _ in range(count)))
    return jobs


@pytest.mark.parametrize("places", [1, 3, 50])
def test_a_role_runs_as_many_jobs_as_it_has_places(places: int) -> None:
    jobs = asyncio.run(run_jobs(LocalExecutor({"judge": places}), "judge", 40))
    assert jobs.most == min(places, 40)


def test_a_role_that_is_not_named_has_the_default_places() -> None:
    jobs = asyncio.run(run_jobs(LocalExecutor({"judge": 1}), "agent", 40))
    assert jobs.most == DEFAULT_PLACES


def test_roles_do_not_wait_for_each_other() -> None:
    async def both() -> None:
        executor = LocalExecutor({"agent": 1, "judge": 1})

        async def agent() -> None:
            await executor.run("judge", Jobs().work)

        await asyncio.wait_for(executor.run("agent", agent), 5)

    asyncio.run(both())


def test_one_executor_serves_one_loop_after_the_other() -> None:
    executor = LocalExecutor({"judge": 2})
    assert [asyncio.run(run_jobs(executor, "judge", 5)).most for _ in range(3)] == [2, 2, 2]


def test_a_failing_or_cancelled_job_gives_its_place_back() -> None:
    async def main() -> int:
        executor = LocalExecutor({"judge": 1})

        async def fail() -> None:
            raise ValueError("no")

        for _ in range(3):
            with pytest.raises(ValueError, match="no"):
                await executor.run("judge", fail)
        waiting = asyncio.create_task(executor.run("judge", asyncio.Event().wait))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        return await executor.run("judge", Jobs().work)

    assert asyncio.run(main()) == 1


def test_every_change_is_told() -> None:
    told: list[tuple[str, int, int]] = []
    executor = LocalExecutor({"judge": 2}, lambda *change: told.append(change))
    asyncio.run(run_jobs(executor, "judge", 5))
    assert Counter(role for role, _, _ in told) == {"judge": 10}
    assert max(running for _, running, _ in told) == 2
    assert told[-1] == ("judge", 0, 5)
