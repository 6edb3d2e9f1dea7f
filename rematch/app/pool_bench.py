"""Where a search tries settings: a labelled pool whose rollouts stay in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rematch.app.ablating import add_usage, check_whole, share_calls, trim
from rematch.app.building import build_selector, run_async
from rematch.app.config import Config, load_config
from rematch.app.plans import Variant
from rematch.app.selecting import Selection, answer_task
from rematch.data.pools import Pool, PoolTask
from rematch.data.records import Record, Usage
from rematch.errors import ModelError
from rematch.optimizers.ablation import PICKED, Ablation, Brought, compare_variants
from rematch.optimizers.labelled import LabelledPool, LabelledTask
from rematch.optimizers.search import Measured, Tried
from rematch.optimizers.selectors import pick_given
from rematch.programs.concurrency import gather_all
from rematch.runs.calls import Calls


class Point(Record):
    """A setting that no other beat on the search tasks: `cost` per task, in the search's unit."""

    name: str
    changes: dict[str, Any]
    mean: float
    cost: float


def lay_over(base: Config, changes: Mapping[str, Any]) -> Config:
    """The base with some dotted keys set."""
    return load_config([base.model_dump(mode="json"), changes])


def make_point(name: str, tried: Tried) -> Point:
    """A trial under a name."""
    return Point(name=name, changes=tried.changes, mean=tried.mean, cost=tried.cost)


@dataclass
class PoolBench:
    """Runs settings on tasks whose rollouts it holds."""

    base: Config
    pool: Pool
    labelled: LabelledPool
    calls: Calls

    def __post_init__(self) -> None:
        self._tasks: dict[str, PoolTask] = dict(self.pool.tasks)
        self._known: dict[str, LabelledTask] = {task.id: task for task in self.labelled.tasks}
        self._usage: dict[str, Usage] = {}
        rollouts = [r for task in self._tasks.values() for r in task.rollouts]
        models = [model for _, model in self.base.models if model is not None]
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

    def compare(
        self, points: Sequence[Point], tasks: Sequence[str]
    ) -> tuple[Ablation, dict[str, float]]:
        """The points beside the base on other tasks, and what each takes per task."""
        brought, costs = [], {}
        for name, changes in [("base", {}), *((p.name, p.changes) for p in points)]:
            self._usage = {}
            found = self.measure(changes, tasks)
            rewards = {task_id: one.reward for task_id, one in found.items()}
            costs[name] = sum(one.cost for one in found.values()) / len(found)
            brought.append(
                Brought(
                    name=name,
                    changes=changes,
                    measures={PICKED: rewards},
                    usage={role: u for role, u in self._usage.items() if u.calls},
                )
            )
        held = compare_variants(brought[0], brought[1:], kind="recorded", seed=self.base.seed)
        return held, costs

    def _select(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Selection]:
        config = trim(lay_over(self.base, changes))
        shared = share_calls(self.calls)
        parts = build_selector(config, calls=shared)

        async def job() -> list[Selection]:
            return await gather_all(
                answer_task(parts, self._tasks[task_id], config) for task_id in tasks
            )

        found = run_async(job)
        check_whole(Variant("a setting", config, changes), shared)
        if any(event.outcome == "lost" for event in shared.events()):
            raise ModelError("calls came to nothing; the same command asks for them again")
        meter = shared.meter
        self._usage = add_usage(self._usage, add_usage(meter.by_role(), meter.replayed()))
        return dict(zip(tasks, found, strict=True))

    def _price(self, one: Selection) -> float:
        """What a pick took: the attempts that entered, their summaries and votes."""
        total = sum((r.usage for r in one.rollouts), Usage()) + one.bracket.usage
        total = sum((summary.usage for summary in one.summaries), total)
        return float(total.cost_usd or 0.0) if self.unit == "dollars" else float(total.tokens)
