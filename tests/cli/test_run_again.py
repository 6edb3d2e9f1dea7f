"""The same seed gives the same run, at any number of workers, and across a kill."""

import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import write_task
from tests.cli.running import rematch, start_rematch

_DURATION = re.compile(r"in \d+\.\d+s")  # what a test runner prints
pytestmark = pytest.mark.slow
SMALL = ("-n", "3", "-k", "2", "--sandbox", "process", "-c", "agent.repairer.tries=6")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    for name in ("clamp", "limit"):
        write_task(tmp_path / "suite" / name)
    return tmp_path / "suite"


def test_same_seed_same_run_at_any_number_of_workers(suite: Path, tmp_path: Path) -> None:
    rematch("run", suite, *SMALL, "-w", "1", "-o", tmp_path / "one")
    rematch("run", suite, *SMALL, "-w", "4", "-o", tmp_path / "four")
    assert read_run(tmp_path / "one") == read_run(tmp_path / "four")


def test_another_seed_makes_other_rollouts(suite: Path, tmp_path: Path) -> None:
    rematch("run", suite, *SMALL, "-o", tmp_path / "zero")
    rematch("run", suite, *SMALL, "--seed", "1", "-o", tmp_path / "one")
    assert read_run(tmp_path / "zero") != read_run(tmp_path / "one")


def test_a_killed_run_is_continued(suite: Path, tmp_path: Path) -> None:
    rematch("run", suite, *SMALL, "-o", tmp_path / "whole")
    killed = tmp_path / "killed"
    process = start_rematch("run", suite, *SMALL, "-w", "1", "-o", killed)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and len(list(killed.rglob("rollouts/*.json"))) < 2:
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    kept = {path: path.stat().st_mtime_ns for path in killed.rglob("rollouts/*-t0-*.json")}
    assert kept
    assert not list(killed.rglob("limit/pick.json"))
    done = rematch("run", suite, *SMALL, "-w", "1", "-o", killed)
    assert done.code == 0, done.err
    assert {path: path.stat().st_mtime_ns for path in kept} == kept  # not made again
    assert read_run(killed) == read_run(tmp_path / "whole")


def read_run(folder: Path) -> dict[str, Any]:
    """All records of a run but for times and paths."""
    return {
        str(path.relative_to(folder)): _without_times(json.loads(path.read_text()))
        for path in sorted(folder.rglob("tasks/**/*.json"))
    }


def _without_times(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_times(inner)
            for name, inner in value.items()
            if name not in ("seconds", "detail")
        }
    if isinstance(value, list):
        return [_without_times(inner) for inner in value]
    return _DURATION.sub("in ?s", value) if isinstance(value, str) else value
