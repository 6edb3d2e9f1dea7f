"""The console for results: as wide as a terminal, and wide enough for tables in a pipe."""

from rich.console import Console

_PIPE_WIDTH = 160


def open_console() -> Console:
    """A console on stdout that marks nothing up by itself and cuts no line."""
    console = Console(markup=False, highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    return console
