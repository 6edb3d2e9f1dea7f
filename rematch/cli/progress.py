"""Progress: a live bar on a terminal, one plain line per finished task in a pipe (stderr)."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from rematch.report.text import one_line, plain_name


class TaskProgress:
    """Shows how many tasks are done and what runs; a context manager.

    Args:
        total: how many tasks there are.
        what: what the bar counts.
        quiet: show nothing.
    """

    def __init__(self, total: int, *, what: str = "tasks", quiet: bool = False) -> None:
        self._total, self._quiet = total, quiet
        self._done = 0
        self._jobs: dict[str, int] = {}
        console = Console(stderr=True)
        self._live = console.is_terminal and not quiet
        self._bar = Progress(
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[jobs]}"),
            console=console,
            transient=True,
            disable=not self._live,
        )
        self._row = self._bar.add_task(what, total=total, jobs="")

    def __enter__(self) -> Self:
        """Start to draw."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop drawing and leave nothing behind."""
        self._bar.stop()

    def count_jobs(self, role: str, running: int, done: int) -> None:
        """Note a role's jobs (what LocalExecutor tells)."""
        self._jobs[role] = done
        if self._live:
            jobs = ", ".join(f"{name} {count}" for name, count in self._jobs.items())
            self._bar.update(self._row, jobs=jobs)

    def finish_task(self, task_id: str, line: str) -> None:
        """Note that a task is done, and how."""
        self._done += 1
        self._bar.update(self._row, completed=self._done)
        if not self._live and not self._quiet:
            text = f"[{self._done}/{self._total}] {plain_name(task_id)}: {one_line(line)}"
            sys.stderr.write(text + "\n")
