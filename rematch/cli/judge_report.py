"""`rematch judge-report`: position and length bias, agreement and early stops of a judge."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from rematch.cli import options
from rematch.cli.console import open_console


def judge_report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A folder of run or select -o.")],
    as_json: options.AsJson = False,
) -> None:
    """Report how a run's judge judged, from its votes; each figure with a 95 % interval."""
    from rematch import app

    figures = app.report_run_judge(folder)
    if as_json:
        document = {f.name: f.estimate and vars(f.estimate) for f in figures}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("figure", "value", "95 % interval", "matches", "meaning"):
        table.add_column(title, justify="right" if title in ("value", "matches") else "left")
    for f in figures:
        value, interval, n = "-", "", "0"
        if f.estimate:
            value = f"{f.estimate.mean:.3f}"
            interval = f"{f.estimate.low:.3f} .. {f.estimate.high:.3f}"
            n = str(f.estimate.n)
        table.add_row(f.name, value, interval, n, f.meaning)
    open_console().print(table)
