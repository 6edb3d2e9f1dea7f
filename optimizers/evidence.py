"""Fits the evidence judge's weights on labelled pools, and measures that by cross-validation.

A dozen scalar weights with known signs: shrinkage goes to priors that were set by hand, its
strength is chosen inside the training folds by likelihood. Source: ours.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from rematch.evidence.features import BY_NAME
from rematch.evidence.scoring import FittedPool, ScoringModel, Weight
from rematch.optimizers.labelled import LabelledPool, LabelledTask
from rematch.optimizers.ranking import Array, fit_weights, make_pairs
from rematch.seeds import derive_random

STRENGTHS = (1.0, 3.0, 10.0, 30.0)
"""How strongly weights are held to their priors; one task's pairs weigh 1."""

_INNER_FOLDS = 5
_ENOUGH_TASKS = 10  # with mixed outcomes; fewer can't tell one strength from another


def fit(
    tasks: Sequence[LabelledTask],
    *,
    names: Sequence[str] = tuple(BY_NAME),
    strength: float | None = None,
    seed: int = 0,
) -> ScoringModel:
    """Fit the weights on labelled tasks.

    Args:
        tasks: labelled tasks; those whose attempts all came out alike teach nothing.
        names: the features to use.
        strength: how strongly weights are held to their priors; None chooses one of STRENGTHS
            by the likelihood of held-out tasks.
        seed: shuffles the tasks into folds for that choice.
    """
    mixed = [task for task in tasks if task.is_mixed]
    if strength is None:
        strength = _choose_strength(mixed, names, seed)
    weights = _fit(mixed, names, strength)
    return ScoringModel(
        strength=strength,
        weights=tuple(
            Weight(
                name=name,
                group=BY_NAME[name].group,
                weight=round(float(weight), 4),
                scale=BY_NAME[name].scale,
                meaning=BY_NAME[name].meaning,
            )
            for name, weight in zip(names, weights, strict=True)
        ),
    )


def fit_pools(pools: Mapping[str, LabelledPool], *, seed: int = 0) -> ScoringModel:
    """The model to commit: fitted on all pools together, with what it was fitted on noted.

    Args:
        pools: labelled pools by the name to note.
        seed: as in `fit`.
    """
    model = fit([task for pool in pools.values() for task in pool.tasks], seed=seed)
    fitted_on = tuple(
        FittedPool(
            name=name,
            attempts=sum(len(task.attempts) for task in pool.tasks),
            tasks=tuple(sorted(task.digest for task in pool.tasks)),
        )
        for name, pool in pools.items()
    )
    about = "Fitted by optimizers/evidence.py; docs/evidence.md says how and how well."
    return model.model_copy(update={"about": about, "fitted_on": fitted_on})


def dump_model(model: ScoringModel) -> str:
    """The JSON text of a model's file."""
    return model.model_dump_json(indent=2) + "\n"


def cross_validate(
    tasks: Sequence[LabelledTask],
    *,
    folds: int | None = None,
    names: Sequence[str] = tuple(BY_NAME),
    strength: float | None = None,
    seed: int = 0,
) -> list[float]:
    """Each task's reward when the weights that pick were fitted without its fold.

    Args:
        tasks: labelled tasks.
        folds: how many folds; None leaves one task out at a time.
        names: the features to use.
        strength: as in `fit`; None chooses it inside each training set.
        seed: shuffles the tasks into folds.

    Returns:
        The picked reward of every task, in the order of `tasks`.
    """
    picked = [0.0] * len(tasks)
    fitted: dict[tuple[str, ...], ScoringModel] = {}
    for held_out in split(len(tasks), folds or len(tasks), seed):
        out = set(held_out)
        training = [task for i, task in enumerate(tasks) if i not in out and task.is_mixed]
        key = tuple(task.id for task in training)  # tasks that teach nothing change no fit
        if key not in fitted:
            fitted[key] = fit(training, names=names, strength=strength, seed=seed)
        for index in held_out:
            picked[index] = tasks[index].pick(fitted[key].score).reward
    return picked


def split(count: int, folds: int, seed: int) -> Iterator[list[int]]:
    """Seeded folds of the numbers below `count`, sizes differing by at most one."""
    order = list(range(count))
    derive_random(seed, "folds", count, folds).shuffle(order)
    for fold in range(min(folds, count)):
        yield order[fold::folds]


def _fit(tasks: Sequence[LabelledTask], names: Sequence[str], strength: float) -> Array:
    prior = np.array([BY_NAME[name].prior for name in names])
    pairs = make_pairs(tasks, names, [BY_NAME[name].scale for name in names])
    return fit_weights(pairs, prior, strength)


def _choose_strength(tasks: Sequence[LabelledTask], names: Sequence[str], seed: int) -> float:
    """The strength under which held-out tasks are likeliest; the strongest where tasks are few."""
    if len(tasks) < _ENOUGH_TASKS:
        return STRENGTHS[-1]
    scales = [BY_NAME[name].scale for name in names]
    likelihoods = dict.fromkeys(STRENGTHS, 0.0)
    for held_out in split(len(tasks), _INNER_FOLDS, seed):
        out = set(held_out)
        training = [task for index, task in enumerate(tasks) if index not in out]
        unseen = make_pairs([tasks[index] for index in held_out], names, scales)
        for strength in STRENGTHS:
            likelihoods[strength] += unseen.likelihood(_fit(training, names, strength))
    return max(STRENGTHS, key=lambda strength: (likelihoods[strength], strength))
