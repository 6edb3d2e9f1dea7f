"""Rewards of recorded trials: read from the trials after selection, one task at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.app.rewards import grade_trials
from rematch.app.selecting import Selected, Selection
from rematch.data.records import Bracket, Origin, Pick, Rollout, Task
from rematch.errors import GradingError
from rematch.report.diagnostics import TaskRun
from rematch.runs.folder import RunFolder
from tests.app.recordings import write


def write_trial(folder: Path, **result: Any) -> str:
    write(folder / "result.json", result)
    return str(folder)


def rewarded(folder: Path, reward: float) -> str:
    return write_trial(folder, verifier_result={"rewards": {"reward": reward}})


def make_selection(
    folder: RunFolder, task_id: str, trials: dict[str, str], format: str = "harbor-trial"
) -> Selection:
    """A selection as its folder holds it; the first trial is picked."""
    task = Task(id=task_id, problem="Mend it.")
    rollouts = tuple(
        Rollout(id=name, task_id=task_id, origin=Origin(path=path, format=format))
        for name, path in trials.items()
    )
    first = next(iter(trials))
    bracket = Bracket(task_id=task_id, entrants=tuple(trials), survivors=(first,))
    pick = Pick(task_id=task_id, rollout_id=first)
    kept = folder.task(task_id)
    kept.write_task(task)
    for rollout in rollouts:
        kept.write_rollout(rollout)
    kept.write_bracket(0, bracket)
    kept.write_pick(pick)
    return Selection(task, pick, bracket, (), rollouts)


def grade(folder: RunFolder, *selections: Selection) -> list[TaskRun]:
    return grade_trials(Selected({one.task.id: one for one in selections}), folder)


def test_every_rollout_of_a_trials_task_gets_its_grade_in_the_folder(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "out")
    trials = {"a": rewarded(tmp_path / "a", 1), "b": rewarded(tmp_path / "b", 0.25)}
    (run,) = grade(folder, make_selection(folder, "t", trials))
    assert {name: one.reward for name, one in run.grades.items()} == {"a": 1.0, "b": 0.25}
    assert run.grades == folder.task("t").grades()
    assert (run.task_id, run.pick.rollout_id, run.not_graded) == ("t", "a", {})


def test_a_trial_that_is_gone_counts_nothing_and_says_so(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "out")
    trials = {"a": rewarded(tmp_path / "a", 1), "b": str(tmp_path / "gone")}
    (run,) = grade(folder, make_selection(folder, "t", trials))
    gone = folder.task("t").grades()["b"]
    assert (gone.reward, gone.status) == (0.0, "no-trial")
    assert "result.json" in gone.detail
    assert set(run.grades) | set(run.not_graded) == {"a", "b"}


@pytest.mark.parametrize("reward", [-0.5, 1.5])
def test_a_reward_out_of_range_is_none(tmp_path: Path, reward: float) -> None:
    folder = RunFolder(tmp_path / "out")
    grade(folder, make_selection(folder, "t", {"a": rewarded(tmp_path / "a", reward)}))
    found = folder.task("t").grades()["a"]
    assert (found.reward, found.status) == (0.0, "no-reward")
    assert str(reward) in found.detail


def test_a_task_of_other_recordings_is_passed_over(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "out")
    path = rewarded(tmp_path / "a", 1)
    others = make_selection(folder, "others", {"a": path}, format="atif")
    trials = make_selection(folder, "trials", {"a": path})
    assert [run.task_id for run in grade(folder, others, trials)] == ["trials"]
    assert folder.task("others").grades() == {}


def test_one_rollout_that_is_no_trial_leaves_its_whole_task_ungraded(tmp_path: Path) -> None:
    """A mean over some of a task's rollouts would be of another pool than was selected from."""
    folder = RunFolder(tmp_path / "out")
    made = make_selection(folder, "t", {name: rewarded(tmp_path / name, 1) for name in ("a", "b")})
    patch = made.rollouts[1].model_copy(update={"origin": Origin(format="patch")})
    mixed = Selection(made.task, made.pick, made.bracket, (), (made.rollouts[0], patch))
    assert grade(folder, mixed) == []
    assert folder.task("t").grades() == {}


def test_nothing_selected_is_nothing_graded(tmp_path: Path) -> None:
    assert grade(RunFolder(tmp_path)) == []


def test_grading_again_reads_the_trials_anew(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "out")
    made = make_selection(folder, "t", {"a": rewarded(tmp_path / "a", 0)})
    grade(folder, made)
    rewarded(tmp_path / "a", 1)
    (run,) = grade(folder, made)
    assert run.grades["a"].reward == 1


def test_a_task_without_a_pick_is_not_graded_behind_selections_back(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "out")
    made = make_selection(folder, "t", {"a": rewarded(tmp_path / "a", 1)})
    (folder.task("t").path / "pick.json").unlink()
    with pytest.raises(GradingError, match="t: is not finished"):
        grade(folder, made)
