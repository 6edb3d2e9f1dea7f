"""The console for results: as wide as a terminal, and wide enough for tables in a pipe."""

import sys
from collections.abc import Callable, Iterable

import typer
from rich.console import Console

from rematch.report.text import plain_name

_PIPE_WIDTH = 160


def open_console() -> Console:
    """A console on stdout that marks nothing up by itself and cuts no line."""
    console = Console(markup=False, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console


def write_error(line: str) -> None:
    """One line on stderr on what failed; names and reasons in it may come from any file."""
    sys.stderr.write(f"error: {plain_name(line)}\n")


def fail_on(problems: Iterable[object]) -> None:
    """Tell what could not be used, one line each; a command that has any exits with 1."""
    lines = [str(problem) for problem in problems]
    for line in lines:
        write_error(line)
    if lines:
        raise typer.Exit(1)


def write_note(line: str) -> None:
    """One line on stderr on what is good to know."""
    sys.stderr.write(f"note: {plain_name(line)}\n")


def open_notes() -> Callable[[str], None]:
    """`write_note` for the stderr of now, also while others' output is sent elsewhere."""
    stderr = sys.stderr

    def write(line: str) -> None:
        stderr.write(f"note: {plain_name(line)}\n")

    return write
