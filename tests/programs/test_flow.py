"""Nothing waits for what it does not need: shown on a clock that jumps, so times are exact."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from rematch.data.records import Rollout, Summary, Task, Vote
from rematch.programs import PDR, RTV, ContextConfig, Rematch, RematchConfig, RTVConfig
from rematch.programs.contexts import ContextKind
from rematch.programs.rematch import Outcome
from rematch.runs.executor import LocalExecutor
from rematch.seams import Entrant
from rematch.testing.virtual_time import run_virtually
from tests.programs.makers import PATCH_TASK, make_rollout

Seconds = Callable[[int, int], float]


class Log:
    """When each thing began and ended, by its name."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.ended: dict[str, float] = {}

    async def take(self, name: str, seconds: float) -> None:
        clock = asyncio.get_running_loop().time
        self.began[name] = clock()
        await asyncio.sleep(seconds)
        self.ended[name] = clock()


class TimedParts:
    """Agent, summarizer and judge that only take time; the judge prefers the first by name."""

    deterministic = False

    def __init__(self, log: Log, attempt: Seconds, summary: float = 1, vote: float = 1) -> None:
        self._log, self._attempt, self._summary, self._vote = log, attempt, summary, vote

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        name = f"t{iteration}-{index}"
        await self._log.take(f"rollout {name}", self._attempt(iteration, index))
        return make_rollout(name).model_copy(update={"iteration": iteration})


class TimedSummarizer(TimedParts):
    async def acall(self, *, task: Task, rollout: Rollout) -> Summary:
        await self._log.take(f"summary {rollout.id}", self._summary)
        return Summary(rollout_id=rollout.id)


class TimedJudge(TimedParts):
    async def acall(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        names = sorted(entrant.id for entrant in entrants)
        await self._log.take(f"vote {'/'.join(names)} {sample}", self._vote)
        winner = min(order, key=lambda index: entrants[index].id)
        return Vote(sample=sample, order=order, winner=winner)


def solve(
    attempt: Seconds,
    *,
    kind: ContextKind = "select-k",
    executor: LocalExecutor | None = None,
    summary: float = 1,
    iterations: int = 2,
    n: int = 4,
) -> tuple[Outcome, float, Log]:
    log = Log()
    program = Rematch(
        TimedSummarizer(log, attempt, summary),
        RTV(TimedJudge(log, attempt), RTVConfig(votes=4), executor=executor),
        PDR(TimedParts(log, attempt), ContextConfig(kind=kind, k=2), executor=executor),
        RematchConfig(n=n, iterations=iterations),
        executor=executor,
    )
    outcome, seconds = run_virtually(program.acall(task=PATCH_TASK, seed=3))
    return outcome, seconds, log


def test_a_summary_starts_when_its_rollout_ends() -> None:
    _, _, log = solve(lambda _, index: 10 + 5 * index)
    for name, ended in log.ended.items():
        if name.startswith("rollout"):
            assert log.began[name.replace("rollout", "summary")] == ended


def test_a_match_starts_when_its_own_entrants_are_summarized() -> None:
    log = Log()
    slow = {"t0-3": 100.0}

    class Uneven(TimedSummarizer):
        async def acall(self, *, task: Task, rollout: Rollout) -> Summary:
            await self._log.take(f"summary {rollout.id}", slow.get(rollout.id, 1))
            return Summary(rollout_id=rollout.id)

    def attempt(*_: int) -> float:
        return 10

    program = Rematch(
        Uneven(log, attempt),
        RTV(TimedJudge(log, attempt), RTVConfig(votes=4)),
        PDR(TimedParts(log, attempt)),
        RematchConfig(n=4, iterations=1),
    )
    run_virtually(program.acall(task=PATCH_TASK))
    first = {name: at for name, at in log.began.items() if name.startswith("vote")}
    early = [at for name, at in first.items() if "t0-3" not in name]
    assert min(early) == 11
    assert min(at for name, at in first.items() if "t0-3" in name) == 110


@pytest.mark.parametrize(
    ("kind", "starts"),
    [
        # Rollout 0 of iteration 0 takes 10, each next one 10 more; a summary takes 1.
        ("none", [0, 0, 0, 0]),
        ("single", [11, 21, 31, 41]),
    ],
)
def test_a_rollout_waits_for_what_it_is_told_and_no_more(
    kind: ContextKind, starts: list[float]
) -> None:
    _, _, log = solve(lambda iteration, index: 10 * (index + 1), kind=kind)
    assert [log.began[f"rollout t1-{index}"] for index in range(4)] == starts


def test_of_waiting_jobs_those_with_most_stages_left_go_first() -> None:
    executor = LocalExecutor({"agent": 8, "summarizer": 8, "judge": 8}, in_flight=1)
    outcome, _, log = solve(lambda *_: 1, executor=executor, n=2)
    order = sorted(log.began, key=log.began.__getitem__)
    # With one place for all, both rollouts come before the first summary, and so on.
    kinds = [name.split()[0] for name in order if "t1" not in name]
    assert kinds == ["rollout"] * 2 + ["summary"] * 2
    assert outcome.pick.rollout_id == "t1-0"


def test_a_freed_place_goes_to_the_job_with_most_stages_left_whoever_came_first() -> None:
    executor = LocalExecutor({}, in_flight=1)
    order: list[str] = []

    async def main() -> None:
        from rematch.seams import stages_left

        async def job(name: str, stages: int) -> None:
            stages_left.set(stages)

            async def work() -> None:
                await asyncio.sleep(1)
                order.append(name)

            await executor.run("judge", work)

        async with asyncio.TaskGroup() as tasks:
            for name, stages in (("first", 0), ("vote", 1), ("rollout", 5), ("summary", 4)):
                tasks.create_task(job(name, stages))
                await asyncio.sleep(0)

    run_virtually(main())
    assert order == ["first", "rollout", "summary", "vote"]


def test_the_critical_path_is_all_there_is_without_bounds() -> None:
    # rollout 10, summary 1, then K of 4: one round, two waves of 2 + 1 votes at most, and so on.
    _, seconds, log = solve(lambda *_: 10)
    chain = 10 + 1 + 10 + 1
    assert chain + 3 * 1 <= seconds <= chain + 3 * 3
    assert len([name for name in log.began if name.startswith("rollout")]) == 8
