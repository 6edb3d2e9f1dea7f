"""Progress: a live bar on a terminal, one plain line per finished task in a pipe (stderr)."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from rematch.report.text import one_line, plain_name

if TYPE_CHECKING:
    from rematch.app import Event, Waits


_LONG = 5.0
"""Seconds of a wait that a pipe is told; a terminal shows shorter ones too."""


class WaitColumn(ProgressColumn):
    """What is waited for at the moment."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: Waits | None = None

    def render(self, task: Task) -> Text:
        """The line of it, counted down."""
        return Text(self.waits.describe() if self.waits else "", style="yellow")


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
        self._events: Counter[str] = Counter()
        self._lock = threading.Lock()
        console = Console(stderr=True)
        self._live = console.is_terminal and not quiet
        self._waiting = WaitColumn()
        self._told_until = 0.0
        self._bar = Progress(
            TextColumn(what),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[jobs]}"),
            TextColumn("[yellow]{task.fields[events]}"),
            self._waiting,
            console=console,
            transient=True,
            disable=not self._live,
        )
        self._row = self._bar.add_task(what, total=total, jobs="", events="")

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

    def count_event(self, event: Event) -> None:
        """Note what befell a model call; called from any thread."""
        with self._lock:
            self._events[event.outcome] += 1
        if self._live:
            self._bar.update(self._row, events=self._tell_events())

    def watch(self, waits: Waits) -> None:
        """Show which calls are held back: live on a terminal, a line for each long wait else."""
        self._waiting.waits = waits
        if not self._live and not self._quiet:
            waits.on_begin = lambda: self._tell_wait(waits)

    def _tell_wait(self, waits: Waits) -> None:
        """One line for all who wait together."""
        seconds, now = waits.find_longest(), waits.clock()
        with self._lock:
            if seconds < _LONG or now < self._told_until:
                return
            self._told_until = now + seconds
        sys.stderr.write(f"{one_line(waits.describe())}\n")

    def finish_task(self, task_id: str, line: str) -> None:
        """Note that a task is done, and how."""
        self._done += 1
        self._bar.update(self._row, completed=self._done)
        if not self._live and not self._quiet:
            events = f" ({self._tell_events()})" if self._events else ""
            text = f"[{self._done}/{self._total}] {plain_name(task_id)}: {one_line(line)}{events}"
            sys.stderr.write(text + "\n")

    def _tell_events(self) -> str:
        """Faults so far, such as `12 retried, 1 lost`."""
        with self._lock:
            told = dict(self._events)
        return ", ".join(f"{count:,} {outcome}" for outcome, count in told.items())
