"""Parallel-Distill-Refine (paper section 3.3): fresh rollouts conditioned on the best summaries."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from rematch.data.records import Rollout, Task, name_rollout
from rematch.programs.concurrency import finished, gather_all
from rematch.programs.contexts import ContextConfig, choose_indexes, write_context
from rematch.programs.distiller import Distiller
from rematch.programs.program import Program
from rematch.seams import Agent, Entrant, Executor, asker
from rematch.seeds import derive_seed

T = TypeVar("T")


@dataclass(frozen=True)
class Earlier:
    """The iteration before, as far as it is; whoever needs a part of it waits for that part.

    Attributes:
        entrants: all of them; None for one that the budget did not allow.
        find_survivors: waits for those that RTV kept.
    """

    entrants: Sequence[Awaitable[Entrant | None]]
    find_survivors: Callable[[], Awaitable[Sequence[Entrant]]]


class PDR(Program):
    """Starts N rollouts of one iteration.

    Args:
        agent: makes one rollout in a fresh environment.
        config: which summaries a rollout is told.
        distiller: needed where the configuration distills.
        executor: bounds how many rollouts run, and how many contexts are distilled, at once.
    """

    def __init__(
        self,
        agent: Agent,
        config: ContextConfig | None = None,
        distiller: Distiller | None = None,
        executor: Executor | None = None,
    ) -> None:
        super().__init__()
        self.agent = agent
        self.config = config or ContextConfig()
        self.distiller = distiller if self.config.distill else None
        self.executor = executor
        if self.config.distill and distiller is None:
            raise ValueError("a context that is distilled needs a distiller")

    async def aforward(
        self,
        *,
        task: Task,
        n: int,
        iteration: int = 0,
        population: Sequence[Entrant] = (),
        survivors: Sequence[Entrant] = (),
        seed: int = 0,
    ) -> tuple[Rollout, ...]:
        """Make `n` rollouts, in the order of their index.

        Args:
            task: the task.
            n: how many rollouts.
            iteration: t; in iteration 0 there is nothing to tell.
            population: the iteration before, whole.
            survivors: those of it that RTV kept.
            seed: the run's seed.
        """
        earlier = None
        if population:
            earlier = Earlier([finished(one) for one in population], partial(finished, survivors))
        attempts = self.begin(task=task, iteration=iteration, earlier=earlier, seed=seed)
        return tuple(await gather_all(attempts.make(index) for index in range(n)))

    def begin(self, *, task: Task, iteration: int, earlier: Earlier | None, seed: int) -> Attempts:
        """An iteration whose rollouts start one by one, each when what it is told is there."""
        return Attempts(self, task, iteration, earlier, seed)


@dataclass
class Attempts:
    """The rollouts of one iteration. Equal contexts are written, and distilled, once."""

    pdr: PDR
    task: Task
    iteration: int
    earlier: Earlier | None
    seed: int
    _texts: dict[tuple[str, ...], asyncio.Future[str]] = field(default_factory=dict)

    async def make(self, index: int) -> Rollout:
        """Make the rollout of this index."""
        asker.set(name_rollout(self.task.id, self.iteration, index))
        priors = await self._choose(index)
        ids = tuple(prior.id for prior in priors)
        context = await self._write(ids, priors)

        async def job() -> Rollout:
            return await self.pdr.agent.attempt(
                self.task, context=context, iteration=self.iteration, index=index
            )

        executor = self.pdr.executor
        rollout = await (executor.run("agent", job) if executor else job())
        return rollout.model_copy(update={"priors": ids})

    async def _choose(self, index: int) -> tuple[Entrant, ...]:
        earlier = self.earlier
        if earlier is None:
            return ()
        drawn = derive_seed(self.seed, self.task.id, self.iteration, "context")
        chosen = choose_indexes(self.pdr.config, len(earlier.entrants), index, drawn)
        if chosen is None:
            return tuple(await earlier.find_survivors())
        told = [await earlier.entrants[number] for number in chosen]
        return tuple(entrant for entrant in told if entrant is not None)

    async def _write(self, ids: tuple[str, ...], priors: Sequence[Entrant]) -> str:
        known = self._texts.get(ids)
        if known is not None:
            return await asyncio.shield(known)
        text: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._texts[ids] = text
        try:
            text.set_result(await self._distill(priors))
        except BaseException as error:
            if isinstance(error, Exception):
                text.set_exception(error)
                text.exception()  # seen: those who wait raise it
            else:
                text.cancel()
            raise
        return text.result()

    async def _distill(self, priors: Sequence[Entrant]) -> str:
        async def job() -> str:
            # The text is for all who are told the same, whoever of them comes first.
            asking = asker.set("")
            try:
                return await write_context(self.task, priors, self.pdr.distiller)
            finally:
                asker.reset(asking)

        executor = self.pdr.executor
        if executor is None or self.pdr.distiller is None:
            return await job()
        return await executor.run("distiller", job)
