"""The table of `rematch evaluate`."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table


def evaluation_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Selectors as rows; means and gains in per cent with 95 % intervals.

    Args:
        rows: as `Evaluation.rows` makes them.
    """
    table = Table(box=None, pad_edge=False)
    table.add_column("selector", no_wrap=True)
    titles = ("picked", "95 %", "gain", "95 %", "of gap", "mixed", "p random", "p fewest")
    for title in titles:
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("")
    for row in rows:
        table.add_row(
            str(row["selector"]),
            _percent(row["picked_mean"]),
            _interval(row["ci95_low"], row["ci95_high"]),
            _percent(row["gain"], sign=True),
            _interval(row["gain_ci95_low"], row["gain_ci95_high"], sign=True),
            _percent(row["oracle_share"]),
            _percent(row["mixed_picked_mean"]),
            _p(row["p_random"]),
            _p(row["p_fewest-steps"]),
            f"fitted here on {row['fitted_here']} tasks" if row["fitted_here"] else "",
        )
    return table


def write_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """The same rows as CSV, shares as fractions."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _percent(value: float | None, *, sign: bool = False) -> str:
    if value is None:
        return "-"
    return f"{100 * value:+.1f}" if sign else f"{100 * value:.1f}"


def _interval(low: float, high: float, *, sign: bool = False) -> str:
    return f"{_percent(low, sign=sign)} .. {_percent(high, sign=sign)}"


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
