"""The tables of `rematch calibrate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rematch.report.tables import ResultTable


def reliability_table(bins: Sequence[Mapping[str, Any]]) -> ResultTable:
    """Picks of like probability: what was said, and what came true, in per cent."""
    titles = ("picks", "said", "right", "off by")
    table = ResultTable(*titles, numbers=titles)
    for one in bins:
        said, right = 100 * one["said"], 100 * one["right"]
        table.add_row(str(one["n"]), f"{said:.1f}", f"{right:.1f}", f"{right - said:+.1f}")
    return table


def describe_weights(calibration: Mapping[str, Any]) -> str:
    """What the probability rests on, in one line."""
    told = ", ".join(f"{one['name']} {one['weight']:.2f}" for one in calibration["weights"])
    return (
        f"fitted on {calibration['fitted_on']} tasks ({calibration['about']}); log-odds: "
        f"{calibration['intercept']:+.2f}, and per unit above the mean: {told}"
    )
