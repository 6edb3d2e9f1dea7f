"""What stops a command: the watch over what it uses, and the guard that says why."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rematch.agents.sandboxes import SandboxLimits
from rematch.agents.sandboxes.base import STOPPED, TIMED_OUT
from rematch.agents.sandboxes.commands import Guard
from rematch.agents.sandboxes.output import OutputBuffer
from rematch.agents.sandboxes.watch import Use, Watch, measure_use
from tests.agents.boxes import MIB, write_files

GONE = 4_000_000  # beyond any process number of Linux' default


def make_watch(uses: Callable[[], Use], free: Callable[[], int] = lambda: 1 << 40) -> Watch:
    limits = SandboxLimits(disk_bytes=10 * MIB, files=100)
    return Watch(limits, lambda stop: uses(), free, memory=False, interval=0)


def look(watch: Watch) -> str:
    """A look that is due."""
    watch._next = 0.0
    return watch.look()


def test_a_watch_allows_what_comes_on_top_and_names_what_is_broken() -> None:
    now = Use(disk=50 * MIB, files=5_000)
    watch = make_watch(lambda: now)
    watch.begin()
    assert look(watch) == ""
    now = Use(60 * MIB, 5_100)
    assert look(watch) == ""
    now = Use(60 * MIB + 1, 5_100)
    assert look(watch) == "over the disk limit of 10 MB"
    now = Use(50 * MIB, 5_101)
    assert look(watch) == "over the limit of 100 files"


def test_over_the_limit_the_next_command_may_keep_what_there_is() -> None:
    now = Use(0, 0)
    watch = make_watch(lambda: now)
    now = Use(20 * MIB, 0)
    watch.begin()
    assert look(watch) == "over the disk limit of 10 MB"
    watch.begin()
    assert look(watch) == ""
    now = Use(20 * MIB + 1, 0)
    assert look(watch) != ""
    now = Use(0, 0)  # cleared away: the limit is the old one again
    assert look(watch) == ""
    watch.begin()
    now = Use(11 * MIB, 0)
    assert look(watch) != ""


def test_a_command_that_fills_the_machine_is_stopped_and_another_one_is_not() -> None:
    free = 2 << 30
    watch = make_watch(lambda: Use(), lambda: free)
    watch.begin()
    free = (1 << 30) - 1
    assert look(watch) == "the machine's disk is nearly full"
    watch.begin()  # it was nearly full before this one
    assert look(watch) == ""


def test_no_look_is_taken_before_it_is_due() -> None:
    looks = []

    def measure(stop: Use | None) -> Use:
        looks.append(stop)
        return Use()

    watch = Watch(SandboxLimits(), measure, lambda: 1 << 40, memory=False, interval=1_000)
    watch.begin()
    for _ in range(5):
        assert watch.look() == ""
    assert len(looks) == 2  # at the start, and once


def test_use_is_measured_as_far_as_it_matters(tmp_path: Path) -> None:
    write_files(tmp_path, {f"d{n}/f": "x" for n in range(20)})
    assert measure_use((tmp_path,)).files == 40
    assert measure_use((tmp_path,), Use(disk=1 << 40, files=3)).files < 40
    assert measure_use((tmp_path / "none",)) == Use()


def guard(seconds: float = 60, **limits: int) -> tuple[Guard, threading.Event, float]:
    cancelled = threading.Event()
    watch = make_watch(lambda: Use())
    watch.begin()
    return Guard(SandboxLimits(**limits), watch, cancelled), cancelled, time.monotonic() + seconds


def test_a_guard_says_why_a_command_must_end() -> None:
    held, cancelled, deadline = guard(flood_bytes=MIB)
    buffer = OutputBuffer(1_000)
    assert held.find_reason(buffer, deadline) == ""
    buffer.add(b"x" * (MIB + 1))
    assert held.find_reason(buffer, deadline) == "more than 1 MB of output"
    assert held.find_reason(buffer, 0.0) == "time"
    cancelled.set()
    assert held.find_reason(buffer, 0.0) == "cancelled"


@pytest.mark.parametrize(
    ("reason", "code", "line", "timed_out"),
    [
        ("", 3, "", False),
        ("time", TIMED_OUT, "[stopped: the time limit of 2.5 s]\n", True),
        ("cancelled", STOPPED, "[stopped: cancelled]\n", False),
    ],
)
def test_a_result_tells_its_end(reason: str, code: int, line: str, timed_out: bool) -> None:
    held, _, _ = guard()
    buffer = OutputBuffer(1_000)
    buffer.add(b"text\n")
    ended = held.conclude(buffer, 3, reason, 2.5)
    assert ended.result == (f"text\n{line}", code, timed_out)
    assert bool(ended.reason) == bool(reason)
