"""`rematch grade`: the tests' verdict on a run, and on predictions from anywhere."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rematch.runs.folder import RunFolder
from tests.cli.projects import write_task
from tests.cli.running import Done, rematch

CHANGE = """\
diff --git a/bounds.py b/bounds.py
--- a/bounds.py
+++ b/bounds.py
@@ -4,5 +4,5 @@
 def clamp(value, low, high):
     \"\"\"The value, kept within low and high.\"\"\"
-    if value > low:
+    if {condition}:
         return low
     return min(value, high)
"""
RIGHT, WRONG = CHANGE.format(condition="value < low"), CHANGE.format(condition="value == low")
PLAIN = ("-c", "agent.sandbox.kind=process")
SMALL = ("-n", "2", "-t", "1", "--sandbox", "process", "-c", "agent.repairer.tries=2")


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """Two task folders that differ in their names only."""
    for name in ("clamp", "clip"):
        write_task(tmp_path / "suite" / name)
    return tmp_path / "suite"


def write_predictions(path: Path, patches: Mapping[str, str]) -> Path:
    rows = {
        name: {"instance_id": name, "model_name_or_path": "x", "model_patch": patch}
        for name, patch in patches.items()
    }
    path.write_text(json.dumps(rows))
    return path


def grade(path: Path, suite: Path, *options: str | Path) -> Done:
    output = ("-o", path.parent / "graded")
    return rematch("grade", path, "--suite", suite, *PLAIN, *output, *options)


def rewards(done: Done) -> dict[str, list[tuple[str, float]]]:
    return {
        task: [(grade["status"], grade["reward"]) for grade in given]
        for task, given in done.document["tasks"].items()
    }


def test_predictions_are_graded_by_the_tasks_own_tests(suite: Path, tmp_path: Path) -> None:
    path = write_predictions(tmp_path / "preds.json", {"clamp": RIGHT, "clip": WRONG})
    done = grade(path, suite, "--json")
    assert done.code == 0, done.err
    assert rewards(done) == {"clamp": [("graded", 1.0)], "clip": [("graded", 0.0)]}
    assert done.document["failures"] == {}
    table = grade(path, suite)
    assert "resolved: 1 of 2 predictions" in table.out
    assert "mean over tasks: 50.0%" in table.out


def test_predictions_of_several_files_are_graded_apart(suite: Path, tmp_path: Path) -> None:
    folder = tmp_path / "attempts"
    folder.mkdir()
    for name, patch in {"a": WRONG, "b": RIGHT, "c": ""}.items():
        write_predictions(folder / f"{name}.json", {"clamp": patch})
    done = grade(folder, suite, "--json")
    assert done.code == 0, done.err
    assert [reward for _, reward in rewards(done)["clamp"]] == [0, 1, 0]


def test_a_second_prediction_in_one_file_is_told(suite: Path, tmp_path: Path) -> None:
    line = {"instance_id": "clamp", "model_name_or_path": "x", "model_patch": RIGHT}
    path = tmp_path / "preds.jsonl"
    path.write_text(f"{json.dumps(line)}\n{json.dumps(line)}\n")
    done = grade(path, suite, "--json")
    assert done.code == 1
    assert rewards(done) == {"clamp": [("graded", 1.0)]}
    assert "holds a second rollout 'clamp'" in str(done.document["failures"])


def test_what_is_not_in_the_suite_is_told_and_the_rest_is_graded(
    suite: Path, tmp_path: Path
) -> None:
    path = write_predictions(tmp_path / "preds.json", {"clamp": RIGHT, "other__task-1": RIGHT})
    done = grade(path, suite)
    assert done.code == 1
    assert done.error == "other__task-1: is not in suite suite"
    assert "resolved: 1 of 1 prediction" in done.out


def test_a_patch_that_does_not_apply_is_an_outcome_of_its_own(suite: Path, tmp_path: Path) -> None:
    path = write_predictions(tmp_path / "preds.json", {"clamp": RIGHT.replace("low:", "other:")})
    (given,) = rewards(grade(path, suite, "--json")).values()
    assert given == [("patch-failed", 0.0)]


@pytest.mark.parametrize("text", ["", "{}", "[1, 2]", "no predictions"])
def test_a_file_without_predictions_is_refused_in_a_line(
    suite: Path, tmp_path: Path, text: str
) -> None:
    path = tmp_path / "preds.json"
    path.write_text(text)
    done = grade(path, suite)
    assert done.code == 1
    assert "no predictions in" in done.error


def test_predictions_without_a_suite_or_a_file_are_refused(suite: Path, tmp_path: Path) -> None:
    path = write_predictions(tmp_path / "preds.json", {"clamp": RIGHT})
    unsaid = rematch("grade", path)
    assert (unsaid.code, "--suite is missing" in unsaid.error) == (2, True)
    unknown = rematch("grade", path, "--suite", "nowhere")
    assert (unknown.code, "neither a suite" in unknown.error) == (2, True)
    missing = grade(tmp_path / "none.json", suite)
    assert missing.code == 1
    assert "none.json" in missing.error


@pytest.fixture
def run(suite: Path, tmp_path: Path) -> Path:
    """A finished run whose grades were lost."""
    done = rematch("run", suite, *SMALL, "-o", tmp_path / "run")
    assert done.code == 0, done.err
    for task in RunFolder(tmp_path / "run").tasks():
        shutil.rmtree(task.path / "grades")
    return tmp_path / "run"


def test_a_run_is_graded_where_it_has_no_verdict_yet(run: Path) -> None:
    done = rematch("grade", run, "--json")
    assert done.code == 0, done.err
    assert {name: len(task["rewards"]) for name, task in done.document["tasks"].items()} == {
        "clamp": 2,
        "clip": 2,
    }
    kept = {path: path.stat().st_mtime_ns for path in run.rglob("grades/*")}
    again = rematch("grade", run)
    assert again.code == 0
    assert "final pick" in again.out
    assert {path: path.stat().st_mtime_ns for path in run.rglob("grades/*")} == kept
    rematch("grade", run, "--redo", "-w", "2")
    redone = {path: path.stat().st_mtime_ns for path in run.rglob("grades/*")}
    assert redone.keys() == kept.keys()
    assert all(redone[path] != when for path, when in kept.items())


def test_an_unfinished_task_of_a_run_is_not_graded(run: Path) -> None:
    (run / "tasks" / "clip" / "pick.json").unlink()
    done = rematch("grade", run, "--json")
    assert done.document["tasks"].keys() == {"clamp"}
    assert not (run / "tasks" / "clip" / "grades").exists()


def test_a_run_whose_suite_moved_is_told_where_it_is(run: Path, suite: Path) -> None:
    moved = suite.rename(suite.parent / "elsewhere")
    done = rematch("grade", run)
    assert done.code == 2
    assert "is not here any more; say which by --suite" in done.error
    assert rematch("grade", run, "--suite", moved).code == 0


def test_a_run_is_not_graded_by_another_suites_tests(run: Path, tmp_path: Path) -> None:
    write_task(tmp_path / "other" / "clamp")
    done = rematch("grade", run, "--suite", tmp_path / "other")
    assert done.code == 1
    assert done.error == "clip: is not in suite other"


RECORD = {
    "instance_id": "acme__rocket-1",
    "problem_statement": "It does not fly.",
    "repo": "acme/rocket",
    "version": "1",
    "image": "acme/rocket:1",
    "FAIL_TO_PASS": ["test_fly"],
    "PASS_TO_PASS": [],
    "log_parser": "pytest",
    "eval_type": "pass_and_fail",
    "eval_script": "pytest",
}


def write_records(path: Path, *records: dict[str, Any]) -> Path:
    path.write_text(json.dumps(records))
    return path


def test_swe_benchs_empty_patches_and_older_records_need_no_daemon(tmp_path: Path) -> None:
    older = {
        **{name: value for name, value in RECORD.items() if name != "eval_script"},
        "instance_id": "acme__rocket-2",
    }
    records = write_records(tmp_path / "rockets.json", RECORD, older)
    patches = {"acme__rocket-1": " \n", "acme__rocket-2": RIGHT}
    done = grade(write_predictions(tmp_path / "preds.json", patches), records, "--json")
    assert done.code == 1  # one of them has no verdict
    assert rewards(done) == {
        "acme__rocket-1": [("graded", 0.0)],
        "acme__rocket-2": [("not-gradable", 0.0)],
    }
    (told,) = done.document["tasks"]["acme__rocket-2"]
    assert "lacks eval_script" in told["detail"]


def test_ids_narrow_what_is_graded(tmp_path: Path) -> None:
    second = {**RECORD, "instance_id": "acme__rocket-2"}
    records = write_records(tmp_path / "rockets.json", RECORD, second)
    patches = {"acme__rocket-1": "", "acme__rocket-2": ""}
    path = write_predictions(tmp_path / "preds.json", patches)
    done = grade(path, records, "--json", "--ids", "acme__rocket-2")
    assert rewards(done) == {"acme__rocket-2": [("graded", 0.0)]}
    assert done.document["failures"].keys() == {"acme__rocket-1"}
