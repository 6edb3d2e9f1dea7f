"""What every sandbox offers."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import ClassVar, NamedTuple, Self

from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.errors import SandboxError

TIMED_OUT = 124
"""Return code of a command that outlived its limit, as `timeout` has it."""
STOPPED = 137
"""Return code of a command that was stopped at another limit: 128 + SIGKILL."""
WORKDIR = "/app"
"""The work folder's name inside (Harbor's convention)."""


class CommandResult(NamedTuple):
    """What a command gave back: stdout and stderr as they came, in one text."""

    output: str
    returncode: int
    timed_out: bool = False


class Sandbox(ABC):
    """One fresh copy of a task's environment, for one rollout. A context manager.

    One command at a time; `cancel` and `close` may be called from another thread.

    Attributes:
        kind: "bwrap", "docker" or "process".
        system: the system inside, in the words of `platform.system()`.
        workdir: the folder in which commands start, as they see it.
        limits: what the rollout may use.
        env: variables of every command, beside the few that a sandbox sets by itself.
        incidents: what had to be stopped or left out, in the order in which it happened.
    """

    kind: ClassVar[str]
    system: str = "Linux"
    workdir: str = WORKDIR

    def __init__(self, limits: SandboxLimits | None = None) -> None:
        self.limits = limits or SandboxLimits()
        self.env: dict[str, str] = {}
        self.incidents: list[str] = []
        self._cancelled = threading.Event()

    @abstractmethod
    def open(self) -> None:
        """Make the copy.

        Raises:
            SandboxError: it cannot be made.
        """

    @abstractmethod
    def execute(self, command: str, timeout: float | None = None) -> CommandResult:
        """Run a bash command in the work folder; a limit that stops it is named in its output.

        Args:
            command: for `bash -c`.
            timeout: seconds; never more than the limits say, which is the default.

        Raises:
            SandboxError: the sandbox broke, or is closed.
        """

    @abstractmethod
    def diff(self) -> str:
        """The patch from the starting state to now, "" where nothing changed.

        Made outside, from bytes that are only compared: nothing the rollout wrote is run,
        followed or obeyed. What a patch cannot hold is left out and told in `incidents`.

        Raises:
            SandboxError: the state cannot be read.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop what runs and remove the copy. May be called twice."""

    def cancel(self) -> None:
        """Stop the command under way, and let no other begin."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def __enter__(self) -> Self:
        try:
            self.open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # What a sandbox leaves behind is swept by the next run; it costs no finished work.
        try:
            self.close()
        except SandboxError as fault:
            self.incidents.append(str(fault))

    def _seconds(self, timeout: float | None) -> float:
        return self.limits.seconds if timeout is None else min(timeout, self.limits.seconds)
