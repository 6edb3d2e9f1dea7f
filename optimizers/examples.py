"""Labelled examples: what a predictor is asked, and what only its metric may know.

An example is a stored record; `as_dspy` gives DSPy the question as inputs and the record itself
under a name that DSPy shows to nobody. Labels stand in the record, so only metrics see them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import dspy

from rematch.data.records import Rollout, StoredRecord, Summary, Task
from rematch.optimizers.splits import Splittable
from rematch.programs import Judge
from rematch.programs.entries import merge_equal
from rematch.seams import Entrant
from rematch.seeds import derive_random

RECORD = "dspy_record"
"""Where the record stands in DSPy's example; names with this prefix are shown in no prompt."""

_ALL_ORDERS_UP_TO = 3


@dataclass(frozen=True)
class Graded:
    """One labelled attempt, as examples are made from it."""

    rollout: Rollout
    summary: Summary
    reward: float


@dataclass(frozen=True)
class GradedTask:
    """A task with its labelled attempts."""

    task: Task
    attempts: tuple[Graded, ...]

    @property
    def splittable(self) -> Splittable:
        """What it is split by."""
        rewards = [one.reward for one in self.attempts]
        return Splittable(self.task.id, self.task.problem, sum(rewards) / len(rewards))


class JudgeExample(StoredRecord):
    """One group of attempts with mixed outcomes, shown in all orders (up to G = 3; else rotated).

    `candidates` holds the prompt's field once per order, `order` the attempts as shown (indexes
    into `ids`), `rewards` what the graders said.
    """

    key: str
    task_id: str
    task: str
    ids: tuple[str, ...]
    rewards: tuple[float, ...]
    orders: tuple[tuple[int, ...], ...]
    candidates: tuple[str, ...]

    @property
    def right(self) -> frozenset[int]:
        """The attempts that are best (indexes)."""
        return frozenset(i for i, reward in enumerate(self.rewards) if reward == max(self.rewards))

    def as_dspy(self) -> dspy.Example:
        """The question: the task, and the candidates in each order."""
        made: dict[str, Any] = {"task": self.task, "candidates": list(self.candidates)}
        return dspy.Example(**made, **{RECORD: self}).with_inputs("task", "candidates")

    def shown(self) -> Iterator[str]:
        """Every text that a prompt may show."""
        yield self.task
        yield from self.candidates[:1]  # the others hold the same in another order


def make_judge_examples(
    graded: GradedTask,
    judge: Judge,
    *,
    group_size: int = 2,
    most: int = 6,
    seed: int = 0,
) -> list[JudgeExample]:
    """The task's groups with mixed outcomes, at most `most`, drawn by seed.

    Attempts with the same patch enter once and those without result not at all, as in a bracket.
    What the judge is shown of each is what it is shown when it votes.
    """
    task = graded.task
    rewards = {one.rollout.id: one.reward for one in graded.attempts}
    entrants, _ = merge_equal([Entrant(one.rollout, one.summary) for one in graded.attempts])
    able = [entrant for entrant in entrants if entrant.rollout.has_result(task.asks_for)]
    groups = [
        group
        for group in itertools.combinations(able, group_size)
        if len({rewards[entrant.id] for entrant in group}) > 1
    ]
    rng = derive_random(seed, task.id, "judge-examples")
    return [_judge_example(task, judge, group, rewards) for group in _draw(groups, most, rng)]


def _judge_example(
    task: Task, judge: Judge, group: Sequence[Entrant], rewards: dict[str, float]
) -> JudgeExample:
    orders = list_orders(len(group))
    inputs = [judge.write_inputs(task, group, order) for order in orders]
    return JudgeExample(
        key=f"{task.id}: {' '.join(entrant.id for entrant in group)}",
        task_id=task.id,
        task=inputs[0]["task"],
        ids=tuple(entrant.id for entrant in group),
        rewards=tuple(rewards[entrant.id] for entrant in group),
        orders=tuple(orders),
        candidates=tuple(one["candidates"] for one in inputs),
    )


def list_orders(size: int) -> list[tuple[int, ...]]:
    """All orders of so many; of more than three, its rotations."""
    places = tuple(range(size))
    if size <= _ALL_ORDERS_UP_TO:
        return list(itertools.permutations(places))
    return [places[turn:] + places[:turn] for turn in places]


def _draw(items: Sequence[Any], most: int, rng: Any) -> list[Any]:
    chosen = sorted(rng.sample(range(len(items)), min(most, len(items))))
    return [items[index] for index in chosen]


def dump_lines(examples: Iterable[StoredRecord]) -> list[str]:
    """One line of JSON per example."""
    return [example.model_dump_json() for example in examples]
