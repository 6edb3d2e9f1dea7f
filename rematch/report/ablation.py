"""The table of `rematch ablate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rematch.data.records import Usage
from rematch.report.tables import ResultTable

_TITLES = ("variant", "mean", "95 %", "to base", "95 % ", "better", "worse", "p", "Holm")
_COST = ("calls", "tokens", "dollars")


def ablation_table(rows: Sequence[Mapping[str, Any]]) -> ResultTable:
    """Variants as rows; means and differences in per cent with 95 % intervals.

    Args:
        rows: of one measure, as `Ablation.flatten` makes them.
    """
    titles = (*_TITLES, *_COST)
    table = ResultTable(*titles, numbers=titles[1:])
    for row in rows:
        low, high = row["difference_ci95_low"], row["difference_ci95_high"]
        table.add_row(
            str(row["variant"]),
            f"{100 * row['mean']:.1f}",
            f"{100 * row['ci95_low']:.1f} .. {100 * row['ci95_high']:.1f}",
            _signed(row["difference"]),
            "-" if low is None else f"{_signed(low)} .. {_signed(high)}",
            _whole(row["better"]),
            _whole(row["worse"]),
            "-" if row["p"] is None else f"{row['p']:.3f}",
            "-" if row["p_holm"] is None else f"{row['p_holm']:.3f}",
            f"{row['calls']:,}",
            f"{row['tokens']:,}",
            format_dollars(row["cost_usd"]),
        )
    return table


def describe_spending(spent: Mapping[str, Usage]) -> str:
    """What this session's calls cost, in one line."""
    total = sum(spent.values(), Usage())
    if not total.calls:
        return "no model call was made"
    return f"{total.calls:,} model calls were made, {format_dollars(total.cost_usd)} dollars"


def describe_references(references: Mapping[str, float]) -> str:
    """Baselines and oracle in one line, in per cent."""
    return ", ".join(f"{name} {100 * mean:.1f}" for name, mean in references.items())


def format_dollars(cost: float | None) -> str:
    """Dollars; what has no known price says so."""
    return "unknown" if cost is None else f"{cost:.4f}" if cost else "0"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:+.1f}"


def _whole(value: int | None) -> str:
    return "-" if value is None else str(value)
