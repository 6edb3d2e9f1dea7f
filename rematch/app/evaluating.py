"""Measuring and fitting on labelled pools: the only doors through which labels come in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from rematch.app.building import build_selector, run_async
from rematch.app.config import Config
from rematch.app.selecting import Selection, select_pool
from rematch.data.pools import Pool, read_pool
from rematch.data.records import Rollout, Task
from rematch.errors import InputError, RematchError
from rematch.evidence.scoring import ScoringModel
from rematch.optimizers.evaluation import Evaluation, evaluate
from rematch.optimizers.evidence import fit_pools
from rematch.optimizers.labelled import LabelledPool, join_labels, read_labels


def read_labelled(paths: Sequence[Path], labels: Path, seed: int) -> tuple[Pool, LabelledPool]:
    """A pool and the same joined with its labels.

    Raises:
        InputError: the labels cannot be read, or nothing was found.
    """
    rewards, bad_rows = read_labels(labels)
    pool = read_pool(paths)
    if not pool.sizes:
        raise InputError(f"{', '.join(map(str, paths))}: no recorded rollouts found")
    joined = join_labels(_tasks(pool), rewards, seed)
    problems = (*map(str, pool.problems), *bad_rows, *joined.problems)
    return pool, LabelledPool(joined.tasks, problems)


def evaluate_pool(
    paths: Sequence[Path],
    labels: Path,
    config: Config,
    on_done: Callable[[str, Selection | str], None] | None = None,
) -> Evaluation:
    """Every selector on a labelled pool; a model's judge too, where the configuration has one.

    Raises:
        InputError: nothing can be measured.
        RematchError: a model judge could not pick for every task.
    """
    pool, labelled = read_labelled(paths, labels, config.seed)
    picks = _pick_with_model(pool, config, on_done) if config.models.judge else {}
    return evaluate(labelled, picks=picks, seed=config.seed)


def fit_evidence(pools: Iterable[tuple[Path, Path]], seed: int) -> tuple[ScoringModel, list[str]]:
    """Weights fitted on labelled pools together, and one line for each thing left out.

    Args:
        pools: (folder of rollouts, its labels).
        seed: of the folds in which the strength is chosen.

    Raises:
        InputError: a pool or its labels cannot be read, or no task has mixed outcomes.
    """
    labelled = {path.name: read_labelled([path], labels, seed)[1] for path, labels in pools}
    tasks = [task for pool in labelled.values() for task in pool.tasks]
    if not any(task.is_mixed for task in tasks):
        raise InputError("no labelled task has both passing and failing attempts to learn from")
    problems = [problem for pool in labelled.values() for problem in pool.problems]
    return fit_pools(labelled, seed=seed), problems


def _tasks(pool: Pool) -> Iterable[tuple[Task, tuple[Rollout, ...]]]:
    for recorded in pool.tasks.values():
        yield recorded.task, recorded.rollouts


def _pick_with_model(
    pool: Pool, config: Config, on_done: Callable[[str, Selection | str], None] | None
) -> Mapping[str, Mapping[str, str]]:
    parts = build_selector(config)
    selected = run_async(lambda: select_pool(parts, pool, config, on_done=on_done))
    selected.require_all()
    if selected.failures:
        task_id, reason = next(iter(selected.failures.items()))
        raise RematchError(f"{task_id}: the model judge made no pick ({reason})")
    judge = config.models.judge
    name = judge.model if judge else ""
    picks = {task_id: one.pick.rollout_id for task_id, one in selected.selections.items()}
    return {name: picks}
