"""Figures as SVG and PNG, by matplotlib where it is installed (the extra `figures`).

The same numbers give the same bytes: no date and no random id stands in a file.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rematch.report.text import one_line
from rematch.runs.folder import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NO_FIGURES = "no figure was drawn: matplotlib is missing (pip install 'rematch-agents[figures]')"
_BASE, _VARIANT, _FAINT = "#444444", "#1f6fb4", "#bbbbbb"
_LONGEST_NAME = 40


def can_draw() -> bool:
    """Whether matplotlib is there."""
    return find_spec("matplotlib") is not None


def draw_ablation(
    rows: Sequence[Mapping[str, Any]], references: Mapping[str, float], stem: Path
) -> list[Path]:
    """Differences to the base with their intervals, and what each variant takes.

    Args:
        rows: of one measure, the base first, as `Ablation.flatten` makes them.
        references: means of baselines and oracle, drawn as faint lines.
        stem: the files' path without ending.

    Returns:
        The files written, SVG and PNG.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 1.4 + 0.34 * len(rows)), layout="constrained")
    means, costs = figure.subplots(1, 2, sharey=True, width_ratios=(3, 1))
    base = rows[0]
    for place, row in enumerate(rows):
        _draw_mean(means, place, row, float(base["mean"]))
    for mean, name in _label(references).items():
        means.axvline(mean, color=_FAINT, linewidth=0.8, linestyle=":")
        note = means.annotate(
            name, (mean, 1.01), xycoords=("data", "axes fraction"), rotation=20, fontsize=7
        )
        note.set_parse_math(False)
        note.set_color("#777777")
    means.axvline(100 * base["mean"], color=_BASE, linewidth=0.8)
    names = [one_line(str(row["variant"]), _LONGEST_NAME) for row in rows]
    means.set_yticks(range(len(rows)), names, parse_math=False)
    means.invert_yaxis()
    means.set_xlabel(f"{base['measure']}, % (line: base; bars: 95 % of the difference to it)")
    costs.barh(range(len(rows)), [row["calls"] for row in rows], color=_FAINT, height=0.55)
    costs.set_xlabel("model calls")
    return _write(figure, stem)


def draw_pareto(
    tried: Sequence[tuple[float, float]],
    points: Sequence[tuple[str, float, float]],
    held_out: Sequence[tuple[str, float, float]],
    unit: str,
    stem: Path,
) -> list[Path]:
    """Picked mean against cost: all trials, the best of them, and these on held-out tasks.

    Args:
        tried: (mean, cost) of every trial.
        points: (name, mean, cost) of the best, cheapest first.
        held_out: the same settings, the base among them, on held-out tasks.
        unit: of costs.
        stem: the files' path without ending.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([c for _, c in tried], [100 * m for m, _ in tried], ".", color=_FAINT, label="trials")
    front = ([cost for _, _, cost in points], [100 * mean for _, mean, _ in points])
    axes.plot(*front, "o-", color=_VARIANT, label="best, on the search tasks")
    held = ([cost for _, _, cost in held_out], [100 * mean for _, mean, _ in held_out])
    axes.plot(*held, "s", color=_BASE, fillstyle="none", label="the same and the base, held out")
    for name, mean, cost in (*points, *held_out):
        note = axes.annotate(f"  {one_line(name, _LONGEST_NAME)}", (cost, 100 * mean), fontsize=7)
        note.set_parse_math(False)
    axes.margins(x=0.12)
    axes.set_xlabel(f"{unit} per task")
    axes.set_ylabel("picked, %")
    axes.legend(fontsize=8)
    return _write(figure, stem)


def _label(references: Mapping[str, float]) -> dict[float, str]:
    """Names by mean in per cent; equal ones share a line."""
    names: dict[float, str] = {}
    for name, mean in references.items():
        place = round(100 * mean, 2)
        names[place] = f"{names[place]}, {name}" if place in names else name
    return names


def _draw_mean(axes: Axes, place: int, row: Mapping[str, Any], base: float) -> None:
    """The base with its own interval, a variant with that of its difference."""
    is_base = row["difference"] is None
    low, high = row["ci95_low"], row["ci95_high"]
    if not is_base:
        low, high = base + row["difference_ci95_low"], base + row["difference_ci95_high"]
    color = _BASE if is_base else _VARIANT
    axes.plot([100 * low, 100 * high], [place, place], ":" if is_base else "-", color=color)
    mean = base if is_base else base + row["difference"]
    axes.plot(100 * mean, place, "o", color=color, markersize=5)


def _write(figure: Figure, stem: Path) -> list[Path]:
    import matplotlib

    written = []
    with matplotlib.rc_context({"svg.hashsalt": "rematch", "svg.fonttype": "none"}):
        for kind, metadata in (("svg", {"Date": None}), ("png", {"Software": None})):
            data = io.BytesIO()
            figure.savefig(data, format=kind, dpi=150, metadata=metadata)
            path = stem.with_name(f"{stem.name}.{kind}")
            write_bytes(path, data.getvalue())
            written.append(path)
    return written
