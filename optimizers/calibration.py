"""Fits how likely a pick is right, and says on other tasks how far that can be believed.

Logistic regression on few signals, none of which may speak against the pick, held to the base
rate: where signals tell nothing, the probability is the share of right picks. Source: ours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rematch.data.records import Bracket, Record
from rematch.errors import InputError
from rematch.optimizers.evaluation import Interval
from rematch.optimizers.ranking import Pairs, fit_weights
from rematch.programs.calibration import (
    SIGNALS,
    Calibration,
    Kind,
    SignalWeight,
    read_signals,
)
from rematch.statistics import estimate_mean

_STRENGTH = 1.0
_BINS = 5
_FEWEST = 4


@dataclass(frozen=True)
class Judged:
    """A pick whose reward is known, with the bracket that it comes from."""

    bracket: Bracket
    reward: float


class Bin(Record):
    """Picks of like probability: how likely they were said to be right, and how many were."""

    n: int
    said: float
    right: float


class Reliability(Record):
    """How far probabilities can be believed, on picks that they were not fitted on.

    Attributes:
        n: picks.
        ece: expected calibration error: the bins' mean distance of said and right, by their size.
        brier: mean squared error of the probabilities, with its interval over tasks.
        brier_base: the same of the fitted picks' base rate for every pick.
        bins: from unlikely to likely, about equally many picks in each.
    """

    n: int
    ece: float
    brier: float
    brier_ci95: Interval
    brier_base: float
    bins: tuple[Bin, ...]


def fit_calibration(picks: Sequence[Judged], kind: Kind, about: str = "") -> Calibration:
    """Fit the weights of a bracket's signals.

    Args:
        picks: of validation tasks, one each.
        kind: what voted.
        about: what judged, for the file.

    Raises:
        InputError: there are too few picks, or their votes are of another kind.
    """
    names = SIGNALS[kind]
    rows = [signals for one in picks if (signals := read_signals(one.bracket, kind)) is not None]
    if len(rows) < len(picks) or len(picks) < _FEWEST:
        raise InputError(f"{len(rows)} picks by {kind}: calibrating needs {_FEWEST} at least")
    values = np.array([[row[name] for name in names] for row in rows])
    centres = values.mean(axis=0)
    rewards = np.array([one.reward for one in picks])
    base = _base_rate(rewards.tolist())
    # One column each for log-odds above and below even: the fit knows no weights below 0.
    columns = np.column_stack([np.ones(len(rows)), -np.ones(len(rows)), values - centres])
    prior = np.zeros(len(names) + 2)
    prior[0 if base >= 0 else 1] = abs(base)
    pairs = Pairs(np.vstack([columns, -columns]), np.concatenate([rewards, 1 - rewards]))
    fitted = fit_weights(pairs, prior, _STRENGTH)
    return Calibration(
        kind=kind,
        intercept=round(float(fitted[0] - fitted[1]), 6),
        weights=tuple(
            SignalWeight(name=name, weight=round(float(w), 6), centre=round(float(c), 6))
            for name, w, c in zip(names, fitted[2:], centres, strict=True)
        ),
        fitted_on=len(picks),
        about=about,
    )


def measure_reliability(
    calibration: Calibration, picks: Sequence[Judged], base_rate: float, seed: int = 0
) -> Reliability:
    """Hold probabilities against what became of picks.

    Args:
        calibration: fitted on other tasks.
        picks: one per task.
        base_rate: the mean reward of the picks that it was fitted on.
        seed: of the bootstrap.

    Raises:
        InputError: there are no picks, or their votes are of another kind.
    """
    said = [calibration.predict(one.bracket) for one in picks]
    known = [(p, one.reward) for p, one in zip(said, picks, strict=True) if p is not None]
    errors = estimate_mean([(p - reward) ** 2 for p, reward in known], seed)
    if errors is None or len(known) < len(picks):
        raise InputError(f"no picks by {calibration.kind} to measure the calibration on")
    bins = _bin(known)
    return Reliability(
        n=len(known),
        ece=sum(one.n * abs(one.said - one.right) for one in bins) / len(known),
        brier=errors.mean,
        brier_ci95=(errors.low, errors.high),
        brier_base=sum((base_rate - reward) ** 2 for _, reward in known) / len(known),
        bins=bins,
    )


def _base_rate(rewards: Sequence[float]) -> float:
    """Log-odds of the mean reward, one right and one wrong pick added."""
    mean = (sum(rewards) + 1) / (len(rewards) + 2)
    return math.log(mean / (1 - mean))


def _bin(known: Sequence[tuple[float, float]]) -> tuple[Bin, ...]:
    """Bins of about equal size; equal probabilities stay together."""
    ordered = sorted(known)
    size = -(-len(ordered) // _BINS)
    bins: list[list[tuple[float, float]]] = []
    for pair in ordered:
        if bins and (len(bins[-1]) < size or bins[-1][-1][0] == pair[0]):
            bins[-1].append(pair)
        else:
            bins.append([pair])
    return tuple(
        Bin(
            n=len(one),
            said=sum(p for p, _ in one) / len(one),
            right=sum(reward for _, reward in one) / len(one),
        )
        for one in bins
    )
