"""The table of `rematch search`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rematch.report.tables import ResultTable


def pareto_table(points: Sequence[Mapping[str, Any]], unit: str) -> ResultTable:
    """The base and the best settings: mean, cost per task, and what they set.

    Args:
        points: with name, mean, cost and changes.
        unit: of costs.
    """
    cost = f"{unit} per task"
    table = ResultTable("setting", "picked", cost, "sets", numbers=("picked", cost), reason=True)
    for point in points:
        table.add_row(
            str(point["name"]),
            f"{100 * point['mean']:.1f}",
            f"{point['cost']:.4f}" if unit == "dollars" else f"{point['cost']:,.0f}",
            "; ".join(f"{key}={_tell(value)}" for key, value in point["changes"].items()) or "-",
        )
    return table


def _tell(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(map(str, value)) or "none"
    return "null" if value is None else str(value)
