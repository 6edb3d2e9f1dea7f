"""Ctrl-C, once and twice, as a terminal sends it: to the whole group of processes."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

import pytest

from rematch.cli.interrupts import describe_end
from rematch.testing import Agent, ChatRequest, Conversation, Endpoint
from tests.app.recordings import write_pool
from tests.cli.projects import write_task
from tests.cli.running import REMATCH

FIX = "sed -i 's/value > low/value < low/' bounds.py"
_PATIENCE = 120.0


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["run", "pocket", "-n", "4"], "continue with: rematch run pocket -n 4"),
        (["run", "a b", "--redo"], "continue with: rematch run 'a b'"),
        (["--debug", "run", "x"], "continue with: rematch --debug run x"),
        (["select", "p", "-o", "out"], "continue with: rematch select p -o out"),
        (["select", "p", "--output=out"], "continue with: rematch select p --output=out"),
        (["select", "p"], "nothing is kept without -o; again: rematch select p"),
        (["evaluate", "p", "--labels", "l"], "nothing is kept; again: rematch evaluate p"),
        (["grade", "runs/x"], "continue with: rematch grade runs/x"),
    ],
)
def test_the_last_line_says_how_to_go_on(words: list[str], line: str) -> None:
    assert describe_end(words).startswith(f"interrupted; {line}")


class Stage(Endpoint):
    """An endpoint that is slow to answer one role, until it is told to hurry.

    Args:
        role: whose answers take long.
        seconds: how long.
        plan: the agent's commands.
    """

    def __init__(
        self,
        role: str,
        seconds: float,
        plan: Callable[[Conversation], Sequence[str]] = lambda _: [FIX],
    ) -> None:
        self.slow, self.seconds = role, seconds
        self.arrived = threading.Semaphore(0)
        super().__init__(agent=Agent(plan), latency=self._wait, strict=False)

    def _wait(self, request: ChatRequest, rng: Random) -> float:
        if request.role != self.slow:
            return 0.0
        self.arrived.release()
        return self.seconds


@contextlib.contextmanager
def started(*words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command in a group of its own; nothing of it is left when the test ends."""
    process = subprocess.Popen(
        [REMATCH, *map(str, words)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def interrupt(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)


def interrupt_twice(process: subprocess.Popen[str]) -> None:
    interrupt(process)
    assert process.stderr is not None
    while "Ctrl-C again stops at once" not in (line := process.stderr.readline()):
        assert line
    interrupt(process)


def read_end(process: subprocess.Popen[str]) -> list[str]:
    """Wait for the end; the words with which to go on."""
    _, err = process.communicate(timeout=_PATIENCE)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    last = err.splitlines()[-1]
    assert last.startswith("interrupted; continue with: rematch "), err
    return shlex.split(last.partition("continue with: rematch ")[2])


def go_on(words: Sequence[str]) -> None:
    """Run the command to its end."""
    with started(*words) as process:
        _, err = process.communicate(timeout=_PATIENCE)
        assert process.returncode == 0, err


def find_processes(mark: str) -> list[str]:
    """Command lines on this machine that hold the mark."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if mark in line:
                found.append(line)
    return found


def wait_for_processes(mark: str, *, some: bool) -> None:
    deadline = time.monotonic() + _PATIENCE
    while bool(find_processes(mark)) is not some:
        assert time.monotonic() < deadline, find_processes(mark)
        time.sleep(0.05)


def check_ledger(path: Path) -> dict[str, int]:
    """Calls by state, in a file that is whole; one that was stopped before it was sent is none."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        unsent = "state = 'lost' AND attempts = 0"
        counted = f"SELECT state, count(*) FROM calls WHERE NOT ({unsent}) GROUP BY state"
        return dict(database.execute(counted))


def run_words(task: Path, endpoint: Endpoint, output: Path, *more: str) -> list[str | Path]:
    model = ("--model", "openai/scripted", "--api-base", endpoint.url)
    size = ("-n", "3", "-k", "2", "-v", "3", "--sandbox", "process", "-w", "2")
    return ["run", task, *model, *size, *more, "-o", output]


@pytest.mark.slow
def test_once_while_agents_run_finishes_their_rollouts(tmp_path: Path) -> None:
    task = write_task(tmp_path / "clamp")
    folder = tmp_path / "run"
    with Stage("agent", 0.7) as endpoint:
        with started(*run_words(task, endpoint, folder)) as process:
            for _ in range(2):
                assert endpoint.arrived.acquire(timeout=_PATIENCE)
            interrupt(process)
            again = read_end(process)
        kept = {path: path.stat().st_mtime_ns for path in folder.rglob("rollouts/*.json")}
        assert len(kept) == 2  # those in the two places; the third was never begun
        assert {call.role for call in endpoint.log} == {"agent"}
        endpoint.seconds = 0.0
        go_on(again)
        firsts = [c for c in endpoint.calls(role="agent") if len(c.messages or ()) == 2]
        assert len(firsts) == 2 * 3  # N = 3, T = 2: no rollout was begun twice
    t0 = {path: at for path, at in kept.items() if "-t0-" in path.name}
    assert t0
    assert list(folder.rglob("pick.json"))


@pytest.mark.slow
def test_once_while_votes_are_in_flight_records_them(tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool", attempts=4)
    folder = tmp_path / "out"
    with Stage("judge", 1.5) as endpoint:
        words = ("select", pool, "--model", "openai/scripted", "--api-base", endpoint.url)
        with started(*words, "-v", "4", "-o", folder) as process:
            assert endpoint.arrived.acquire(timeout=_PATIENCE)
            interrupt(process)
            again = read_end(process)
        sent = len(endpoint.log)
        assert check_ledger(folder / "ledger.sqlite") == {"settled": sent}
        assert not list(folder.rglob("pick.json"))
        endpoint.seconds = 0.0
        go_on(again)
        # As many questions as answers on record: none was put twice.
        assert check_ledger(folder / "ledger.sqlite") == {"settled": len(endpoint.log)}
    assert len(list(folder.rglob("pick.json"))) == 2


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["call", "command"])
def test_twice_while_agents_run_stops_at_once(stage: str, tmp_path: Path) -> None:
    task = write_task(tmp_path / "clamp")
    folder = tmp_path / "run"
    mark = f"{os.getpid()}{time.time_ns() % 10**6}"
    endless = stage == "command"

    def plan(_: Conversation) -> list[str]:
        return [f"sleep 36{mark}"] if endless else [FIX]

    with Stage("agent", 3600.0 if stage == "call" else 0.0, plan) as endpoint:
        with started(*run_words(task, endpoint, folder)) as process:
            if endless:
                wait_for_processes(f"sleep 36{mark}", some=True)
            else:
                assert endpoint.arrived.acquire(timeout=_PATIENCE)
            interrupt_twice(process)
            again = read_end(process)
        wait_for_processes(f"sleep 36{mark}", some=False)
        assert not list(folder.rglob("rollouts/*.json"))
        endless, endpoint.seconds = False, 0.0
        go_on(again)
    assert len(list(folder.rglob("rollouts/*.json"))) == 2 * 3


@pytest.mark.slow
def test_twice_while_votes_are_in_flight_stops_at_once(tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool", attempts=4)
    folder = tmp_path / "out"
    with Stage("judge", 3600.0) as endpoint:
        words = ("select", pool, "--model", "openai/scripted", "--api-base", endpoint.url)
        with started(*words, "-v", "4", "-o", folder) as process:
            assert endpoint.arrived.acquire(timeout=_PATIENCE)
            interrupt_twice(process)
            again = read_end(process)
        assert check_ledger(folder / "ledger.sqlite")["settled"] == len(endpoint.log)
        endpoint.seconds = 0.0
        go_on(again)
    assert len(list(folder.rglob("pick.json"))) == 2


@pytest.mark.slow
def test_twice_while_grading_stops_its_tests(tmp_path: Path) -> None:
    mark = f"{os.getpid()}{time.time_ns() % 10**6}"
    task = write_task(tmp_path / "clamp", grader=f"sleep 36{mark}\n")
    folder = tmp_path / "run"
    small = ("-n", "2", "-t", "1", "--sandbox", "process", "-c", "agent.repairer.tries=2")
    with started("run", task, *small, "-o", folder) as process:
        wait_for_processes(f"sleep 36{mark}", some=True)
        interrupt_twice(process)
        read_end(process)
    wait_for_processes(f"sleep 36{mark}", some=False)
    assert list(folder.rglob("pick.json"))
    assert not list(folder.rglob("grades/*.json"))
