"""The real harness on a genuine instance: what each kind of patch comes to."""

import asyncio
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from rematch.data.records import Grade, Rollout
from rematch.data.swebench import SealedRecord, SwebenchTask
from rematch.errors import SandboxError
from rematch.grading.swebench import SwebenchGrader, SwebenchGradingConfig
from tests.swebench.daemon import list_containers
from tests.swebench.instance import (
    BREAKING,
    GOLD,
    HANGING,
    ID,
    LEFT_TO_THE_COLLECTOR,
    NO_PATCH,
    WRONG,
)

pytestmark = [
    pytest.mark.docker,
    *LEFT_TO_THE_COLLECTOR,
]


def grade_all(
    grader: SwebenchGrader, task: SwebenchTask, patches: Mapping[str, str]
) -> dict[str, Grade]:
    async def run() -> list[Grade]:
        rollouts = [Rollout(id=name, task_id=ID, patch=text) for name, text in patches.items()]
        return await asyncio.gather(*(grader.grade(task.task, rollout) for rollout in rollouts))

    return {grade.rollout_id: grade for grade in asyncio.run(run())}


def make_grader(task: SwebenchTask, folder: Path, run: str, timeout: int = 300) -> SwebenchGrader:
    config = SwebenchGradingConfig(timeout=timeout)
    labels = {"rematch.run": run}
    return SwebenchGrader({ID: task.sealed}, folder, config=config, labels=labels, workers=5)


@pytest.mark.slow
def test_every_kind_of_patch_has_its_own_outcome(
    flask_task: SwebenchTask, tmp_path: Path, nothing_left: str
) -> None:
    patches = {
        "gold": GOLD,
        "again": GOLD,
        "empty": "",
        "wrong": WRONG,
        "breaking": BREAKING,
        "no patch": NO_PATCH,
    }
    grades = grade_all(make_grader(flask_task, tmp_path, nothing_left), flask_task, patches)
    assert {name: (grade.status, grade.reward) for name, grade in grades.items()} == {
        "gold": ("graded", 1.0),
        "again": ("graded", 1.0),
        "empty": ("graded", 0.0),
        "wrong": ("graded", 0.0),
        "breaking": ("graded", 0.0),
        "no patch": ("patch-failed", 0.0),
    }
    assert "test_empty_name_not_allowed" in grades["wrong"].detail
    assert "FAIL_TO_PASS: 1 of 1 pass; PASS_TO_PASS: " in grades["breaking"].detail
    assert "Only garbage was found" in grades["no patch"].detail

    # Graded at the same time, each has its own report and log, and equal patches one together.
    places = {path.parent.name: path.read_text() for path in tmp_path.glob("*/*/patch.diff")}
    assert sorted(places.values()) == sorted([GOLD, WRONG, BREAKING, NO_PATCH])
    resolved = [
        path.read_text().count('"resolved": true') for path in tmp_path.rglob("report.json")
    ]
    assert sorted(resolved) == [0, 0, 1]
    for path in tmp_path.rglob("run_instance.log"):
        assert path.read_text().count("Creating container") == 1

    # Kept by (instance, patch): a grader of another process starts nothing anew.
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    kept = grade_all(make_grader(flask_task, tmp_path, nothing_left), flask_task, patches)
    assert kept == grades | {"empty": kept["empty"]}
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.slow
def test_tests_that_hang_are_ended_inside_the_container_too(
    flask_task: SwebenchTask, tmp_path: Path, nothing_left: str
) -> None:
    grades = grade_all(
        make_grader(flask_task, tmp_path, nothing_left, timeout=12), flask_task, {"a": HANGING}
    )
    assert (grades["a"].status, grades["a"].reward) == ("timeout", 0.0)
    assert grades["a"].detail == "the tests did not end within 12 seconds"
    running = subprocess.run(["ps", "ax"], capture_output=True, text=True).stdout
    assert "pytest -rA -p no:cacheprovider tests/test_blueprints.py" not in running


def test_a_missing_image_is_told_and_asked_for_again(
    flask_task: SwebenchTask, tmp_path: Path, nothing_left: str
) -> None:
    fields = {**flask_task.sealed.open(), "image": "rematch-test/none:1"}
    task = replace(flask_task, sealed=SealedRecord(ID, (), fields))
    asked = []

    def fetch(image: str) -> None:
        asked.append(image)
        raise SandboxError(f"image {image} cannot be pulled: no such host")

    grader = SwebenchGrader({ID: task.sealed}, tmp_path, fetch_image=fetch)
    first, second = (grade_all(grader, task, {"a": GOLD})["a"] for _ in range(2))
    assert (first.status, first.reward) == ("image-missing", 0.0)
    assert first.detail == "image rematch-test/none:1 cannot be pulled: no such host"
    assert second.status == "image-missing"
    assert len(asked) == 2


def test_a_cancelled_grading_ends_at_once(
    flask_task: SwebenchTask, tmp_path: Path, nothing_left: str
) -> None:
    grader = make_grader(flask_task, tmp_path, nothing_left)

    async def run() -> None:
        rollout = Rollout(id="a", task_id=ID, patch=HANGING)
        grading = asyncio.ensure_future(grader.grade(flask_task.task, rollout))
        while not list_containers(nothing_left):
            await asyncio.sleep(0.1)
        grading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await grading

    asyncio.run(asyncio.wait_for(run(), 300))
    assert list_containers(nothing_left) == []
    assert list(tmp_path.rglob("grade.json")) == []
