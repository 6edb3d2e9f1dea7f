"""One iteration under way: its rollouts, their summaries, its bracket, each a task of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import cast

from rematch.data.records import Bracket, Rollout, Summary
from rematch.errors import BudgetSpentError
from rematch.programs.concurrency import finished
from rematch.programs.pdr import Attempts, Earlier
from rematch.seams import Entrant, stages_left

Entering = tuple[Entrant, Awaitable[Entrant]]
"""An entrant whose summary may still be missing, and itself when it is there."""


@dataclass
class Iteration:
    """A rollout that the budget did not allow is None, and so is its entrant.

    Attributes:
        number: t.
        before: the iteration before, None for the first.
        rollouts: tasks, by index.
        entrants: likewise.
        bracket: narrows it for the next iteration, None where nothing needs that.
    """

    number: int
    before: Iteration | None = None
    rollouts: list[asyncio.Task[Rollout | None]] = field(default_factory=list)
    entrants: list[asyncio.Task[Entrant | None]] = field(default_factory=list)
    bracket: asyncio.Task[Bracket] | None = None

    def as_earlier(self) -> Earlier:
        """What the next iteration's rollouts may be told of this one."""
        return Earlier(self.entrants, self.find_survivors)

    def results(self) -> list[Entrant]:
        """All entrants, when all is done."""
        return [entrant for task in self.entrants if (entrant := task.result()) is not None]

    @property
    def is_cut(self) -> bool:
        """Whether the budget allowed fewer rollouts than were asked for; known when all ended."""
        return any(task.result() is None for task in self.rollouts)

    def describe_cut(self) -> str:
        """What the budget left out, "" where nothing."""
        if not self.is_cut:
            return ""
        made = sum(task.result() is not None for task in self.rollouts)
        return f"the budget allowed {made} of {len(self.rollouts)} rollouts of t{self.number}"

    async def find_survivors(self) -> Sequence[Entrant]:
        """Those that the bracket kept."""
        if self.bracket is None:
            return ()
        kept = (await self.bracket).survivors
        by_id = {entrant.id: entrant for entrant in await self._find_all()}
        return [by_id[name] for name in kept]

    async def find_finalists(self) -> list[Entering]:
        """Who enters the bracket: all rollouts; with them the best before, where some are missing.

        Raises:
            BudgetSpentError: there are none.
        """
        found: list[Entering] = []
        now: Iteration | None = self
        while now is not None:
            for attempt, entrant in zip(now.rollouts, now.entrants, strict=True):
                rollout = await attempt
                if rollout is not None:
                    found.append((announce(rollout), cast("Awaitable[Entrant]", entrant)))
            if not now.is_cut or now.before is None:
                break
            now = now.before
            if now.bracket is not None:
                found += [(entrant, finished(entrant)) for entrant in await now.find_survivors()]
                break
        if not found:
            raise BudgetSpentError("the budget allows no rollout")
        return found

    async def _find_all(self) -> list[Entrant]:
        """All entrants of this iteration and of those before it."""
        earlier = await self.before._find_all() if self.before else []
        own = [await task for task in self.entrants]
        return earlier + [entrant for entrant in own if entrant is not None]


async def make_attempt(attempts: Attempts, index: int, stages: int) -> Rollout | None:
    """One rollout; None where the budget does not allow it."""
    stages_left.set(stages)
    try:
        return await attempts.make(index)
    except BudgetSpentError:
        return None


def announce(rollout: Rollout) -> Entrant:
    """An entrant whose summary is still to be made."""
    return Entrant(rollout, Summary(rollout_id=rollout.id))
