"""Starts commands as forks of one process, kills them, and waits for them, but not for ever."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

_PATIENCE = 120.0
"""Seconds after which a command that has not ended hangs, however busy the machine is."""
_MOMENT = 5.0
"""Seconds in which a process that hangs may tell where."""


class Forks:
    """A process that has everything imported, and forks for each command.

    Args:
        said: the file for what commands say on stderr, and for where they stand if they hang.
    """

    def __init__(self, said: Path) -> None:
        self._said = said
        self._running: int | None = None
        self._told: queue.Queue[str] = queue.Queue()
        with said.open("w") as file:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.runs.forking"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                cwd=Path(__file__).resolve().parents[2],
                env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},  # its threads begin with it
            )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def start(self, *words: str | Path) -> None:
        """Start `rematch WORDS`; what a test left running before is killed."""
        if self._running is not None:
            self.kill()
        assert self._process.stdin
        self._process.stdin.write(json.dumps([str(word) for word in words]) + "\n")
        self._process.stdin.flush()
        self._running = self._read("started", self._process.pid, _PATIENCE)

    def wait(self, patience: float = _PATIENCE) -> int:
        """The exit code of what was started; negative for a signal.

        Raises:
            AssertionError: it did not end, and was killed; the message tells where it stood.
        """
        assert self._running is not None, "nothing was started"
        code = self._read("ended", self._running, patience)
        self._running = None
        return code

    def kill(self) -> int:
        """Kill -9 what was started, where it has not ended; its exit code."""
        assert self._running is not None, "nothing was started"
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._running, signal.SIGKILL)
        return self.wait()

    def run(self, *words: str | Path) -> None:
        """Run `rematch WORDS` to its end, without an error."""
        self.start(*words)
        code = self.wait()
        assert code == 0, f"exit code {code}:\n{self.said()}"

    def said(self) -> str:
        """The end of what was said so far."""
        return self._said.read_text(errors="replace")[-20_000:]

    @property
    def has_ended(self) -> bool:
        """Whether what was started has ended, and nobody was told so far."""
        return not self._told.empty()

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        try:
            self._process.wait(timeout=_PATIENCE)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            self._process.stdout.close()

    def _listen(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._told.put(line)
        self._told.put("")

    def _read(self, event: str, process: int, patience: float) -> int:
        try:
            line = self._told.get(timeout=patience)
        except queue.Empty:
            self._end(process)
            self._running = None
            raise AssertionError(f"not {event} in {patience:g} s:\n{self.said()}") from None
        told, _, number = line.partition(" ")
        assert told == event, f"told {line!r}, not that it {event}:\n{self.said()}"
        return int(number)

    def _end(self, process: int) -> None:
        """Let a process that hangs tell where, and kill it."""
        os.kill(process, signal.SIGUSR1)
        deadline = time.monotonic() + _MOMENT
        while not self.said().endswith(" tasks\n") and time.monotonic() < deadline:
            time.sleep(0.01)
        os.kill(process, signal.SIGKILL)
        self._told.get(timeout=_PATIENCE)


def wait_until(met: Callable[[], bool], forks: Forks) -> None:
    """Wait for what a command does, as closely as a kill must follow.

    Raises:
        AssertionError: it does not come.
    """
    deadline = time.monotonic() + _PATIENCE
    while not met():
        is_over = forks.has_ended or time.monotonic() > deadline
        assert not is_over or met(), f"it never came:\n{forks.said()}"
        time.sleep(0.001)
