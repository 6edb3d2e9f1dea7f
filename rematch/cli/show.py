"""`rematch show`: a run's table, or one task's brackets, votes and patches."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from rematch.cli.console import open_console


def show(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    task: Annotated[str | None, typer.Argument(help="A task's id; without one, the table.")] = None,
) -> None:
    """Show a run: its table and diagnostics, or everything about one task."""
    from rematch import app
    from rematch.report.run_table import format_run, tasks_table
    from rematch.report.task_page import format_task

    console = open_console()
    if task is not None:
        for line in format_task(app.open_task(folder, task)):
            console.print(line, soft_wrap=True)
        return
    runs = app.load_run(folder)
    if not runs:
        sys.stderr.write(f"{folder}: no task is finished yet; the same `rematch run` continues\n")
        raise typer.Exit(1)
    console.print(tasks_table(runs))
    console.print()
    for line in format_run(runs):
        console.print(line, soft_wrap=True)
