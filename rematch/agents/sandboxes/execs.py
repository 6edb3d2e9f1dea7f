"""Runs commands in a container and stops them at their limits, inside the container too."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rematch.agents.sandboxes.commands import Ended, Guard
from rematch.agents.sandboxes.output import OutputBuffer
from rematch.agents.sandboxes.watch import INTERVAL

if TYPE_CHECKING:
    from docker.models.containers import Container

_CHUNK = 1 << 16
_HEADER = 8
_ONE_STREAM = ["bash", "-c", 'exec bash -c "$1" 2>&1', "bash"]
"""The daemon carries stdout and stderr apart, and would lose which line came first."""
_GONE_SECONDS = 2.0
_OOM_SECONDS = 0.5
_LATE_SECONDS = 0.5


@dataclass(frozen=True)
class ContainerRunner:
    """Runs commands in one container, one at a time.

    Attributes:
        container: it runs.
        guard: says when to stop.
        workdir: where commands start.
    """

    container: Container
    guard: Guard
    workdir: str

    @property
    def _api(self) -> Any:
        return self.container.client.api  # type: ignore[union-attr]

    def run(self, command: str, seconds: float, env: Mapping[str, str]) -> Ended:
        """Run a bash command until it ends or breaks a limit.

        Raises:
            DockerException: the daemon or the container broke.
        """
        buffer = OutputBuffer(self.guard.limits.output_bytes)
        self.guard.watch.begin()
        exec_id = self._create([*_ONE_STREAM, command], env)
        stream = self._api.exec_start(exec_id, socket=True)
        deadline = time.monotonic() + seconds
        # Closing the stream itself makes the response that owns it complain when it is collected.
        with contextlib.closing(getattr(stream, "_response", stream)):
            output = _Output(getattr(stream, "_sock", stream), buffer)
            reason = self._follow(exec_id, output, deadline)
            if reason:
                self.end_all()
            output.drain(self.guard.limits.flood_bytes)
        code = self._read_code(exec_id)
        return self.guard.conclude(buffer, code, reason, seconds)

    def revive(self) -> bool:
        """Start the container if it has stopped; whether it had."""
        self.container.reload()
        if self.container.status == "running":
            return False
        self.container.start()
        return True

    def was_out_of_memory(self) -> bool:
        """Whether, just now, the kernel killed a process because the container had no memory.

        The daemon tells of it a moment after the process has ended.
        """
        chosen = {"container": self.container.id, "event": "oom"}
        since = f"{time.time() - 2:.3f}"  # as text: docker-py cuts times to whole seconds
        ask = self._api.events
        return any(
            list(ask(since=since, until=f"{time.time():.3f}", filters=chosen))
            for _ in _poll(_OOM_SECONDS)
        )

    def end_all(self) -> None:
        """End every process but the container's first, by the daemon where bash fails."""
        from docker.errors import APIError

        with contextlib.suppress(APIError, OSError):
            exec_id = self._create(["bash", "-c", "kill -KILL -1"], {})
            self._api.exec_start(exec_id, detach=True)
            if self._wait_until_alone():
                return
        self.container.kill()
        self.container.wait(timeout=30)
        self.container.start()

    def _create(self, line: list[str], env: Mapping[str, str]) -> str:
        made = self._api.exec_create(
            self.container.id, line, workdir=self.workdir, environment=dict(env)
        )
        return str(made["Id"])

    def _follow(self, exec_id: str, output: _Output, deadline: float) -> str:
        """Read until the command ends, "", or must end: why."""
        while True:
            wait = max(0.0, min(INTERVAL, deadline - time.monotonic()))
            if output.is_ready(wait):
                if not output.read():
                    return ""
            elif not self._api.exec_inspect(exec_id)["Running"]:
                return ""  # what it left running holds the stream open
            if reason := self.guard.find_reason(output.buffer, deadline):
                return reason

    def _wait_until_alone(self) -> bool:
        """Whether, soon, the first process is the only one; counted by the daemon."""
        return any(len(self.container.top()["Processes"]) <= 1 for _ in _poll(_GONE_SECONDS))

    def _read_code(self, exec_id: str) -> int:
        """The exit code; the stream may end a moment before the process is told to have."""
        state: dict[str, Any] = {}
        for _ in _poll(_GONE_SECONDS):
            state = self._api.exec_inspect(exec_id)
            if not state["Running"]:
                break
        code = state.get("ExitCode")
        return -1 if code is None else int(code)


class _Output:
    """A command's output as the daemon sends it: a head of 8 bytes (stream, size), then data."""

    def __init__(self, stream: socket.socket, buffer: OutputBuffer) -> None:
        self.buffer = buffer
        self._stream = stream
        self._head = b""
        self._left = 0

    def is_ready(self, seconds: float) -> bool:
        """Whether something comes, or the end is reached, in so much time."""
        poll = select.poll()  # select() fails beyond 1024 open files
        poll.register(self._stream, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def read(self) -> bool:
        """Take in what has come; False at the end."""
        data = self._stream.recv(_CHUNK)
        self._feed(data)
        return bool(data)

    def drain(self, limit: int) -> None:
        """Take in what is under way still: the daemon may tell of the end before the last of it."""
        end = time.monotonic() + 4 * _LATE_SECONDS  # what was left running may print on and on
        while self.buffer.total <= limit and time.monotonic() < end:
            if not self.is_ready(_LATE_SECONDS) or not self.read():
                return

    def _feed(self, data: bytes) -> None:
        while data:
            if self._left:
                self.buffer.add(data[: self._left])
                taken = min(self._left, len(data))
                self._left -= taken
            else:
                taken = min(_HEADER - len(self._head), len(data))
                self._head += data[:taken]
                if len(self._head) == _HEADER:
                    self._left = int.from_bytes(self._head[4:], "big")
                    self._head = b""
            data = data[taken:]


def _poll(seconds: float) -> Iterator[None]:
    """Again and again for so long, at growing distances."""
    end, pause = time.monotonic() + seconds, 0.002
    while True:
        yield
        if time.monotonic() > end:
            return
        time.sleep(pause)
        pause = min(0.1, 2 * pause)
