"""A finished task's rollouts: which are graded, in which order, and which share a verdict."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rematch.app.grading import grade_task
from rematch.data.records import Grade, Pick, Rollout, Task
from rematch.errors import GradingError
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import TaskFolder
from tests.report.makers import make_rollout

TASK = Task(id="task", problem="Mend it.")


class Counting:
    """A grader that keeps count, and passes what ends in `good`."""

    def __init__(self, status: str = "graded") -> None:
        self.status = status
        self.asked: list[str] = []

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        self.asked.append(rollout.id)
        reward = float((rollout.patch or "").endswith("good"))
        return Grade(
            task_id=task.id, rollout_id=rollout.id, reward=reward, status=self.status, detail="told"
        )


def fill(folder: Path, pick: str = "a", **patches: str | None) -> TaskFolder:
    task = TaskFolder(folder)
    for name, patch in patches.items():
        task.write_rollout(make_rollout(name, patch=patch))
    task.write_pick(Pick(task_id="task", rollout_id=pick))
    return task


def grade(folder: TaskFolder, grader: Counting, *, redo: bool = False) -> dict[str, float]:
    executor = LocalExecutor({"grader": 1})
    asyncio.run(grade_task(grader, executor, TASK, folder, redo=redo))
    return {name: one.reward for name, one in sorted(folder.grades().items())}


def test_equal_patches_are_graded_once_and_each_has_its_grade(tmp_path: Path) -> None:
    folder = fill(tmp_path, a="", b="x good", c="", d="x good", e="x bad")
    grader = Counting()
    assert grade(folder, grader) == {"a": 0, "b": 1, "c": 0, "d": 1, "e": 0}
    assert grader.asked == ["a", "b", "e"]
    assert {name: one.rollout_id for name, one in folder.grades().items()} == {
        name: name for name in "abcde"
    }
    assert folder.grades()["d"].detail == "told"


def test_a_result_that_is_no_patch_is_never_shared(tmp_path: Path) -> None:
    grader = Counting()
    grade(fill(tmp_path, a=None, b=None), grader)
    assert grader.asked == ["a", "b"]


def test_the_pick_comes_first(tmp_path: Path) -> None:
    grader = Counting()
    grade(fill(tmp_path, pick="c", a="1", b="2", c="3"), grader)
    assert grader.asked == ["c", "a", "b"]


@pytest.mark.parametrize("status", ["timeout", "grader-failed"])
def test_what_did_not_end_by_the_tests_verdict_is_tried_for_each(
    status: str, tmp_path: Path
) -> None:
    grader = Counting(status)
    grade(fill(tmp_path, a="1", b="1"), grader)
    assert grader.asked == ["a", "b"]


def test_a_verdict_stands_unless_it_is_to_be_made_again(tmp_path: Path) -> None:
    folder = fill(tmp_path, a="1 good", b="2")
    grade(folder, Counting())
    again = Counting()
    assert grade(folder, again) == {"a": 1, "b": 0}
    assert again.asked == []
    grade(folder, again, redo=True)
    assert again.asked == ["a", "b"]


def test_where_grading_itself_failed_it_is_tried_again(tmp_path: Path) -> None:
    folder = fill(tmp_path, a="1 good")
    grade(folder, Counting("grader-failed"))
    again = Counting()
    assert grade(folder, again) == {"a": 1}
    assert again.asked == ["a"]


def test_without_a_pick_nothing_is_graded(tmp_path: Path) -> None:
    folder = TaskFolder(tmp_path)
    folder.write_rollout(make_rollout("a", patch="1"))
    with pytest.raises(GradingError, match="graded after its pick only"):
        grade(folder, Counting())
