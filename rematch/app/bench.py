"""Where a search tries settings: what a bench of any kind offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rematch.app.ablating import add_usage, check_whole
from rematch.app.config import Config, load_config
from rematch.data.records import Record, Usage
from rematch.errors import ModelError
from rematch.optimizers.ablation import PICKED, Ablation, Brought, compare_variants
from rematch.optimizers.search import Measured, Tried
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


class Bench(ABC):
    """Runs settings on tasks.

    Attributes:
        base: the configuration that settings lie over.
        kind: on a recorded pool, or live.
        unit: of costs.
    """

    kind: Literal["recorded", "live"] = "recorded"
    unit = "tokens"

    def __init__(self, base: Config) -> None:
        self.base = base
        self._usage: dict[str, Usage] = {}

    @abstractmethod
    def measure(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Measured]:
        """A setting's rewards and costs by task."""

    def count(self, calls: Calls) -> dict[str, Usage]:
        """Note what a setting's calls take by themselves, shared ones included."""
        usage = add_usage(calls.meter.by_role(), calls.meter.replayed())
        self._usage = add_usage(self._usage, usage)
        return usage

    def check(self, calls: Calls) -> None:
        """See that nothing is missing from what a setting was measured by.

        Raises:
            BudgetSpentError: the budget did not suffice.
            ModelError: calls came to nothing.
        """
        check_whole("a setting", calls)
        if calls.lost:
            raise ModelError("calls came to nothing; the same command asks for them again")

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
        held = compare_variants(brought[0], brought[1:], kind=self.kind, seed=self.base.seed)
        return held, costs
