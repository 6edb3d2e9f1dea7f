"""What the scoring model weighs: few features with a meaning, higher is better for each.

Sizes are taken as logarithms, so a difference is a ratio within the task and no constant of
one benchmark stands in them. A feature that a rollout's record can't tell is None.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rematch.data.records import Ending
from rematch.evidence.facts import Facts
from rematch.evidence.patches import measure_agreement


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its name, its group (for ablation) and how it reads from facts."""

    name: str
    group: str
    read: Callable[[Facts], float | None]


def _submitted(facts: Facts) -> float | None:
    if facts.ending is Ending.UNKNOWN and not facts.steps:
        return None
    return float(facts.ending is Ending.SUBMITTED)


def _fewer(count: float | None) -> float | None:
    return None if count is None else -math.log(count + 1)


def _last_test(facts: Facts) -> float:
    run = facts.last_test
    return 0.0 if run is None else 1.0 if run.verdict == "green" else -1.0


def _late_errors(facts: Facts) -> float:
    return -math.log(len(facts.late_errors) + 1)


def _settled(facts: Facts) -> float:
    return -float(bool(facts.edits_after_green))


def _repeats(facts: Facts) -> float:
    return -facts.repeated / max(facts.commands, 1)


FEATURES = (
    Feature("submitted", "ending", _submitted),
    Feature("fewer_steps", "size", lambda facts: _fewer(facts.steps)),
    Feature("fewer_tokens", "size", lambda facts: _fewer(facts.tokens)),
    Feature("last_test", "tests", _last_test),
    Feature("settled", "tests", _settled),
    Feature("fewer_late_errors", "errors", _late_errors),
    Feature("fewer_timeouts", "errors", lambda facts: _fewer(facts.timeouts)),
    Feature("fewer_repeats", "errors", _repeats),
    Feature("fewer_hedges", "claims", lambda facts: _fewer(facts.final.hedges)),
)
AGREEMENT = "agreement"
"""The one feature that needs the task's other attempts: how far their patches agree."""

NAMES = (*(feature.name for feature in FEATURES), AGREEMENT)
GROUPS = {**{feature.name: feature.group for feature in FEATURES}, AGREEMENT: "patch"}


def measure(population: Sequence[Facts], weights: Sequence[int]) -> list[dict[str, float]]:
    """Every feature of every attempt of one task, relative to the task's median.

    Args:
        population: facts of the task's entrants.
        weights: how many attempts each entrant stands for.
    """
    columns: dict[str, list[float | None]] = {
        feature.name: [feature.read(facts) for facts in population] for feature in FEATURES
    }
    columns[AGREEMENT] = [*measure_agreement([facts.patch for facts in population], weights)]
    rows: list[dict[str, float]] = [{} for _ in population]
    for name, column in columns.items():
        known = [value for value in column if value is not None]
        centre = median(known) if known else 0.0
        for row, value in zip(rows, column, strict=True):
            row[name] = 0.0 if value is None else value - centre
    return rows
