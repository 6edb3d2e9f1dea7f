"""Ctrl-C, then kill -9, then the same command: it finishes, and repeats nothing that was done."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rematch.runs.folder import RunFolder
from rematch.testing import Agent, Endpoint
from tests.cli.running import start_rematch
from tests.swebench.daemon import ask_docker, list_containers
from tests.swebench.instance import ID
from tests.swebench.plans import fix_slowly

pytestmark = [pytest.mark.docker, pytest.mark.slow]


def stamp(folder: Path, *patterns: str) -> dict[str, int]:
    """When each of a run's files was written."""
    paths = [path for pattern in patterns for path in folder.glob(pattern) if path.is_file()]
    return {str(path): path.stat().st_mtime_ns for path in paths}


def wait_for(process: subprocess.Popen[str], what: Callable[[], object]) -> None:
    """Wait until something is there, as long as the run goes on."""
    for _ in range(6_000):
        if what():
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.1)
    raise AssertionError("it did not come within ten minutes")


def list_gradings(run: str) -> list[str]:
    labelled = f"label=rematch.run={run}"
    return ask_docker("ps", "--quiet", "--filter", labelled, "--filter", "name=sweb.eval")


def test_an_interrupted_run_goes_on_where_it_stopped(
    flask_file: Path, tmp_path: Path, nothing_left: str
) -> None:
    folder = tmp_path / nothing_left
    task = folder / "tasks" / ID
    with Endpoint(agent=Agent(fix_slowly), seed=2) as endpoint:

        def start() -> subprocess.Popen[str]:
            return start_rematch(
                *("run", flask_file, "-n", "2", "-t", "2", "-k", "1", "-v", "1", "-w", "1"),
                *("--model", "openai/scripted", "--api-base", endpoint.url, "-o", folder),
                OPENAI_API_KEY="x",
            )

        first = start()
        wait_for(first, lambda: stamp(task, "rollouts/*") and list_containers(nothing_left))
        first.send_signal(signal.SIGINT)
        _, err = first.communicate(timeout=300)
        assert first.returncode == 130, err
        assert "Traceback" not in err
        assert list_containers(nothing_left) == []
        before_first = stamp(task, "rollouts/*-t0-*")
        assert before_first

        second = start()
        wait_for(second, lambda: stamp(task, "grades/*") and list_gradings(nothing_left))
        second.kill()
        second.communicate(timeout=300)
        assert list_containers(nothing_left)  # nobody was left to remove them
        done = stamp(folder, "tasks/*/*/*", "tasks/*/pick.json", "gradings/*/*/grade.json")

        third = start()
        out, err = third.communicate(timeout=900)
        assert third.returncode == 0, err
        assert list_containers(nothing_left) == []

    after = stamp(folder, "tasks/*/*/*", "tasks/*/pick.json", "gradings/*/*/grade.json")
    assert before_first.items() <= after.items()
    assert done.items() <= after.items()
    kept = RunFolder(folder).task(ID)
    assert len(kept.rollouts()) == len(kept.grades()) == 4
    assert {grade.reward for grade in kept.grades().values()} == {0.0, 1.0}
    assert "final pick" in out
