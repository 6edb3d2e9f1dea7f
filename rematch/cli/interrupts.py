"""Ctrl-C, for every command: once finishes what is under way, twice stops at once."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sys
import threading
from collections.abc import Sequence
from types import FrameType, TracebackType
from typing import Any, Self

from rematch.stopping import Stop, StoppedError, stopping

CODE = 130
"""The exit code of an interrupted command: 128 + SIGINT."""
_FINISHING = "interrupted: finishing what is under way; Ctrl-C again stops at once\n"
_KEEPS_ONLY_WITH = {"select": ("-o", "--output"), "evaluate": ()}
"""Commands that begin anew, unless one of these options names a folder."""


class Interrupts:
    """While it is entered, Ctrl-C ends the command with one line that says how to go on.

    Args:
        words: the command, without the program's name.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._count = 0
        self._stop = Stop()
        self._before: Any = None

    def __enter__(self) -> Self:
        """Take over the signal, where this thread may."""
        self._token = stopping.set(self._stop)
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._interrupt)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signal back; an interrupted command says how to go on, and exits."""
        stopping.reset(self._token)
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)
        # typer makes an exit of a KeyboardInterrupt
        is_ours = isinstance(error, SystemExit) and error.code == CODE and self._count
        if is_ours or isinstance(error, StoppedError | KeyboardInterrupt):
            sys.stderr.write(f"{describe_end(self._words)}\n")
            sys.exit(CODE)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        self._count += 1
        if self._count == 1 and self._stop.wish():
            # Not by sys.stderr: the signal may have come while it was written to.
            with contextlib.suppress(OSError):
                os.write(2, _FINISHING.encode())
        elif self._count == 1:
            raise StoppedError
        elif self._count > 2 or not self._stop.hurry():
            raise KeyboardInterrupt


def describe_end(words: Sequence[str]) -> str:
    """The line that an interrupted command ends with.

    Args:
        words: the command, without the program's name.
    """
    again = shlex.join(["rematch", *(word for word in words if word != "--redo")])
    name = next((word for word in words if not word.startswith("-")), "")
    options = _KEEPS_ONLY_WITH.get(name)
    if options is None or any(word.startswith(option) for word in words for option in options):
        return f"interrupted; continue with: {again}"
    keep = f" without {options[0]}" if options else ""
    return f"interrupted; nothing is kept{keep}; again: {again}"
