"""Where a search tries settings: a labelled pool whose rollouts stay in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rematch.app.ablating import share_calls, trim
from rematch.app.bench import Bench, lay_over
from rematch.app.building import build_selector, run_async
from rematch.app.config import Config
from rematch.app.selecting import Selection, answer_task
from rematch.data.pools import Pool, PoolTask
from rematch.data.records import Usage
from rematch.optimizers.labelled import LabelledPool, LabelledTask
from rematch.optimizers.search import Measured
from rematch.optimizers.selectors import pick_given
from rematch.programs.concurrency import gather_all
from rematch.runs.calls import Calls


class PoolBench(Bench):
    """Runs settings on tasks whose rollouts it holds."""

    def __init__(self, base: Config, pool: Pool, labelled: LabelledPool, calls: Calls) -> None:
        super().__init__(base)
        self._calls = calls
        self._tasks: dict[str, PoolTask] = dict(pool.tasks)
        self._known: dict[str, LabelledTask] = {task.id: task for task in labelled.tasks}
        rollouts = [r for task in self._tasks.values() for r in task.rollouts]
        models = [model for _, model in base.models if model is not None]
        priced = all(r.usage.cost_usd for r in rollouts)
        self.unit = "dollars" if priced and not models else "tokens"

    def measure(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Measured]:
        """A setting's rewards and costs by task."""
        return {
            task_id: Measured(
                reward=pick_given({task_id: one.pick.rollout_id})(self._known[task_id]),
                cost=self._price(one),
            )
            for task_id, one in self._select(changes, tasks).items()
        }

    def _select(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Selection]:
        config = trim(lay_over(self.base, changes))
        shared = share_calls(self._calls)
        parts = build_selector(config, calls=shared)

        async def job() -> list[Selection]:
            return await gather_all(
                answer_task(parts, self._tasks[task_id], config) for task_id in tasks
            )

        found = run_async(job)
        self.check(shared)
        self.count(shared)
        return dict(zip(tasks, found, strict=True))

    def _price(self, one: Selection) -> float:
        """What a pick took: the attempts that entered, their summaries and votes."""
        total = sum((r.usage for r in one.rollouts), Usage()) + one.bracket.usage
        total = sum((summary.usage for summary in one.summaries), total)
        return float(total.cost_usd or 0.0) if self.unit == "dollars" else float(total.tokens)
