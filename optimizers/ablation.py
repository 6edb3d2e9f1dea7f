"""What a part is worth: variants of one base on the same tasks, compared in pairs.

Nothing here runs a variant; what it brought comes in. Intervals by a bootstrap over tasks, p by
an exact sign test, once more after Holm's correction for having looked at several variants.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from rematch.data.records import Record, StoredRecord, Usage
from rematch.errors import InputError
from rematch.optimizers.evaluation import Interval, Paired, compare_paired
from rematch.statistics import estimate_mean

PICKED = "picked"
"""The measure that every ablation has: the reward of the pick."""


class Brought(Record):
    """What one variant brought.

    Attributes:
        name: the variant's name.
        changes: what it changes of the base, by dotted key.
        measures: values by task id, for each measure; higher is better.
        usage: what it takes by itself, by role, shared calls included.
        failures: reasons by task id, where it brought nothing.
    """

    name: str
    changes: dict[str, Any] = Field(default_factory=dict)
    measures: dict[str, dict[str, float]]
    usage: dict[str, Usage] = Field(default_factory=dict)
    failures: dict[str, str] = Field(default_factory=dict)


class Comparison(Record):
    """A measure's mean over tasks, and against the base on the tasks that both have.

    The base itself has no difference. `p_holm` is corrected for the number of variants.
    """

    n_tasks: int
    mean: float
    ci95: Interval
    difference: float | None = None
    difference_ci95: Interval | None = None
    paired: Paired | None = None
    p_holm: float | None = None


class VariantRow(Record):
    """One variant's line in the table: its comparisons by measure, and what it takes."""

    name: str
    changes: dict[str, Any]
    comparisons: dict[str, Comparison]
    usage: dict[str, Usage]

    @property
    def total(self) -> Usage:
        """What it takes by itself, over all roles."""
        return sum(self.usage.values(), Usage())


class Ablation(StoredRecord):
    """All variants beside their base, which is the first row.

    Attributes:
        kind: on a recorded pool, or live.
        seed: of every variant, and of the bootstrap.
        measures: their names, the most important one first.
        rows: the base, then the variants in the order of the file.
        references: means of free baselines and of the oracle, where they are known.
        spent: what this session's calls really cost, by role; equal calls are paid for once.
        problems: one line for each thing that is missing.
    """

    kind: Literal["recorded", "live"]
    seed: int
    measures: tuple[str, ...]
    rows: tuple[VariantRow, ...]
    references: dict[str, float] = Field(default_factory=dict)
    spent: dict[str, Usage] = Field(default_factory=dict)
    problems: tuple[str, ...] = ()

    def flatten(self) -> list[dict[str, Any]]:
        """One flat row per variant and measure, for CSV."""
        return [_flatten(row, measure) for measure in self.measures for row in self.rows]


def compare_variants(
    base: Brought,
    variants: Sequence[Brought],
    *,
    kind: Literal["recorded", "live"],
    seed: int = 0,
    references: Mapping[str, float] | None = None,
    spent: Mapping[str, Usage] | None = None,
    problems: Sequence[str] = (),
) -> Ablation:
    """Compare every variant with the base, task by task.

    Args:
        base: what the base brought; its measures are those of all.
        variants: what each variant brought.
        kind: on a recorded pool, or live.
        seed: of the bootstrap's draws.
        references: means to stand beside the variants.
        spent: what the calls really cost.
        problems: lines to hand on.

    Raises:
        InputError: a variant or the base brought nothing at all.
    """
    for one in (base, *variants):
        if not all(one.measures.values()):
            reason = next(iter(one.failures.values()), "no task")
            raise InputError(f"variant {one.name!r}: nothing to compare ({reason})")
    compared = [_compare_all(one, base, seed) for one in variants]
    rows = [_row(base, {m: _measure(values, seed) for m, values in base.measures.items()})]
    rows += [_row(one, found) for one, found in zip(variants, _correct(compared), strict=True)]
    failed = [
        f"{one.name}: {task}: {reason}"
        for one in (base, *variants)
        for task, reason in one.failures.items()
    ]
    return Ablation(
        kind=kind,
        seed=seed,
        measures=tuple(base.measures),
        rows=tuple(rows),
        references=dict(references or {}),
        spent=dict(spent or {}),
        problems=(*problems, *failed),
    )


def correct_holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down correction, in the order of `ps`: valid whatever their dependence."""
    corrected = [0.0] * len(ps)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(ps)), key=ps.__getitem__)):
        highest = max(highest, min(1.0, (len(ps) - rank) * ps[index]))
        corrected[index] = highest
    return corrected


def _measure(values: Mapping[str, float], seed: int) -> Comparison:
    estimate = estimate_mean(list(values.values()), seed)
    assert estimate is not None  # compare_variants has refused what has no values
    interval = (estimate.low, estimate.high)
    return Comparison(n_tasks=estimate.n, mean=estimate.mean, ci95=interval)


def _compare_all(one: Brought, base: Brought, seed: int) -> dict[str, Comparison]:
    return {
        measure: _compare(one.measures[measure], values, seed)
        for measure, values in base.measures.items()
    }


def _compare(ours: Mapping[str, float], theirs: Mapping[str, float], seed: int) -> Comparison:
    alone = _measure(ours, seed)
    both = [task for task in theirs if task in ours]
    differences = estimate_mean([ours[task] - theirs[task] for task in both], seed)
    if differences is None:
        return alone
    return alone.model_copy(
        update={
            "difference": differences.mean,
            "difference_ci95": (differences.low, differences.high),
            "paired": compare_paired([ours[t] for t in both], [theirs[t] for t in both]),
        }
    )


def _correct(compared: Sequence[dict[str, Comparison]]) -> list[dict[str, Comparison]]:
    """The comparisons with Holm's p, corrected within each measure."""
    corrected = [dict(one) for one in compared]
    for measure in dict.fromkeys(name for one in compared for name in one):
        tested = [one for one in corrected if one[measure].paired is not None]
        ps = [paired.p for one in tested if (paired := one[measure].paired) is not None]
        for one, p in zip(tested, correct_holm(ps), strict=True):
            one[measure] = one[measure].model_copy(update={"p_holm": p})
    return corrected


def _row(one: Brought, comparisons: dict[str, Comparison]) -> VariantRow:
    return VariantRow(name=one.name, changes=one.changes, comparisons=comparisons, usage=one.usage)


def _flatten(row: VariantRow, measure: str) -> dict[str, Any]:
    one = row.comparisons[measure]
    low, high = one.difference_ci95 or (None, None)
    return {
        "variant": row.name,
        "measure": measure,
        "n_tasks": one.n_tasks,
        "mean": one.mean,
        "ci95_low": one.ci95[0],
        "ci95_high": one.ci95[1],
        "difference": one.difference,
        "difference_ci95_low": low,
        "difference_ci95_high": high,
        "better": one.paired.better if one.paired else None,
        "worse": one.paired.worse if one.paired else None,
        "p": one.paired.p if one.paired else None,
        "p_holm": one.p_holm,
        "calls": row.total.calls,
        "tokens": row.total.tokens,
        "cost_usd": row.total.cost_usd,
    }
