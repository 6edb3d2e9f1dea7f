"""Means over tasks with task-bootstrap intervals: the same figures everywhere, one seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_DRAWS = 10_000


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` tasks with its 95 % interval (percentile bootstrap over tasks)."""

    mean: float
    low: float
    high: float
    n: int


def estimate_mean(values: Sequence[float], seed: int = 0) -> Estimate | None:
    """The mean of one value per task; None without tasks.

    Args:
        values: one per task.
        seed: of the bootstrap's draws.
    """
    if not values:
        return None
    import numpy as np

    data = np.asarray(values, dtype=float)
    draws = np.random.default_rng(seed).integers(len(data), size=(_DRAWS, len(data)))
    low, high = np.quantile(data[draws].mean(axis=1), [0.025, 0.975])
    return Estimate(float(data.mean()), float(low), float(high), len(data))
