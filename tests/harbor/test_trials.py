"""Pocket tasks in Harbor's docker environment: the oracle agent earns 1, the nop agent 0."""

from pathlib import Path

import pytest

from rematch.app import load_run
from tests.cli.running import rematch
from tests.harbor.tasks import copy_tasks

pytestmark = [pytest.mark.harbor, pytest.mark.filterwarnings("ignore")]

TASKS = ("booking-overlap", "header-case", "stock-totals", "wrap-width")


@pytest.mark.parametrize(("agent", "reward"), [("oracle", 1.0), ("nop", 0.0)])
def test_rewards_of_known_agents(tmp_path: Path, agent: str, reward: float) -> None:
    tasks = copy_tasks(tmp_path / "tasks", *TASKS)
    run = ("run", tasks, "--agent", f"harbor:{agent}", "-n", 1, "-t", 1, "-o", tmp_path / "run")

    done = rematch(*map(str, run))

    assert done.code == 0, done.err
    finished = load_run(tmp_path / "run")
    assert [task.task_id for task in finished] == list(TASKS)
    assert [next(iter(task.grades.values())).reward for task in finished] == [reward] * 4
    assert {task.rollouts[0].origin.agent for task in finished} == {f"harbor:{agent}"}
    assert f"{agent}, run by Harbor in docker" in done.out
    for task in TASKS:
        trials = list((tmp_path / "run" / "tasks" / task / "trials" / f"{task}-t0-00").iterdir())
        assert [(trial / "result.json").is_file() for trial in trials] == [True]
