"""Recursive Tournament Voting (paper section 3.2): small groups, V votes each, until K are left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from pydantic import Field

from rematch.data.records import Bracket, Match, Round, Task
from rematch.programs.brackets import Group, Leaf, Plan, Slot, plan_bracket
from rematch.programs.concurrency import together
from rematch.programs.entries import TieOrder, TieRule, merge_equal, order_ties
from rematch.programs.matches import VotingConfig, play_match
from rematch.programs.program import Program
from rematch.seams import Entrant, Executor, Judge, PopulationJudge, Scorer, stages_left
from rematch.seeds import derive_random


class RTVConfig(VotingConfig):
    """How a tournament is played."""

    group_size: int = Field(default=2, ge=2)
    """G, entrants per match; the paper found 2 best."""
    merge: bool = True
    """Let rollouts with the same non-empty patch enter as one."""
    ties: TieRule = "evidence"
    """What settles a tie first: `evidence`, then how many rollouts have this patch, then the
    cheaper one, then a seeded draw; `cost` leaves evidence out; `draw` draws at once."""


class RTV(Program):
    """Narrows entrants to K by a judge's votes.

    Args:
        judge: compares entrants.
        config: group size, votes and rules.
        scorer: evidence that settles ties first; without one, cost does.
        executor: bounds how many votes are asked at once; without one, nothing does.
    """

    def __init__(
        self,
        judge: Judge,
        config: RTVConfig | None = None,
        scorer: Scorer | None = None,
        executor: Executor | None = None,
    ) -> None:
        super().__init__()
        self.judge = judge
        self.config = config or RTVConfig()
        self.scorer = scorer
        self.executor = executor

    async def aforward(
        self,
        *,
        task: Task,
        entrants: Sequence[Entrant],
        keep: int = 1,
        seed: int = 0,
        iteration: int = 0,
        ready: Mapping[str, Awaitable[Entrant]] | None = None,
    ) -> Bracket:
        """Play rounds until `keep` entrants are left; a match starts when its entrants are there.

        Args:
            task: the task that the entrants attempted.
            entrants: at least one, with distinct ids. Their rollouts must be whole.
            keep: K; where fewer distinct entrants remain it shrinks, and the bracket says so.
            seed: fixes entry order, byes, vote orders and draws.
            iteration: recorded only.
            ready: by id, entrants whose summaries are still being made; None where all are there.

        Raises:
            ValueError: no entrants, or two with the same id.
        """
        if not entrants or len({entrant.id for entrant in entrants}) < len(entrants):
            raise ValueError(f"{task.id}: RTV needs at least one entrant, with distinct ids")
        distinct, merged = merge_equal(entrants) if self.config.merge else (list(entrants), {})
        purpose = (task.id, iteration)
        plan = plan_bracket(
            len(distinct), self.config.group_size, keep, derive_random(seed, *purpose, "plan")
        )
        ties = order_ties(task, distinct, self.scorer, seed, self.config.ties)
        entering = [partial(_enter, entrant, ready) for entrant in distinct]
        judge = self.judge
        if isinstance(judge, PopulationJudge):
            judge = judge.for_task(task, [await enter() for enter in entering])
        results = await self._play(task, entering, plan, ties, judge, seed)
        return _record(task, distinct, merged, plan, results, keep, seed, iteration)

    async def _play(
        self,
        task: Task,
        entering: Sequence[Callable[[], Awaitable[Entrant]]],
        plan: Plan,
        ties: TieOrder,
        judge: Judge,
        seed: int,
    ) -> dict[Slot, Match]:
        """Play every planned group; each starts as soon as its own entrants are known."""
        running: dict[Slot, asyncio.Task[tuple[int, Match]]] = {}
        later = stages_left.get()

        async def resolve(slot: Slot) -> int:
            return slot.entrant if isinstance(slot, Leaf) else (await running[slot])[0]

        async def play(group: Group, rounds_left: int) -> tuple[int, Match]:
            stages_left.set(later + rounds_left)
            indexes = [await resolve(slot) for slot in group.slots]
            match = await play_match(
                task,
                [await entering[index]() for index in indexes],
                _narrow(ties, indexes),
                judge=judge,
                config=self.config,
                executor=self.executor,
                seed=seed,
            )
            return indexes[match.winner], match

        async with together() as tasks:
            for number, planned in enumerate(plan.rounds):
                for group in planned.groups:
                    running[group] = tasks.create_task(play(group, len(plan.rounds) - number))
        return {slot: task.result()[1] for slot, task in running.items()}


async def _enter(known: Entrant, ready: Mapping[str, Awaitable[Entrant]] | None) -> Entrant:
    """The entrant with its summary; its weight is known since equal patches were merged."""
    if ready is None:
        return known
    return replace(await ready[known.id], weight=known.weight)


def _narrow(ties: TieOrder, indexes: list[int]) -> TieOrder:
    return TieOrder(
        tuple(ties.ranks[index] for index in indexes), tuple(ties.keys[index] for index in indexes)
    )


def _record(
    task: Task,
    entrants: list[Entrant],
    merged: dict[str, tuple[str, ...]],
    plan: Plan,
    results: dict[Slot, Match],
    keep: int,
    seed: int,
    iteration: int,
) -> Bracket:
    def name(slot: Slot) -> str:
        return entrants[slot.entrant].id if isinstance(slot, Leaf) else results[slot].winner_id

    note = ""
    if len(entrants) < keep:
        note = f"{len(entrants)} distinct entrants, so {len(entrants)} survive instead of {keep}"
    return Bracket(
        task_id=task.id,
        iteration=iteration,
        entrants=tuple(entrant.id for entrant in entrants),
        merged=merged,
        rounds=tuple(
            Round(
                matches=tuple(results[group] for group in planned.groups),
                byes=tuple(name(slot) for slot in planned.byes),
            )
            for planned in plan.rounds
        ),
        survivors=tuple(name(slot) for slot in plan.survivors),
        seed=seed,
        note=note,
    )
