"""A suite's run whose agent, grader and judge only take time: many tasks at no cost."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from rematch.app.config import Config
from rematch.app.parts import Run
from rematch.data.harbor_tasks import HarborTask, SealedTests
from rematch.data.records import Grade, Rollout, Task, name_rollout
from rematch.data.suites import Suite
from rematch.programs import PDR, RTV, Rematch
from rematch.runs.calls import Calls
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder
from rematch.runs.recorded import RecordedAgent, RecordedSummarizer
from tests.programs.makers import EchoSummarizer, PolicyJudge, first_slot, make_rollout


class Attempts:
    """An agent that knows of which tasks rollouts are under way (seams.Agent)."""

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds
        self.under_way: Counter[str] = Counter()
        self.most_tasks = 0
        self.most = 0

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        self.under_way[task.id] += 1
        self.most = max(self.most, self.under_way.total())
        self.most_tasks = max(self.most_tasks, sum(map(bool, self.under_way.values())))
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.under_way[task.id] -= 1
        name = name_rollout(task.id, iteration, index)
        made = make_rollout(name, patch=f"+ {name}")
        return made.model_copy(update={"task_id": task.id, "iteration": iteration})


class Grader:
    """Passes every first rollout (seams.Grader)."""

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        reward = float(rollout.id.endswith("-00"))
        return Grade(task_id=task.id, rollout_id=rollout.id, reward=reward)


def make_suite(tasks: int) -> Suite:
    sealed = SealedTests(Path("nowhere"), 1.0)
    known = (Task(id=f"task-{n:04d}", problem="Mend it.") for n in range(tasks))
    return Suite("fleet", tuple(HarborTask(task, (), 1.0, sealed, Path("n")) for task in known))


def make_run(config: Config, folder: Path, agent: Attempts) -> Run:
    executor = LocalExecutor(config.workers, in_flight=config.in_flight)
    kept = RunFolder(folder)
    program = Rematch(
        RecordedSummarizer(EchoSummarizer(), kept),
        RTV(PolicyJudge(first_slot), config.rtv, executor=executor),
        PDR(RecordedAgent(agent, kept), config.context, executor=executor),
        config,
        executor,
    )
    return Run(program=program, calls=Calls(), executor=executor, grader=Grader(), folder=kept)
