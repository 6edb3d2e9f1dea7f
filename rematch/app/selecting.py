"""Selecting among recorded rollouts: the pool's tasks side by side, one answer each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rematch.app.building import Parts
from rematch.app.config import Config
from rematch.data.pools import Pool
from rematch.data.records import Bracket, Pick, Rollout, Summary, Usage
from rematch.errors import ModelRefusedError, RematchError
from rematch.programs.brackets import count_matches
from rematch.programs.concurrency import gather_all

_TASKS_IN_FLIGHT = 8
"""Tasks whose rollouts are held in memory at once while models answer."""


@dataclass(frozen=True)
class Selection:
    """What selection made for one task; `winner` is the picked rollout without its steps."""

    pick: Pick
    bracket: Bracket
    summaries: tuple[Summary, ...]
    winner: Rollout


@dataclass
class Selected:
    """What selection made of a pool: selections by task, and what went wrong where."""

    selections: dict[str, Selection] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    usage: dict[str, Usage] = field(default_factory=dict)


def count_calls(pool: Pool, config: Config) -> dict[str, int]:
    """The most calls each role with a model will make: no merging, no early stop, no retries."""
    calls: dict[str, int] = {}
    if config.models.summarizer:
        calls["summarizer"] = sum(pool.sizes.values())
    if config.models.judge:
        size = config.rtv.group_size
        matches = sum(count_matches(entrants, size, 1) for entrants in pool.sizes.values())
        calls["judge"] = matches * config.rtv.votes
    return calls


async def select_pool(
    parts: Parts,
    pool: Pool,
    config: Config,
    on_done: Callable[[str, Selection | str], None] | None = None,
) -> Selected:
    """Pick a rollout for every task of a pool.

    A task that fails is recorded with its reason and the rest goes on; only a provider that
    refuses the run stops it.

    Args:
        parts: the wired program.
        pool: recorded rollouts; a task's are read when its turn comes.
        config: the seed, and whether models answer (then tasks flow side by side).
        on_done: told (task id, selection or reason) as each task ends.

    Raises:
        ModelRefusedError: bad key, no money, unknown model.
    """
    selected = Selected()
    waiting = iter(pool.sizes)

    async def work(task_ids: Iterator[str]) -> None:
        for task_id in task_ids:
            outcome: Selection | str
            try:
                outcome = await _select_task(parts, pool, task_id, config.seed)
                selected.selections[task_id] = outcome
            except ModelRefusedError:
                raise
            except RematchError as error:
                outcome = selected.failures[task_id] = str(error)
            if on_done:
                on_done(task_id, outcome)

    models = config.models
    in_flight = _TASKS_IN_FLIGHT if models.summarizer or models.judge else 1
    try:
        await gather_all(work(waiting) for _ in range(in_flight))
    finally:
        selected.usage = parts.usage()
    done = selected.selections
    selected.selections = {task_id: done[task_id] for task_id in pool.sizes if task_id in done}
    return selected


async def _select_task(parts: Parts, pool: Pool, task_id: str, seed: int) -> Selection:
    recorded = pool.tasks[task_id]
    outcome = await parts.program.acall(task=recorded.task, rollouts=recorded.rollouts, seed=seed)
    winner = next(r for r in outcome.rollouts if r.id == outcome.pick.rollout_id)
    light = winner.trajectory.model_copy(update={"steps": ()})
    return Selection(
        pick=outcome.pick,
        bracket=outcome.brackets[-1],
        summaries=outcome.summaries,
        winner=winner.model_copy(update={"trajectory": light}),
    )
