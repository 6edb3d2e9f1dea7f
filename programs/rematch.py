"""The whole way: rollouts, summaries, RTV, refined rollouts, a final RTV, one pick."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace

from pydantic import Field

from rematch.data.records import Bracket, Pick, Rollout, Summary, Task
from rematch.errors import InputError
from rematch.programs.brackets import count_rounds
from rematch.programs.calibration import Calibration
from rematch.programs.concurrency import together
from rematch.programs.explaining import explain_pick
from rematch.programs.iterations import Iteration, announce, make_attempt
from rematch.programs.pdr import PDR
from rematch.programs.program import Program
from rematch.programs.rtv import RTV
from rematch.seams import Entrant, Executor, Summarizer, stages_left
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
        calibration: rates picks; without one their probability is unknown.
    """

    def __init__(
        self,
        summarizer: Summarizer,
        rtv: RTV,
        pdr: PDR | None = None,
        config: RematchConfig | None = None,
        executor: Executor | None = None,
        calibration: Calibration | None = None,
    ) -> None:
        super().__init__()
        self.summarizer = summarizer
        self.rtv = rtv
        self.pdr = pdr
        self.config = config or RematchConfig()
        self.executor = executor
        self.calibration = calibration

    async def aforward(
        self, *, task: Task, rollouts: Sequence[Rollout] | None = None, seed: int = 0
    ) -> Outcome:
        """Solve a task, or select among recorded `rollouts` of it.

        Raises:
            InputError: there is no rollout to select from.
            BudgetSpentError: the budget allows no rollout.
            ValueError: no rollouts were given and there is no PDR part to make any.
        """
        if rollouts is not None:
            return self._rate(await self._select(task, rollouts, seed))
        if self.pdr is None:
            raise ValueError("solving a task needs a PDR part with an agent")
        return self._rate(await self._solve(task, self.pdr, seed))

    def _rate(self, outcome: Outcome) -> Outcome:
        """The outcome, its pick with the probability that it is right where that is known."""
        if self.calibration is None:
            return outcome
        probability = self.calibration.predict(outcome.brackets[-1])
        pick = outcome.pick.model_copy(update={"probability": probability})
        return replace(outcome, pick=pick)

    async def _select(self, task: Task, rollouts: Sequence[Rollout], seed: int) -> Outcome:
        if not rollouts:
            raise InputError(f"{task.id}: no rollouts to select from")
        rounds = count_rounds(len(rollouts), self.rtv.config.group_size, 1)
        async with together() as tasks:
            entering = [
                tasks.create_task(self._summarize(task, rollout, 1 + rounds))
                for rollout in rollouts
            ]
            bracket = await self._narrow(task, list(map(announce, rollouts)), entering, 1, 0, seed)
        entrants = [entered.result() for entered in entering]
        return _finish(task, entrants, (bracket,), seed)

    async def _solve(self, task: Task, pdr: PDR, seed: int) -> Outcome:
        """Start everything; each part waits for what it needs, and for nothing else."""
        made: list[Iteration] = []
        stages = self._count_stages(pdr)
        async with together() as tasks:
            for number in range(self.config.iterations):
                before = made[-1] if made else None
                attempts = pdr.begin(
                    task=task,
                    iteration=number,
                    earlier=before.as_earlier() if before else None,
                    seed=seed,
                )
                now = Iteration(number, before)
                for index in range(self.config.n):
                    rollout = tasks.create_task(make_attempt(attempts, index, stages[number]))
                    now.rollouts.append(rollout)
                    now.entrants.append(
                        tasks.create_task(self._enter(task, rollout, stages[number] - 1))
                    )
                if number + 1 < self.config.iterations and self._is_narrowed(pdr):
                    later = stages[number + 1]
                    now.bracket = tasks.create_task(
                        self._narrow_iteration(task, now, pdr.config.k, later, seed)
                    )
                made.append(now)
            final = tasks.create_task(self._narrow_iteration(task, made[-1], 1, 0, seed))
        brackets = [now.bracket.result() for now in made if now.bracket] + [final.result()]
        everyone = [entrant for now in made for entrant in now.results()]
        if self.config.keep_champion and len(brackets) > 1 and not made[-1].is_cut:
            brackets.append(await self._crown(task, brackets, everyone, seed))
        return _finish(task, everyone, tuple(brackets), seed)

    def _is_narrowed(self, pdr: PDR) -> bool:
        return pdr.config.kind == "select-k" or self.config.keep_champion

    def _count_stages(self, pdr: PDR) -> list[int]:
        """By iteration, how many stages a rollout of it and all that follows take."""
        stages: list[int] = []
        later = 0
        for number in reversed(range(self.config.iterations)):
            is_last = number == self.config.iterations - 1
            keep = 1 if is_last else pdr.config.k
            rounds = count_rounds(self.config.n, self.rtv.config.group_size, keep)
            later += 2 + (rounds if is_last or self._is_narrowed(pdr) else 0)
            stages.insert(0, later)
        return stages

    async def _enter(
        self, task: Task, attempt: asyncio.Task[Rollout | None], stages: int
    ) -> Entrant | None:
        """A rollout's summary starts when it ends."""
        rollout = await attempt
        return None if rollout is None else await self._summarize(task, rollout, stages)

    async def _summarize(self, task: Task, rollout: Rollout, stages: int) -> Entrant:
        stages_left.set(stages)

        async def job() -> Summary:
            return await self.summarizer.acall(task=task, rollout=rollout)

        run = self.executor.run("summarizer", job) if self.executor else job()
        return Entrant(rollout, await run)

    async def _narrow_iteration(
        self, task: Task, now: Iteration, keep: int, later: int, seed: int
    ) -> Bracket:
        """Narrow an iteration; where the budget cut it short, the best before it join.

        Raises:
            BudgetSpentError: there is no rollout at all.
        """
        stages_left.set(later)
        entering = await now.find_finalists()
        bracket = await self._narrow(
            task,
            [known for known, _ in entering],
            [ready for _, ready in entering],
            keep,
            now.number,
            seed,
        )
        notes = [note for note in (bracket.note, now.describe_cut()) if note]
        return bracket.model_copy(update={"note": "; ".join(notes)})

    async def _crown(
        self, task: Task, brackets: Sequence[Bracket], everyone: Sequence[Entrant], seed: int
    ) -> Bracket:
        """The last winner meets the survivors of the iteration before."""
        by_id = {entrant.id: entrant for entrant in everyone}
        finalists = [by_id[name] for name in (*brackets[-1].survivors, *brackets[-2].survivors)]
        return await self._narrow(task, finalists, None, 1, self.config.iterations - 1, seed)

    async def _narrow(
        self,
        task: Task,
        entrants: Sequence[Entrant],
        entering: Sequence[Awaitable[Entrant]] | None,
        keep: int,
        iteration: int,
        seed: int,
    ) -> Bracket:
        ready = None
        if entering is not None:
            ready = {known.id: one for known, one in zip(entrants, entering, strict=True)}
        bracket: Bracket = await self.rtv.acall(
            task=task, entrants=entrants, ready=ready, keep=keep, iteration=iteration, seed=seed
        )
        return bracket


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
