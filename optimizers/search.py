"""Search over settings: picked mean against cost, by Optuna, on tasks that judge no result.

Every trial runs on the search tasks in blocks and is given up where it can win nothing any more.
The trials stand in a file, so a killed search goes on; a trial's draws follow from the seed and
from how many were finished before it, so it goes on as it would have gone. Source: ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from rematch.data.records import Record
from rematch.errors import InputError
from rematch.optimizers.evaluation import compare_paired
from rematch.optimizers.space import Space
from rematch.seeds import derive_random, derive_seed

_BLOCKS = 5
_HOPELESS = 0.05
_TOLERANCE = 1e-9
_OVER = (TrialState.COMPLETE, TrialState.PRUNED)


class Measured(Record):
    """A setting on one task: the pick's reward, and what it took."""

    reward: float
    cost: float


Measure = Callable[[Mapping[str, Any], Sequence[str]], Mapping[str, Measured]]
"""Runs a setting (dotted keys) on tasks."""


@dataclass(frozen=True)
class Tried:
    """A trial: what it set, and what it brought by task. Pruned ones lack tasks."""

    number: int
    changes: dict[str, Any]
    measured: dict[str, Measured]
    is_pruned: bool = False

    @property
    def mean(self) -> float:
        """The picked mean over its tasks."""
        return sum(one.reward for one in self.measured.values()) / len(self.measured)

    @property
    def cost(self) -> float:
        """What one task took on the mean."""
        return sum(one.cost for one in self.measured.values()) / len(self.measured)


def search(
    space: Space,
    measure: Measure,
    tasks: Sequence[str],
    storage: Path,
    *,
    trials: int,
    seed: int = 0,
    on_done: Callable[[Tried], None] | None = None,
) -> list[Tried]:
    """Try settings until so many trials are over, those of earlier sessions included.

    Args:
        space: what may change.
        measure: runs a setting on tasks.
        tasks: the search tasks.
        storage: Optuna's journal; made where it is not there.
        trials: how many in all.
        seed: of the draws and of the order of tasks.
        on_done: told each trial that ends in this session.

    Returns:
        All trials that are over, in order.

    Raises:
        InputError: the file holds no such search.
    """
    study = _open(storage)
    order = sorted(tasks)
    derive_random(seed, "search tasks").shuffle(order)
    over = [_read(trial) for trial in study.get_trials(deepcopy=False) if trial.state in _OVER]
    while len(over) < trials:
        # By what is over, not by number: a trial that a kill cut short is drawn once more.
        study.sampler = optuna.samplers.TPESampler(
            seed=derive_seed(seed, "trial", len(over)) % 2**32
        )
        trial = study.ask()
        tried = _try(trial.number, space.suggest(trial), measure, order, over)
        _tell(study, trial, tried)
        over.append(tried)
        if on_done:
            on_done(tried)
    return over


def find_pareto(tried: Sequence[Tried]) -> list[Tried]:
    """Trials that none beats in mean and cost together, cheapest first.

    Of equal ones the one that changes least stands for all, then the earliest.
    """
    done = [one for one in tried if not one.is_pruned]
    front: dict[tuple[float, float], Tried] = {}
    for one in sorted(done, key=lambda t: (sum(map(bool, t.changes.values())), t.number)):
        if not any(_beats(other, one) for other in done):
            front.setdefault((round(one.cost, 9), round(one.mean, 9)), one)
    return [front[key] for key in sorted(front)]


def _open(storage: Path) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage.parent.mkdir(parents=True, exist_ok=True)
    try:
        study = optuna.create_study(
            storage=JournalStorage(JournalFileBackend(str(storage))),
            study_name="rematch",
            directions=["maximize", "minimize"],
            load_if_exists=True,
        )
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{storage}: holds no search that can go on ({error})") from error
    for trial in study.get_trials(deepcopy=False, states=[TrialState.RUNNING]):
        study.tell(trial.number, state=TrialState.FAIL)  # its process is gone
    return study


def _try(
    number: int,
    changes: dict[str, Any],
    measure: Measure,
    order: Sequence[str],
    over: Sequence[Tried],
) -> Tried:
    """Run a setting block by block. One that was tried before is not run again."""
    for other in over:
        if other.changes == changes:
            return Tried(number, changes, other.measured, other.is_pruned)
    measured: dict[str, Measured] = {}
    for block in _split(order):
        measured.update(measure(changes, block))
        so_far = Tried(number, changes, measured, is_pruned=True)
        if len(measured) < len(order) and _is_hopeless(so_far, over, len(order)):
            return so_far
    return Tried(number, changes, measured)


def _split(order: Sequence[str]) -> Iterator[Sequence[str]]:
    size = max(1, -(-len(order) // _BLOCKS))
    for start in range(0, len(order), size):
        yield order[start : start + size]


def _is_hopeless(so_far: Tried, over: Sequence[Tried], tasks: int) -> bool:
    """Whether another setting is no dearer here, and out of reach or significantly better."""
    mine = so_far.measured
    best = sum(one.reward for one in mine.values()) + tasks - len(mine)
    for other in over:
        if other.is_pruned:
            continue
        theirs = {task: other.measured[task] for task in mine}
        if sum(t.cost for t in theirs.values()) > sum(m.cost for m in mine.values()) + _TOLERANCE:
            continue
        paired = compare_paired(
            [one.reward for one in mine.values()], [one.reward for one in theirs.values()]
        )
        if best < other.mean * tasks - _TOLERANCE or (
            paired.worse > paired.better and paired.p < _HOPELESS
        ):
            return True
    return False


def _beats(one: Tried, other: Tried) -> bool:
    no_worse = one.mean >= other.mean - _TOLERANCE and one.cost <= other.cost + _TOLERANCE
    better = one.mean > other.mean + _TOLERANCE or one.cost < other.cost - _TOLERANCE
    return no_worse and better


def _tell(study: optuna.Study, trial: optuna.Trial, tried: Tried) -> None:
    trial.set_user_attr("changes", tried.changes)
    trial.set_user_attr("rewards", {task: one.reward for task, one in tried.measured.items()})
    trial.set_user_attr("costs", {task: one.cost for task, one in tried.measured.items()})
    if tried.is_pruned:
        study.tell(trial, state=TrialState.PRUNED)
    else:
        study.tell(trial, [tried.mean, tried.cost])


def _read(trial: optuna.trial.FrozenTrial) -> Tried:
    kept = trial.user_attrs
    measured = {
        task: Measured(reward=reward, cost=kept["costs"][task])
        for task, reward in kept["rewards"].items()
    }
    return Tried(trial.number, kept["changes"], measured, trial.state is TrialState.PRUNED)
