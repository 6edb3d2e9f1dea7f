"""How good picking is on a labelled pool: every selector beside free baselines and the oracle.

Nothing here is read by selection. All figures are means over tasks, with 95 % intervals from a
bootstrap over tasks; differences are tested in pairs, exactly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from rematch.errors import InputError
from rematch.evidence.scoring import ScoringModel, load_model
from rematch.optimizers.evidence import cross_validate
from rematch.optimizers.labelled import LabelledPool, LabelledTask
from rematch.optimizers.selectors import (
    Selector,
    list_baselines,
    pick_by_evidence,
    pick_given,
    pick_oracle,
    pick_random,
)
from rematch.statistics import estimate_mean

Interval = tuple[float, float]
REFERENCES = ("random", "fewest-steps")
"""The selectors that every other one is tested against."""

_LEAVE_ONE_OUT = 200  # tasks; beyond it, weights hardly depend on a single one
_FOLDS = 20


class _Result(BaseModel):
    model_config = ConfigDict(frozen=True)


class Paired(_Result):
    """A two-sided exact sign test over tasks (McNemar's, where rewards are 0 or 1)."""

    better: int
    worse: int
    p: float


class Share(_Result):
    """A selector on some of the tasks. `oracle_share` is of the gap from random to oracle."""

    n_tasks: int
    picked_mean: float
    ci95: Interval
    gain: float
    gain_ci95: Interval
    oracle_share: float | None


class SelectorResult(Share):
    """A selector on all tasks, and on those whose outcomes are mixed.

    `fitted_here` counts the pool's tasks that the selector's weights were fitted on: such a
    figure flatters. `tests` is by the selector compared with.
    """

    mixed: Share | None
    fitted_here: int = 0
    tests: dict[str, Paired] = Field(default_factory=dict)


class Evaluation(_Result):
    """Everything that `rematch evaluate` says of a pool.

    `ablation` is the picked mean of the committed weights without each group of features.
    `problems` has one line for each label or attempt that is not among the figures.
    """

    n_tasks: int
    n_attempts: int
    n_mixed: int
    pass_at_1: float
    oracle: float
    selectors: dict[str, SelectorResult]
    ablation: dict[str, Share]
    problems: tuple[str, ...] = ()

    def rows(self) -> list[dict[str, Any]]:
        """One flat row per selector and ablation, for tables and CSV."""
        rows = [_row(name, result) for name, result in self.selectors.items()]
        rows += [_row(f"evidence without {name}", share) for name, share in self.ablation.items()]
        return rows


def evaluate(
    pool: LabelledPool,
    *,
    model: ScoringModel | None = None,
    picks: Mapping[str, Mapping[str, str]] | None = None,
    seed: int = 0,
) -> Evaluation:
    """Measure every selector on a labelled pool.

    Args:
        pool: labelled attempts.
        model: the weights of `evidence`; None takes the committed ones.
        picks: further selectors by name, such as a model judge's: rollout ids by task id.
        seed: of the bootstrap and the folds.

    Raises:
        InputError: no attempt of the pool has a label.
    """
    tasks = pool.tasks
    if not tasks:
        raise InputError("no attempt has a label: do the labels' tasks and attempts match?")
    model = model or load_model()
    selectors = list_baselines(tasks) | {"evidence": pick_by_evidence(model)}
    picked = {name: _pick_all(tasks, selector) for name, selector in selectors.items()}
    folds = None if len(tasks) <= _LEAVE_ONE_OUT else _FOLDS
    picked["evidence-cv"] = cross_validate(tasks, folds=folds, seed=seed)
    for name, given in (picks or {}).items():
        picked[name] = _pick_all(tasks, pick_given(given))
    fitted = {digest for fit in model.fitted_on for digest in fit.tasks}
    overlap = sum(task.digest in fitted for task in tasks)
    return Evaluation(
        n_tasks=len(tasks),
        n_attempts=sum(len(task.attempts) for task in tasks),
        n_mixed=sum(task.is_mixed for task in tasks),
        pass_at_1=_mean(picked["random"]),
        oracle=_mean(_pick_all(tasks, pick_oracle)),
        selectors={
            name: _measure(tasks, name, picked, overlap if name == "evidence" else 0, seed)
            for name in picked
        },
        ablation={
            group: _share(tasks, _pick_all(tasks, pick_by_evidence(model.without([group]))), seed)
            for group in dict.fromkeys(weight.group for weight in model.weights)
        },
        problems=pool.problems,
    )


def compare_paired(one: Sequence[float], other: Sequence[float]) -> Paired:
    """Exact two-sided sign test of two selectors on the same tasks; ties say nothing."""
    better = sum(a > b + 1e-12 for a, b in zip(one, other, strict=True))
    worse = sum(a < b - 1e-12 for a, b in zip(one, other, strict=True))
    count = better + worse
    tail = sum(math.comb(count, k) for k in range(min(better, worse) + 1))
    return Paired(better=better, worse=worse, p=min(1.0, 2 * tail / 2**count))


def _measure(
    tasks: Sequence[LabelledTask],
    name: str,
    picked: Mapping[str, Sequence[float]],
    fitted_here: int,
    seed: int,
) -> SelectorResult:
    rewards = picked[name]
    mixed = [index for index, task in enumerate(tasks) if task.is_mixed]
    return SelectorResult(
        **_share(tasks, rewards, seed).model_dump(),
        mixed=_share([tasks[i] for i in mixed], [rewards[i] for i in mixed], seed)
        if mixed
        else None,
        fitted_here=fitted_here,
        tests={
            reference: compare_paired(rewards, picked[reference])
            for reference in REFERENCES
            if reference != name
        },
    )


def _share(tasks: Sequence[LabelledTask], rewards: Sequence[float], seed: int) -> Share:
    chance = [pick_random(task) for task in tasks]
    gains = [reward - mean for reward, mean in zip(rewards, chance, strict=True)]
    mean, interval = _estimate(rewards, seed)
    gain, gain_interval = _estimate(gains, seed)
    gap = _mean([pick_oracle(task) for task in tasks]) - _mean(chance)
    return Share(
        n_tasks=len(tasks),
        picked_mean=mean,
        ci95=interval,
        gain=gain,
        gain_ci95=gain_interval,
        oracle_share=gain / gap if gap > 1e-12 else None,
    )


def _estimate(values: Sequence[float], seed: int) -> tuple[float, Interval]:
    estimate = estimate_mean(values, seed)
    if estimate is None:
        raise ValueError("no tasks to estimate from")
    return estimate.mean, (estimate.low, estimate.high)


def _pick_all(tasks: Sequence[LabelledTask], selector: Selector) -> list[float]:
    return [selector(task) for task in tasks]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _row(name: str, share: Share) -> dict[str, Any]:
    row: dict[str, Any] = {
        "selector": name,
        "n_tasks": share.n_tasks,
        "picked_mean": share.picked_mean,
        "ci95_low": share.ci95[0],
        "ci95_high": share.ci95[1],
        "gain": share.gain,
        "gain_ci95_low": share.gain_ci95[0],
        "gain_ci95_high": share.gain_ci95[1],
        "oracle_share": share.oracle_share,
    }
    mixed = share.mixed if isinstance(share, SelectorResult) else None
    row["mixed_picked_mean"] = mixed.picked_mean if mixed else None
    row["fitted_here"] = share.fitted_here if isinstance(share, SelectorResult) else 0
    tests = share.tests if isinstance(share, SelectorResult) else {}
    for reference in REFERENCES:
        row[f"p_{reference}"] = tests[reference].p if reference in tests else None
    return row
