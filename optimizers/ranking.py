"""Ranking by pairs: logistic regression on differences, weights held to a prior and not below 0.

Convex with one minimum. Bradley-Terry with covariates; Newton's method on the free weights
(Bertsekas' projection), numpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rematch.optimizers.labelled import LabelledTask

Array = NDArray[np.float64]

_MOST_ROUNDS = 100
_TOLERANCE = 1e-9
_NEAR = 1e-3
"""A weight so small counts as 0 where the loss falls towards 0 (Bertsekas' epsilon)."""


@dataclass(frozen=True)
class Pairs:
    """Feature differences of better minus worse attempts, and how much each pair counts."""

    differences: Array
    importance: Array

    def likelihood(self, weights: Array) -> float:
        """The log-likelihood of all pairs."""
        return -float(self.importance @ np.logaddexp(0.0, -self.differences @ weights))


def make_pairs(
    tasks: Sequence[LabelledTask], names: Sequence[str], scales: Sequence[float]
) -> Pairs:
    """All pairs of unequal reward within a task; each task's pairs count as one together.

    A pair counts by its difference in reward. Candidates that a rule of the bracket decides
    (no result) teach nothing.
    """
    rows: list[Array] = []
    importance: list[float] = []
    for task in tasks:
        able = [one for one in task.candidates if one.eligible] or list(task.candidates)
        values = np.array([[one.features[name] for name in names] for one in able]) / scales
        rewards = [task.attempts[one.attempt].reward for one in able]
        pairs = [
            (a, b) for a in range(len(able)) for b in range(len(able)) if rewards[a] > rewards[b]
        ]
        total = sum(rewards[a] - rewards[b] for a, b in pairs)
        for a, b in pairs:
            rows.append(values[a] - values[b])
            importance.append((rewards[a] - rewards[b]) / total)
    width = len(names)
    return Pairs(np.array(rows).reshape(-1, width), np.array(importance))


def fit_weights(pairs: Pairs, prior: Array, strength: float) -> Array:
    """The weights that minimise -likelihood + strength/2 * |weights - prior|^2, none below 0."""

    def loss(weights: Array) -> float:
        away = weights - prior
        return -pairs.likelihood(weights) + strength / 2 * float(away @ away)

    weights = np.maximum(prior, 0.0)
    for _ in range(_MOST_ROUNDS):
        wrong = 1 / (1 + np.exp(pairs.differences @ weights))
        slope = strength * (weights - prior) - pairs.differences.T @ (pairs.importance * wrong)
        bend = pairs.importance * wrong * (1 - wrong)
        curve = (pairs.differences.T * bend) @ pairs.differences
        curve += strength * np.eye(len(prior))
        reach = np.abs(weights - np.maximum(weights - slope, 0.0)).max()
        # What would leave the bound at once is bound, too, and goes its own way: in one step with
        # the free ones it would turn them away from the minimum.
        bound = (weights <= min(_NEAR, reach)) & (slope >= 0)
        free = ~bound
        step = slope / np.diag(curve)
        step[free] = np.linalg.solve(curve[np.ix_(free, free)], slope[free])
        length, here = 1.0, loss(weights)
        while loss(moved := np.maximum(weights - length * step, 0.0)) > here and length > 1e-6:
            length /= 2
        if np.abs(moved - weights).max() < _TOLERANCE:
            break
        weights = moved
    return weights
