"""The whole way: rollouts, summaries, RTV, refined rollouts, a final RTV, one pick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import Field

from rematch.data.records import Bracket, Pick, Rollout, Summary, Task
from rematch.errors import InputError
from rematch.programs.concurrency import gather_all
from rematch.programs.explaining import explain_pick
from rematch.programs.pdr import PDR
from rematch.programs.program import Program
from rematch.programs.rtv import RTV
from rematch.seams import Entrant, Executor, Summarizer
from rematch.settings import Settings


class RematchConfig(Settings):
    """How many rollouts, and how often."""

    n: int = Field(default=8, ge=1)
    """N, rollouts per iteration."""
    iterations: int = Field(default=2, ge=1)
    """T, iterations; 1 is RTV alone."""
    keep_champion: bool = False
    """Let the last winner meet the survivors of the iteration before (the paper does not)."""


@dataclass(frozen=True)
class Outcome:
    """All that was made for one task. Brackets are in the order in which they were played."""

    task: Task
    rollouts: tuple[Rollout, ...]
    summaries: tuple[Summary, ...]
    brackets: tuple[Bracket, ...]
    pick: Pick


class Rematch(Program):
    """The paper's method, from its parts. Any part may be swapped for another behind its seam.

    Args:
        summarizer: makes summaries.
        rtv: narrows and picks.
        pdr: makes rollouts; not needed to select among recorded ones.
        config: N, T and keep-champion.
        executor: bounds how many summaries are made at once.
    """

    def __init__(
        self,
        summarizer: Summarizer,
        rtv: RTV,
        pdr: PDR | None = None,
        config: RematchConfig | None = None,
        executor: Executor | None = None,
    ) -> None:
        super().__init__()
        self.summarizer = summarizer
        self.rtv = rtv
        self.pdr = pdr
        self.config = config or RematchConfig()
        self.executor = executor

    async def aforward(
        self, *, task: Task, rollouts: Sequence[Rollout] | None = None, seed: int = 0
    ) -> Outcome:
        """Solve a task, or select among recorded `rollouts` of it.

        Raises:
            InputError: there is no rollout to select from.
            ValueError: no rollouts were given and there is no PDR part to make any.
        """
        if rollouts is not None:
            return await self._select(task, rollouts, seed)
        if self.pdr is None:
            raise ValueError("solving a task needs a PDR part with an agent")
        return await self._solve(task, self.pdr, seed)

    async def _select(self, task: Task, rollouts: Sequence[Rollout], seed: int) -> Outcome:
        if not rollouts:
            raise InputError(f"{task.id}: no rollouts to select from")
        entrants = await self._summarize(task, rollouts)
        bracket = await self.rtv.acall(task=task, entrants=entrants, seed=seed)
        return _finish(task, entrants, (bracket,), seed)

    async def _solve(self, task: Task, pdr: PDR, seed: int) -> Outcome:
        everyone: list[Entrant] = []
        population: list[Entrant] = []
        survivors: list[Entrant] = []
        brackets: list[Bracket] = []
        for iteration in range(self.config.iterations):
            rollouts = await pdr.acall(
                task=task,
                n=self.config.n,
                iteration=iteration,
                population=population,
                survivors=survivors,
                seed=seed,
            )
            population = await self._summarize(task, rollouts)
            everyone += population
            last = iteration == self.config.iterations - 1
            if last or pdr.config.kind == "select-k" or self.config.keep_champion:
                keep = 1 if last else pdr.config.k
                bracket = await self._narrow(task, population, keep, iteration, seed)
                brackets.append(bracket)
                if not last:
                    survivors = _named(population, bracket.survivors)
        if self.config.keep_champion and survivors:
            finalists = [*_named(population, brackets[-1].survivors), *survivors]
            iteration = self.config.iterations - 1
            brackets.append(await self._narrow(task, finalists, 1, iteration, seed))
        return _finish(task, everyone, tuple(brackets), seed)

    async def _narrow(
        self, task: Task, entrants: Sequence[Entrant], keep: int, iteration: int, seed: int
    ) -> Bracket:
        bracket: Bracket = await self.rtv.acall(
            task=task, entrants=entrants, keep=keep, iteration=iteration, seed=seed
        )
        return bracket

    async def _summarize(self, task: Task, rollouts: Sequence[Rollout]) -> list[Entrant]:
        async def summarize(rollout: Rollout) -> Entrant:
            async def job() -> Summary:
                return await self.summarizer.acall(task=task, rollout=rollout)

            run = self.executor.run("summarizer", job) if self.executor else job()
            return Entrant(rollout, await run)

        return await gather_all(summarize(rollout) for rollout in rollouts)


def _named(entrants: Sequence[Entrant], ids: Sequence[str]) -> list[Entrant]:
    by_id = {entrant.id: entrant for entrant in entrants}
    return [by_id[rollout_id] for rollout_id in ids]


def _finish(
    task: Task, entrants: Sequence[Entrant], brackets: tuple[Bracket, ...], seed: int
) -> Outcome:
    winner = brackets[-1].survivors[0]
    return Outcome(
        task=task,
        rollouts=tuple(entrant.rollout for entrant in entrants),
        summaries=tuple(entrant.summary for entrant in entrants),
        brackets=brackets,
        pick=Pick(
            task_id=task.id,
            rollout_id=winner,
            reasons=explain_pick(brackets[-1]),
            seed=seed,
        ),
    )
