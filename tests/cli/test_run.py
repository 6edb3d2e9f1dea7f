"""`rematch run` without a model: the offline repairer on tasks of the tests' own."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.projects import GRADER, write_task
from tests.cli.running import rematch, start_rematch

FEW = "agent.repairer.tries=6"
SMALL = ("-n", "2", "-t", "2", "-k", "1", "--sandbox", "process", "-c", FEW)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    return write_task(tmp_path / "clamp")


def test_a_task_folder_of_ones_own_runs(task: Path, tmp_path: Path) -> None:
    done = rematch("run", task, *SMALL, "-o", tmp_path / "run")
    assert done.code == 0, done.err
    assert "the offline repairer" in done.out
    assert "final pick" in done.out
    assert "without isolation" in done.err
    grades = list((tmp_path / "run" / "tasks" / "clamp" / "grades").iterdir())
    assert len(grades) == 4  # 2 rollouts, 2 iterations


def test_the_second_run_takes_all_from_the_folder(task: Path, tmp_path: Path) -> None:
    first = rematch("run", task, *SMALL, "-o", tmp_path / "run", "--json")
    times = _written(tmp_path / "run")
    second = rematch("run", task, *SMALL, "-o", tmp_path / "run", "--json")
    assert second.document == first.document
    assert _written(tmp_path / "run") == times


def test_redo_makes_everything_again(task: Path, tmp_path: Path) -> None:
    rematch("run", task, *SMALL, "-o", tmp_path / "run")
    times = _written(tmp_path / "run")
    rematch("run", task, *SMALL, "-o", tmp_path / "run", "--redo")
    assert set(_written(tmp_path / "run").items()).isdisjoint(times.items())


def test_another_configuration_is_one_line(task: Path, tmp_path: Path) -> None:
    rematch("run", task, *SMALL, "-o", tmp_path / "run")
    done = rematch("run", task, *SMALL, "--seed", "5", "-o", tmp_path / "run")
    assert done.code == 2
    assert "seed: 0 there, 5 now" in done.error


def test_the_default_folder_follows_from_the_configuration(
    task: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one = rematch("run", task, *SMALL, "--json").document["folder"]
    same = rematch("run", task, *SMALL, "--json", "-w", "1").document["folder"]
    other = rematch("run", task, *SMALL, "--json", "-v", "3").document["folder"]
    assert one == same != other


def test_show_prints_the_table_and_a_task(task: Path, tmp_path: Path) -> None:
    rematch("run", task, *SMALL, "-o", tmp_path / "run")
    table = rematch("show", tmp_path / "run")
    assert "final pick" in table.out
    page = rematch("show", tmp_path / "run", "clamp")
    assert "bracket of" in page.out
    assert "pick: clamp-t1-" in page.out
    unknown = rematch("show", tmp_path / "run", "nothing")
    assert (unknown.code, "has no task 'nothing'" in unknown.error) == (1, True)


def test_a_broken_task_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    write_task(tmp_path / "suite" / "whole")
    (write_task(tmp_path / "suite" / "broken") / "tests" / "test.sh").unlink()
    done = rematch("run", tmp_path / "suite", *SMALL, "-o", tmp_path / "run", "--json")
    assert done.code == 1
    assert "test.sh" in done.document["failures"]["broken"]
    assert done.document["tasks"]["whole"]["pick"]


def test_hanging_tests_are_a_grade_with_its_reason(tmp_path: Path) -> None:
    task = write_task(tmp_path / "hang", grader=GRADER.replace("exit 0", "sleep 60"))
    (task / "task.toml").write_text("[verifier]\ntimeout_sec = 1\n")
    done = rematch("run", task, "-n", "1", "-t", "1", *SMALL[6:], "-o", tmp_path / "r")
    assert done.code == 0
    (grade,) = (tmp_path / "r" / "tasks" / "hang" / "grades").glob("*.json")
    assert json.loads(grade.read_text())["status"] == "timeout"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["no-such-suite"], 2, "neither a suite"),
        (["pocket", "--filter", "zzz"], 2, "no task is left"),
        (["pocket", "--slice", "x"], 2, "--slice x: write start:stop"),
        (["pocket", "--sandbox", "chroot"], 2, "sandbox"),
        (["pocket", "-c", "rtv.vote=3"], 2, "rtv.vote"),
        (["pocket", "-n", "0"], 2, "n"),
        (["pocket", "-c", "context.distill=true"], 2, "distill"),
    ],
)
def test_wrong_input_is_one_line(arguments: list[str], code: int, said: str) -> None:
    done = rematch("run", *arguments)
    assert done.code == code, done.err
    assert said in done.err
    assert "Traceback" not in done.err


def test_an_agent_with_a_model_refuses_the_process_sandbox_unless_asked(
    task: Path, tmp_path: Path
) -> None:
    programs = tmp_path / "bin"  # no bwrap among them
    programs.mkdir()
    for name in ("bash", "git", "rm", "sh"):
        (programs / name).symlink_to(str(shutil.which(name)))
    hidden = {"PATH": str(programs), "DOCKER_HOST": "unix:///nowhere.sock"}
    # In a process of its own: what works here is looked at once in a process.
    process = start_rematch(
        "run", task, "--agent-model", "openai/x", "-o", tmp_path / "run", **hidden
    )
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "--sandbox process" in err
    assert "bubblewrap" in err


def test_dry_run_counts_rollouts_and_calls(task: Path) -> None:
    words = ("run", task, "-n", "16", "-k", "4", "-v", "8", "--model", "openai/x", "--dry-run")
    calls = rematch(*words, "--json").document["calls"]
    assert calls["rollouts"] == 32
    assert calls["summarizer"] == 32
    assert calls["judge"] == 96 + 120  # the paper's counts


def _written(folder: Path) -> dict[str, Any]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("tasks/**/*.json")}
