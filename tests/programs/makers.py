"""Tasks, rollouts, entrants, judges and agents that the tests of programs are made from."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from rematch.data.records import (
    Action,
    Ending,
    ResultKind,
    Rollout,
    Step,
    Summary,
    Task,
    Trajectory,
    Usage,
    Vote,
)
from rematch.seams import Entrant
from rematch.seeds import derive_random

T = TypeVar("T")
Policy = Callable[[Sequence[Entrant], tuple[int, ...], int], int | None]

PATCH_TASK = Task(id="task", problem="Make the parser accept an empty file.")
STATE_TASK = Task(id="task", problem="Serve the page.", asks_for=ResultKind.STATE)


def run(job: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(job)


def make_steps(count: int, output: str = "ok") -> tuple[Step, ...]:
    return tuple(
        Step(number=n, message=f"think {n}", actions=(Action(command=f"run {n}", output=output),))
        for n in range(1, count + 1)
    )


def make_rollout(
    name: str,
    *,
    patch: str | None = "",
    steps: int = 1,
    ending: Ending = Ending.SUBMITTED,
    tokens: int = 0,
    cost: float | None = 0.0,
) -> Rollout:
    """A rollout with a patch of its own unless told otherwise; None is no patch."""
    return Rollout(
        id=name,
        task_id="task",
        patch=f"+ {name}" if patch == "" else patch,
        trajectory=Trajectory(steps=make_steps(steps), ending=ending),
        usage=Usage(calls=1, input_tokens=tokens, cost_usd=cost),
    )


def make_entrant(
    name: str, *, says: str = "It is done.", weight: int = 1, **rollout: Any
) -> Entrant:
    made = make_rollout(name, **rollout)
    return Entrant(made, Summary(rollout_id=name, final_outcome=says), weight)


def make_entrants(count: int, **rollout: Any) -> list[Entrant]:
    return [make_entrant(f"r{index}", **rollout) for index in range(count)]


class PolicyJudge:
    """A judge that computes the winner's index, or None for no vote.

    `delays` makes it sleep for a few scheduler turns, drawn anew by each call, so that votes
    come back in another order.
    """

    def __init__(self, policy: Policy, *, deterministic: bool = False, delays: int = 0) -> None:
        self.deterministic = deterministic
        self.asked = 0
        self._policy = policy
        self._delays = delays
        self._rng = derive_random(delays, "delays")

    async def acall(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        self.asked += 1
        for _ in range(self._rng.randint(0, self._delays)):
            await asyncio.sleep(0)
        winner = self._policy(entrants, order, sample)
        return Vote(sample=sample, order=order, winner=winner, usage=Usage(calls=1))


def first_slot(_: Sequence[Entrant], order: tuple[int, ...], __: int) -> int:
    return order[0]


def no_vote(_: Sequence[Entrant], __: tuple[int, ...], ___: int) -> None:
    return None


def draws(seed: int) -> Policy:
    """Any vote or none, fixed by what is asked and not by when."""

    def policy(entrants: Sequence[Entrant], order: tuple[int, ...], sample: int) -> int | None:
        ids = [entrant.id for entrant in entrants]
        return derive_random(seed, *ids, order, sample).choice([None, *order])

    return policy


def prefers(passing: set[str]) -> Policy:
    """Always right: names an entrant that passes, wherever one is shown."""

    def policy(entrants: Sequence[Entrant], order: tuple[int, ...], _: int) -> int:
        return next((index for index in order if entrants[index].id in passing), order[0])

    return policy


def follows(script: Sequence[int | None]) -> Policy:
    """The script's k-th entry is the k-th vote."""
    return lambda _, __, sample: script[sample]


class FakeAgent:
    """An agent whose rollouts say what they were told, and pass when told of enough.

    `told` records every context by the rollout's id.
    """

    def __init__(self, patch: Callable[[int, int], str] | None = None) -> None:
        self.told: dict[str, str] = {}
        self._patch = patch or (lambda iteration, index: f"+ fix {iteration} {index}")

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        name = f"t{iteration}-{index}"
        self.told[name] = context
        await asyncio.sleep(0)
        made = make_rollout(name, patch=self._patch(iteration, index))
        return made.model_copy(update={"task_id": task.id, "iteration": iteration})


class EchoSummarizer:
    """Summarizes a rollout by its id, so that a context shows whose summaries it holds."""

    async def acall(self, *, task: Task, rollout: Rollout) -> Summary:
        return Summary(rollout_id=rollout.id, final_outcome=f"<{rollout.id}>", author="evidence")
