"""Selecting among recorded rollouts: the pool's tasks side by side, one answer each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from rematch.app.config import Config
from rematch.app.endings import Ending, answer_each
from rematch.app.parts import Parts, lighten
from rematch.data.pools import Pool, PoolTask
from rematch.data.records import Bracket, Origin, Pick, Rollout, Summary, Task
from rematch.programs.brackets import count_matches
from rematch.runs.budget import watch_refusals
from rematch.runs.folder import RunFolder, TaskFolder
from rematch.runs.manifest import Manifest, describe_paths, open_folder, read_versions
from rematch.seeds import derive_random

_TASKS_IN_FLIGHT = 8
"""Tasks whose rollouts are held in memory at once while models answer."""


@dataclass(frozen=True)
class Selection:
    """What selection made for one task; the rollouts' steps are only counted."""

    task: Task
    pick: Pick
    bracket: Bracket
    summaries: tuple[Summary, ...]
    rollouts: tuple[Rollout, ...]

    @property
    def winner(self) -> Rollout:
        """The picked rollout."""
        return next(r for r in self.rollouts if r.id == self.pick.rollout_id)


@dataclass
class Selected(Ending):
    """What selection made of a pool: selections by task, and how it ended."""

    selections: dict[str, Selection] = field(default_factory=dict)


def count_calls(pool: Pool, config: Config) -> dict[str, int]:
    """The most calls each role with a model will make: no merging, no early stop, no retries."""
    calls: dict[str, int] = {}
    most = config.recorded_n or max(pool.sizes.values(), default=0)
    sizes = [min(size, most) for size in pool.sizes.values()]
    if config.models.summarizer and config.reads_summaries:
        calls["summarizer"] = sum(sizes)
    if config.models.judge:
        size = config.rtv.group_size
        matches = sum(count_matches(entrants, size, 1) for entrants in sizes)
        calls["judge"] = matches * config.rtv.votes
    return calls


def open_selection(
    config: Config,
    paths: Iterable[Path],
    output: Path,
    *,
    group_by: str = "instance",
    redo: bool = False,
) -> RunFolder:
    """The folder of a selection, new or continued.

    Args:
        config: models and rules.
        paths: where the rollouts are read from.
        output: the folder.
        group_by: how rollouts become tasks.
        redo: forget what the folder holds.

    Raises:
        UsageError: the folder holds another selection, or something else.
    """
    manifest = Manifest(
        suite=describe_paths(paths),
        agent="recorded",
        config=config.describe_results(),
        versions=read_versions(),
    )
    manifest = manifest.model_copy(update={"config": {**manifest.config, "group_by": group_by}})
    return open_folder(output, manifest, redo=redo)


async def select_pool(
    parts: Parts,
    pool: Pool,
    config: Config,
    folder: RunFolder | None = None,
    on_done: Callable[[str, Selection | str], None] | None = None,
) -> Selected:
    """Pick a rollout for every task of a pool; a failure stops only its own task (`answer_each`).

    Args:
        parts: the wired program.
        pool: recorded rollouts; a task's are read when its turn comes.
        config: the seed, and whether models answer (then tasks flow side by side).
        folder: keeps what is made; tasks that it holds a pick of are taken from it, unless
            their rollouts have changed.
        on_done: told (task id, selection or reason) as each task ends.

    Raises:
        ModelRefusedError: bad key, no money, unknown model; nothing is finished.
    """
    selected = Selected()
    models = config.models
    selected.selections = await answer_each(
        parts,
        list(pool.sizes),
        lambda task_id: answer_task(parts, pool.tasks[task_id], config, folder),
        selected,
        in_flight=_TASKS_IN_FLIGHT if models.summarizer or models.judge else 1,
        on_done=on_done,
    )
    selected.note_no_votes(selection.bracket for selection in selected.selections.values())
    return selected


async def answer_task(
    parts: Parts, recorded: PoolTask, config: Config, folder: RunFolder | None = None
) -> Selection:
    """Pick a rollout for one task; what the folder keeps of these rollouts is taken from it."""
    task, rollouts = recorded.task, draw_rollouts(recorded, config)
    kept = _load(folder.task(task.id)) if folder else None
    is_paid = kept is not None and not kept.pick.unpaid
    if kept is not None and is_paid and _tell_apart(kept.rollouts) == _tell_apart(rollouts):
        return kept
    with watch_refusals() as refused:
        outcome = await parts.program.acall(task=task, rollouts=rollouts, seed=config.seed)
    selection = Selection(
        task=task,
        pick=outcome.pick.model_copy(update={"unpaid": len(refused)}),
        bracket=outcome.brackets[-1],
        summaries=outcome.summaries,
        rollouts=tuple(map(lighten, outcome.rollouts)),
    )
    if folder:
        _keep(selection, folder.task(task.id))
    return selection


def draw_rollouts(recorded: PoolTask, config: Config) -> tuple[Rollout, ...]:
    """The rollouts of a task that enter: a larger `recorded_n` draws the same and more."""
    rollouts = recorded.rollouts
    if config.recorded_n is None or config.recorded_n >= len(rollouts):
        return rollouts
    order = list(range(len(rollouts)))
    derive_random(config.seed, recorded.task.id, "recorded_n").shuffle(order)
    return tuple(rollouts[index] for index in sorted(order[: config.recorded_n]))


def _tell_apart(rollouts: Iterable[Rollout]) -> list[str]:
    """What tells one set of attempts from another.

    Not their names: a pool may be named by another path, and ids grow with what else it holds.
    """
    nameless = {"id": "any", "origin": Origin()}
    return sorted(lighten(r).model_copy(update=nameless).model_dump_json() for r in rollouts)


def _keep(selection: Selection, folder: TaskFolder) -> None:
    folder.clear()
    folder.write_task(selection.task)
    for rollout in selection.rollouts:
        folder.write_rollout(rollout)
    for summary in selection.summaries:
        folder.write_summary(summary)
    folder.write_bracket(0, selection.bracket)
    folder.write_pick(selection.pick)


def _load(folder: TaskFolder) -> Selection | None:
    task, pick = folder.read_task(), folder.read_pick()
    if task is None or pick is None:
        return None
    return Selection(
        task=task,
        pick=pick,
        bracket=folder.brackets()[-1],
        summaries=tuple(folder.summaries()),
        rollouts=tuple(folder.rollouts()),
    )
