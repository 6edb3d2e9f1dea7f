"""Parallel-Distill-Refine (paper section 3.3): fresh rollouts conditioned on the best summaries."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rematch.data.records import Rollout, Task, name_rollout
from rematch.programs.concurrency import gather_all
from rematch.programs.contexts import ContextConfig, choose_priors, write_context
from rematch.programs.distiller import Distiller
from rematch.programs.program import Program
from rematch.seams import Agent, Entrant, Executor, asker
from rematch.seeds import derive_seed


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
        drawn = derive_seed(seed, task.id, iteration, "context")
        told = [
            choose_priors(self.config, population, survivors, index, drawn) if population else ()
            for index in range(n)
        ]
        contexts = await self._write(task, told)

        async def attempt(index: int) -> Rollout:
            asker.set(name_rollout(task.id, iteration, index))
            priors = _ids(told[index])

            async def job() -> Rollout:
                return await self.agent.attempt(
                    task, context=contexts[priors], iteration=iteration, index=index
                )

            rollout = await (self.executor.run("agent", job) if self.executor else job())
            return rollout.model_copy(update={"priors": priors})

        return tuple(await gather_all(attempt(index) for index in range(n)))

    async def _write(
        self, task: Task, told: Sequence[tuple[Entrant, ...]]
    ) -> dict[tuple[str, ...], str]:
        """Each distinct set of priors is written (and distilled) once; keyed by their ids."""
        distinct = {_ids(priors): priors for priors in told}

        async def write(priors: tuple[Entrant, ...]) -> str:
            job = partial(write_context, task, priors, self.distiller)
            if self.executor is None or self.distiller is None:
                return await job()
            return await self.executor.run("distiller", job)

        texts = await gather_all(write(priors) for priors in distinct.values())
        return dict(zip(distinct, texts, strict=True))


def _ids(priors: Sequence[Entrant]) -> tuple[str, ...]:
    return tuple(prior.id for prior in priors)
