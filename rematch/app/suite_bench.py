"""Where a search tries settings live: on tasks of a suite, by runs that share what is equal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from rematch.app.ablating import share_calls
from rematch.app.ablating_live import run_sharing
from rematch.app.bench import Bench, lay_over
from rematch.app.config import Config
from rematch.data.records import Usage
from rematch.data.suites import Suite
from rematch.errors import RematchError
from rematch.optimizers.search import Measured
from rematch.report.diagnostics import TaskRun
from rematch.runs.calls import Calls
from rematch.runs.manifest import Manifest


class SuiteBench(Bench):
    """Runs settings on tasks of a suite.

    Costs are tokens of agents and of our own calls; where no model is asked anywhere, steps.

    Args:
        base: the configuration that settings lie over.
        suite: the tasks.
        output: keeps runs, and what they share.
        calls: records and bounds our own calls.
        tell: gets lines for the user.
    """

    kind: Literal["recorded", "live"] = "live"

    def __init__(
        self,
        base: Config,
        suite: Suite,
        output: Path,
        calls: Calls,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(base)
        self._suite, self._output, self._calls, self._tell = suite, output, calls, tell
        models = [model for _, model in base.models if model is not None]
        self.unit = "tokens" if models or base.agent.in_harbor else "steps"

    def measure(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Measured]:
        """A setting's rewards and costs by task; our own calls are shared out evenly."""
        calls = share_calls(self._calls)
        config = lay_over(self.base, changes)
        runs = self._run(config, tasks, calls)
        self.check(calls)
        ours = sum(self.count(calls).values(), Usage()).tokens / len(tasks)
        measured = {}
        for task_id in tasks:
            reward = runs[task_id].reward(runs[task_id].pick.rollout_id)
            if reward is None:
                raise RematchError(f"{task_id}: the pick was not graded, so no setting is measured")
            measured[task_id] = Measured(reward=reward, cost=self._price(runs[task_id]) + ours)
        return measured

    def _run(self, config: Config, tasks: Sequence[str], calls: Calls) -> dict[str, TaskRun]:
        part = replace(
            self._suite,
            tasks=tuple(known for known in self._suite.tasks if known.task.id in set(tasks)),
            broken=(),
        )
        digest = Manifest(suite="", agent="", config=config.describe_results()).digest
        path = self._output / "settings" / digest
        shared = self._output / "shared"
        finished = run_sharing(config, part, path, shared, calls, tell=self._tell)
        for task_id, reason in finished.failures.items():
            raise RematchError(f"{task_id}: {reason}")
        return finished.done

    def _price(self, run: TaskRun) -> float:
        if self.unit == "steps":
            return float(sum(len(rollout.trajectory.steps) for rollout in run.rollouts))
        return float(sum(rollout.usage.tokens for rollout in run.rollouts))
