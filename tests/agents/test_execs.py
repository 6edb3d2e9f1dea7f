"""A container's output as the daemon sends it, cut anywhere, and how a command's end is read."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.sandboxes.base import STOPPED, TIMED_OUT
from rematch.agents.sandboxes.commands import Guard
from rematch.agents.sandboxes.execs import ContainerRunner
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.watch import Watch

LIMITS = SandboxLimits(output_bytes=4096, flood_bytes=1 << 20)


def frame(data: bytes, stream: int = 1) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(data).to_bytes(4, "big") + data


@dataclass
class Api:
    """The daemon's answers to one container's execs: the line, its output, its exit code."""

    chunks: list[bytes]
    code: int | None = 0
    stays_open: bool = False
    """The command ends, and what it left running holds the stream."""
    never_ends: bool = False
    lines: list[list[str]] = field(default_factory=list)
    asked: dict[str, Any] = field(default_factory=dict)
    sockets: list[socket.socket] = field(default_factory=list)
    sender: threading.Thread | None = None

    def exec_create(self, container: str, line: list[str], **options: Any) -> dict[str, str]:
        self.lines.append(line)
        self.asked = options
        return {"Id": str(len(self.lines))}

    def exec_start(self, exec_id: str, **options: Any) -> Any:
        if options.get("detach"):  # the command that kills the others
            self.never_ends = False
            return self.hang_up(self.sockets[1:])
        ours, theirs = socket.socketpair()
        self.sockets += [ours, theirs]

        def send() -> None:
            with contextlib.suppress(OSError):  # nobody reads any more
                for chunk in self.chunks:
                    theirs.sendall(chunk)
                if not self.stays_open:
                    theirs.shutdown(socket.SHUT_WR)

        self.sender = threading.Thread(target=send)
        self.sender.start()
        return ours

    def hang_up(self, ends: list[socket.socket]) -> None:
        """Close these ends; what is still to be sent has nobody who reads it."""
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_WR if end is self.sockets[1] else socket.SHUT_RDWR)
        if self.sender:
            self.sender.join()
        for end in ends:
            end.close()

    def exec_inspect(self, exec_id: str) -> dict[str, Any]:
        return {"Running": self.never_ends, "ExitCode": self.code}


@dataclass
class Container:
    """As much of docker's as a runner needs."""

    api: Api
    id: str = "c"
    status: str = "running"
    started: int = 0

    @property
    def client(self) -> Any:
        return SimpleNamespace(api=self.api)

    def top(self) -> dict[str, list[str]]:
        return {"Processes": ["init"]}

    def reload(self) -> None: ...

    def start(self) -> None:
        self.started += 1


def make(api: Api, cancelled: threading.Event | None = None) -> ContainerRunner:
    watch: Any = SimpleNamespace(begin=lambda: None, look=lambda leader: "")
    assert {"begin", "look"} <= set(dir(Watch))
    guard = Guard(LIMITS, watch, cancelled or threading.Event())
    container: Any = Container(api)
    return ContainerRunner(container, guard, "/app")


def run(api: Api, seconds: float = 3600, cancelled: threading.Event | None = None) -> Any:
    try:
        return make(api, cancelled).run("make test", seconds, {"A": "b"})
    finally:
        api.hang_up(api.sockets)


@given(
    parts=st.lists(st.tuples(st.binary(max_size=40), st.sampled_from([1, 2])), max_size=6),
    cuts=st.lists(st.integers(0, 300), max_size=6),
)
def test_output_is_whole_wherever_the_wire_cuts_it(
    parts: list[tuple[bytes, int]], cuts: list[int]
) -> None:
    """Heads are cut too, and a frame may be empty."""
    wire = b"".join(frame(data, stream) for data, stream in parts)
    bounds = sorted({0, len(wire), *(cut for cut in cuts if cut < len(wire))})
    chunks = [wire[a:b] for a, b in pairwise(bounds)]
    ended = run(Api(chunks))
    expected = b"".join(data for data, _ in parts).decode("utf-8", "replace")
    assert (ended.result.output, ended.result.returncode, ended.reason) == (expected, 0, "")


@pytest.mark.parametrize(("told", "code"), [(0, 0), (1, 1), (137, 137), (None, -1)])
def test_the_exit_code_is_the_daemons(told: int | None, code: int) -> None:
    assert run(Api([frame(b"x")], told)).result.returncode == code


def test_the_command_is_one_word_with_both_streams_in_order() -> None:
    api = Api([])
    run(api)
    (line,) = api.lines
    assert line[-1] == "make test" and "2>&1" in line[2]
    assert api.asked == {"workdir": "/app", "environment": {"A": "b"}}


def test_what_a_command_left_running_does_not_hold_it_up() -> None:
    ended = run(Api([frame(b"done\n")], stays_open=True))
    assert (ended.result.output, ended.reason) == ("done\n", "")


def test_a_flood_is_stopped_in_the_container_too() -> None:
    flood = [frame(b"y\n" * (1 << 18))] * 3
    api = Api(flood, code=0, never_ends=True)
    ended = run(api)
    assert ended.result.returncode == STOPPED
    assert not ended.result.timed_out
    assert ended.result.output.endswith("of output]\n")
    assert "bytes left out" in ended.result.output
    assert api.lines[1] == ["bash", "-c", "kill -KILL -1"]


def test_a_time_limit_is_told_as_one() -> None:
    api = Api([frame(b"begun\n")], stays_open=True, never_ends=True)
    ended = run(api, seconds=0.05)
    assert (ended.result.returncode, ended.result.timed_out) == (TIMED_OUT, True)
    assert ended.result.output == "begun\n[stopped: the time limit of 0.05 s]\n"
    assert api.lines[1] == ["bash", "-c", "kill -KILL -1"]


def test_a_command_is_cancelled_from_another_thread() -> None:
    api = Api([frame(b"begun\n")], stays_open=True, never_ends=True)
    cancelled = threading.Event()
    cancelled.set()
    ended = run(api, cancelled=cancelled)
    assert ended.result.output.endswith("[stopped: cancelled]\n")


@pytest.mark.parametrize(("status", "started"), [("running", 0), ("exited", 1)])
def test_only_a_stopped_container_is_started(status: str, started: int) -> None:
    runner = make(Api([]))
    container: Any = runner.container
    container.status = status
    assert runner.revive() is bool(started)
    assert container.started == started
