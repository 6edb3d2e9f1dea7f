"""A run that is killed with a trial under way goes on where it was, and leaves no container."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rematch.app import load_run
from rematch.runs.folder import RunFolder
from rematch.testing import Conversation, Endpoint, Terminus1
from tests.cli.running import rematch, start_rematch
from tests.harbor.tasks import copy_tasks, fixing_command

pytestmark = [pytest.mark.harbor, pytest.mark.filterwarnings("ignore")]

TASK = "wrap-width"


def list_containers(trials: list[str]) -> list[str]:
    """The containers of these trials; other runs may have theirs on this machine."""
    command = ["docker", "ps", "-a", "--format", "{{.Names}}", "--filter", f"name={TASK}__"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if any(trial in name for trial in trials)]


def wait_until(holds: Callable[[], bool], seconds: float = 90) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def test_kill_and_the_same_command_again(tmp_path: Path) -> None:
    tasks = copy_tasks(tmp_path / "tasks", TASK)
    begun: list[int] = []

    def plan(conversation: Conversation) -> list[str]:
        begun.append(conversation.attempt)
        hang = [] if conversation.attempt != 1 else ["sleep 300"]
        return [*hang, fixing_command(TASK), f"echo quality=0.{conversation.attempt + 1}"]

    with Endpoint(Terminus1(plan, seconds=120.0)) as endpoint:
        models = ("--model", "openai/scripted", "--api-base", endpoint.url)
        rules = ("-n", "2", "-t", "1", "-v", "1", "-o", str(tmp_path / "run"))
        command = ("run", str(tasks), "--agent", "harbor:terminus-1", *models, *rules)
        kept = RunFolder(tmp_path / "run").task(TASK)
        first = start_rematch(*command)
        try:
            wait_until(lambda: len(kept.rollouts()) == 1 and 1 in begun)
        finally:
            first.send_signal(signal.SIGKILL)
            first.communicate()
        (finished,) = kept.rollouts()
        trials = [path.name for path in kept.path.glob("trials/*/*")]
        assert len(list_containers(trials)) == 1

        done = rematch(*command)

    assert done.code == 0, done.err
    (task,) = load_run(tmp_path / "run")
    assert {grade.reward for grade in task.grades.values()} == {1.0}
    assert finished in kept.rollouts()
    assert set(begun) == {0, 1, 2}  # only the attempt that hung was made again
    trials += [path.name for path in kept.path.glob("trials/*/*")]
    assert list_containers(trials) == []
