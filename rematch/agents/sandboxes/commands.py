"""Runs one command of a sandbox on this machine and stops it at its limits."""

from __future__ import annotations

import contextlib
import math
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rematch.agents.sandboxes.base import STOPPED, TIMED_OUT, CommandResult
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.output import OutputBuffer, add_note
from rematch.agents.sandboxes.watch import INTERVAL, Watch

_CHUNK = 1 << 16
_TIME = "time"
_LONGEST_ARGUMENT = 1 << 17

CLEAN_ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "TERM": "dumb",
    "PYTHONDONTWRITEBYTECODE": "1",  # compiled files are no part of an answer
}
"""Beside PATH, HOME and the task's own variables, all that a command finds in its environment."""


@dataclass(frozen=True)
class Ended:
    """How a command ended: its result, and the limit at which it was stopped, or ""."""

    result: CommandResult
    reason: str = ""


@dataclass(frozen=True)
class Guard:
    """Knows when a command must be stopped, and how that reads in its result.

    Attributes:
        limits: what is allowed.
        watch: looks at disk and memory while a command runs.
        cancelled: set from outside to stop.
    """

    limits: SandboxLimits
    watch: Watch
    cancelled: threading.Event

    def find_reason(self, buffer: OutputBuffer, deadline: float, leader: int = 0) -> str:
        """Why the command must be stopped now, or "".

        Args:
            buffer: its output so far.
            deadline: when its time is over, by the monotonic clock.
            leader: its first process on this machine.
        """
        if self.cancelled.is_set():
            return "cancelled"
        if time.monotonic() >= deadline:
            return _TIME
        if buffer.total > self.limits.flood_bytes:
            return f"more than {self.limits.flood_bytes / 1e6:.0f} MB of output"
        return self.watch.look(leader)

    def conclude(self, buffer: OutputBuffer, code: int, reason: str, seconds: float) -> Ended:
        """The result, with the reason for which it was stopped as its last line."""
        timed_out = reason == _TIME
        if timed_out:
            reason = f"the time limit of {seconds:g} s"
        if reason:
            reason = f"stopped: {reason}"
            code = TIMED_OUT if timed_out else STOPPED
        return Ended(CommandResult(add_note(buffer.text(), reason), code, timed_out), reason)


@dataclass(frozen=True)
class Runner:
    """Runs commands on this machine, one at a time.

    Attributes:
        guard: says when to stop.
        kill: ends the processes of a command; called once for each, however it ended.
    """

    guard: Guard
    kill: Callable[[subprocess.Popen[bytes]], None]

    def run(
        self, command: list[str], seconds: float, *, folder: Path, env: Mapping[str, str]
    ) -> Ended:
        """Run a command line until it ends or breaks a limit; then nothing of it runs any more.

        Raises:
            OSError: the program is not there.
        """
        buffer = OutputBuffer(self.guard.limits.output_bytes)
        self.guard.watch.begin()
        with subprocess.Popen(
            command,
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            try:
                reason = self._follow(process, buffer, time.monotonic() + seconds)
            finally:
                self._end(process)
            self._drain(process, buffer)
        return self.guard.conclude(buffer, _shell_code(process.returncode), reason, seconds)

    def _follow(
        self, process: subprocess.Popen[bytes], buffer: OutputBuffer, deadline: float
    ) -> str:
        """Read until the command ends, "", or must end: why."""
        assert process.stdout is not None
        with selectors.DefaultSelector() as selector, _watch_end(process) as end:
            selector.register(process.stdout, selectors.EVENT_READ)
            if end is not None:
                selector.register(end, selectors.EVENT_READ)
            while True:
                wait = max(0.0, min(INTERVAL, deadline - time.monotonic()))
                ready = {key.fileobj for key, _ in selector.select(wait)}
                if _has_ended(process):
                    return ""  # what it left running may hold the pipe open, and write on
                if process.stdout in ready:
                    data = os.read(process.stdout.fileno(), _CHUNK)
                    buffer.add(data)
                    if not data:
                        selector.unregister(process.stdout)
                if reason := self.guard.find_reason(buffer, deadline, process.pid):
                    return reason

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        self.kill(process)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()

    def _drain(self, process: subprocess.Popen[bytes], buffer: OutputBuffer) -> None:
        """Take what is in the pipe still, without waiting for more."""
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        with contextlib.suppress(BlockingIOError):
            while buffer.total <= self.guard.limits.flood_bytes:
                data = os.read(process.stdout.fileno(), _CHUNK)
                if not data:
                    break
                buffer.add(data)


def limit_shell(limits: SandboxLimits, seconds: float, then: str = "exec") -> list[str]:
    """The bash that sets resource limits, then becomes the bash that runs the command.

    The command is to be appended as one more argument. RLIMIT_DATA bounds what one process
    holds for itself; RLIMIT_AS would also count what runtimes merely reserve (Node.js takes 10
    GB), and break them. Limits that the system does not know are passed over.

    Args:
        limits: what is allowed.
        seconds: wall time of the command, from which its processor time follows.
        then: how to go on; a command that ends in `exec` or a program that executes another.
    """
    kib = 1024
    cores = os.cpu_count() or 1
    settings = {
        "-c": 0,
        "-d": limits.memory_bytes // kib,
        "-f": limits.file_bytes // kib,
        "-n": 1024,
        "-t": math.ceil(seconds) * cores + 1,
        "-u": limits.processes,
    }
    lines = "; ".join(f"ulimit {flag} {value}" for flag, value in settings.items())
    return ["bash", "-c", f'{{ {lines}; }} 2>/dev/null; {then} bash -c "$1"', "bash"]


def refuse_command(command: str) -> CommandResult | None:
    """The result of a command that no system can start, None if it can be tried."""
    if "\0" in command:
        return CommandResult("bash: the command holds a NUL byte\n", 126)
    try:
        size = len(command.encode())
    except UnicodeEncodeError:
        return CommandResult("bash: the command is no valid text\n", 126)
    if size >= _LONGEST_ARGUMENT:
        return CommandResult("bash: the command is longer than 128 KiB: use several\n", 126)
    return None


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    """Whether it has ended. It stays a zombie: its number must name nobody else while we kill."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


@contextlib.contextmanager
def _watch_end(process: subprocess.Popen[bytes]) -> Iterator[int | None]:
    """A file that can be read from when the process has ended; None where there are none."""
    try:
        end = os.pidfd_open(process.pid)
    except (AttributeError, OSError):  # not Linux, or before 5.3: looked at every INTERVAL
        yield None
        return
    try:
        yield end
    finally:
        os.close(end)


def _shell_code(returncode: int) -> int:
    """A process's return code as a shell shows it: 128 + signal."""
    return 128 - returncode if returncode < 0 else returncode
