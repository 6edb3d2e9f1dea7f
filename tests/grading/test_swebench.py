"""What can be said of a patch without running anything."""

import asyncio
from pathlib import Path

import pytest

from rematch.data.records import Grade, Rollout, Task
from rematch.data.swebench import SealedRecord
from rematch.errors import GradingError
from rematch.grading.swebench import SwebenchGrader, SwebenchGradingConfig

TASK = Task(id="acme__rocket-1", problem="It does not fly.")


def grade(folder: Path, record: SealedRecord, patch: str | None) -> Grade:
    grader = SwebenchGrader({record.instance_id: record}, folder)
    rollout = Rollout(id="r", task_id=TASK.id, patch=patch)
    return asyncio.run(grader.grade(TASK, rollout))


@pytest.mark.parametrize("patch", [None, "", "\n"])
def test_an_empty_patch_resolves_nothing(tmp_path: Path, patch: str | None) -> None:
    made = grade(tmp_path, SealedRecord(TASK.id, (), {}), patch)
    assert (made.status, made.reward, made.rollout_id) == ("graded", 0.0, "r")
    assert "empty" in made.detail


def test_a_record_of_the_older_schema_cannot_be_graded(tmp_path: Path) -> None:
    made = grade(tmp_path, SealedRecord(TASK.id, ("image", "eval_script"), {}), "diff")
    assert made.status == "not-gradable"
    assert "lacks image, eval_script (the schema before SWE-bench 5)" in made.detail
    assert list(tmp_path.iterdir()) == []


def test_a_task_of_another_suite_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GradingError, match="is not in the suite"):
        grade(tmp_path, SealedRecord("other", (), {}), "diff")


@pytest.mark.parametrize(
    "limits", [{"timeout": 0}, {"memory_bytes": 1 << 20}, {"processes": 1}, {"unknown": 1}]
)
def test_limits_under_which_nothing_could_be_graded_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(limits))):
        SwebenchGradingConfig(**limits)
