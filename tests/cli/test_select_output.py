"""`rematch select -o`: what is written, what a second command does, what is refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rematch.testing import Endpoint
from tests.app.recordings import make_patch, make_turns, mini_swe, write, write_pool
from tests.cli.running import Done, rematch


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    yield


@pytest.fixture
def pool(tmp_path: Path) -> Path:
    return write_pool(tmp_path / "pool")


def read(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def list_files(folder: str) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file())


def test_everything_is_written(pool: Path) -> None:
    done = rematch("select", pool, "-o", "out")
    assert done.code == 0
    assert done.err.splitlines()[-1] == "picks: out/picks.json, out/preds.json, out/best"
    picks, preds = read("out/picks.json"), read("out/preds.json")
    assert list(picks) == list(preds) == ["org__repo-0", "org__repo-1"]
    expected = ["picks.json", "preds.json", "preds.jsonl", "run.json"]
    expected += ["ledger.sqlite", "lock"]
    for task, told in picks.items():
        winner = told["pick"]["rollout_id"].partition("/")[2]
        original = pool / task / f"{winner}.traj.json"
        assert preds[task]["model_patch"] == make_patch(f"fix {winner[-1]}")
        best = Path("out/best")
        assert (best / f"{task}.patch").read_text() == preds[task]["model_patch"]
        assert (best / task / original.name).read_bytes() == original.read_bytes()
        expected += [f"best/{task}.patch", f"best/{task}/{original.name}"]
        kept = ("brackets/00.json", "pick.json", "task.json")
        expected += [f"tasks/{task}/{name}" for name in kept]
        for kind in ("rollouts", "summaries"):
            ids = read(f"out/tasks/{task}/brackets/00.json")["entrants"]
            files = list_files(f"out/tasks/{task}/{kind}")
            assert len(files) == len(ids) == 3
            expected += [f"tasks/{task}/{kind}/{file}" for file in files]
    assert list_files("out") == sorted(expected)


def ask(endpoint: Endpoint, name: str, *words: str | Path) -> Done:
    return rematch("select", *words, "--model", f"openai/{name}", "--api-base", endpoint.url)


def test_second_command_asks_no_model_and_says_the_same(endpoint: Endpoint, pool: Path) -> None:
    first = ask(endpoint, "twice", pool, "-o", "out", "--json")
    made, files = len(endpoint.calls(model="twice")), list_files("out")
    second = ask(endpoint, "twice", pool, "-o", "out", "--json", "-w", "1")
    assert made > 0 and len(endpoint.calls(model="twice")) == made
    assert (second.code, second.document["tasks"]) == (0, first.document["tasks"])
    assert list_files("out") == files


def test_redo_asks_again(endpoint: Endpoint, pool: Path) -> None:
    ask(endpoint, "redo", pool, "-o", "out")
    made = len(endpoint.calls(model="redo"))
    assert ask(endpoint, "redo", pool, "-o", "out", "--redo").code == 0
    assert len(endpoint.calls(model="redo")) == 2 * made


def test_only_what_is_missing_is_made(endpoint: Endpoint, pool: Path) -> None:
    """As after a crash: a task without a pick is not finished, but its calls are recorded."""
    first = ask(endpoint, "crash", pool, "-o", "out", "--json").document["tasks"]
    Path("out/tasks/org__repo-1/pick.json").unlink()
    before = len(endpoint.calls(model="crash"))
    second = ask(endpoint, "crash", pool, "-o", "out", "--json").document["tasks"]
    assert {task: told["pick"] for task, told in first.items()} == {
        task: told["pick"] for task, told in second.items()
    }
    assert read("out/tasks/org__repo-1/pick.json") == first["org__repo-1"]["pick"]
    assert len(endpoint.calls(model="crash")) == before


def test_task_with_new_attempts_is_judged_again(endpoint: Endpoint, pool: Path) -> None:
    ask(endpoint, "grown", pool, "-o", "out")
    before = len(endpoint.calls(model="grown"))
    better = mini_swe(
        make_turns(4, says="I look. quality=0.9"),
        task="org__repo-1",
        patch=make_patch("fix best"),
        problem="Make part 1 work.",
    )
    write(pool / "org__repo-1" / "attempt9.traj.json", better)
    tasks = ask(endpoint, "grown", pool, "-o", "out", "--json").document["tasks"]
    assert tasks["org__repo-1"]["pick"]["rollout_id"] == "attempt9"
    texts = repr([call.messages for call in endpoint.calls(model="grown")[before:]])
    assert "Make part 1 work" in texts and "Make part 0 work" not in texts
    (pool / "org__repo-1" / "attempt9.traj.json").unlink()
    tasks = ask(endpoint, "grown", pool, "-o", "out", "--json").document["tasks"]
    assert tasks["org__repo-1"]["pick"]["rollout_id"] == "org__repo-1/attempt2"
    assert len(list_files("out/tasks/org__repo-1/rollouts")) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "7"], "seed: 0 there, 7 now"),
        (["-c", "rtv.votes=3"], "rtv.votes: 8 there, 3 now"),
        (["--group-by", "folder"], "group_by: instance there, folder now"),
        (["--judge-model", "openai/x"], "models.judge: None there, openai/x now"),
    ],
)
def test_other_configuration_on_the_same_folder_is_one_line(
    pool: Path, words: list[str], said: str
) -> None:
    assert rematch("select", pool, "-o", "out").code == 0
    before = {name: Path("out", name).read_bytes() for name in list_files("out")}
    done = rematch("select", pool, "-o", "out", *words)
    assert (done.code, done.out) == (2, "")
    assert done.error.startswith("out: holds a run of another configuration (")
    assert said in done.error and done.error.endswith("choose another with -o")
    assert len(done.error) < 400
    assert {name: Path("out", name).read_bytes() for name in list_files("out")} == before


def test_other_paths_are_another_selection(pool: Path) -> None:
    assert rematch("select", pool, "-o", "out").code == 0
    done = rematch("select", pool / "org__repo-0", "-o", "out")
    assert done.code == 2 and "suite: " in done.error
    assert rematch("select", "pool", "-o", "out").code == 0, "the same folder by another path"


def test_folder_of_something_else_is_left_alone(pool: Path) -> None:
    for output, said in (
        ("pool", "pool: is not empty and holds no run; choose another with -o"),
        ("file", "file: is no folder; choose another with -o"),
        ("file/below", "file/below: cannot be written ("),
    ):
        Path("file").write_text("mine")
        done = rematch("select", pool, "-o", output)
        assert done.code in (1, 2) and done.out == ""
        assert done.error.startswith(said)
    assert Path("file").read_text() == "mine"


def test_damaged_folder_is_one_line(pool: Path) -> None:
    rematch("select", pool, "-o", "out")
    Path("out/run.json").write_text("{")
    done = rematch("select", pool, "-o", "out")
    assert (done.code, done.out) == (1, "")
    assert done.error.startswith("out/run.json: is no Manifest")


def test_damaged_task_is_one_line_and_the_rest_is_picked(pool: Path) -> None:
    rematch("select", pool, "-o", "out")
    Path("out/tasks/org__repo-0/pick.json").write_text("{")
    done = rematch("select", pool, "-o", "out")
    assert done.code == 1
    assert "org__repo-0: out/tasks/org__repo-0/pick.json: is no Pick" in done.error
    assert "left: org__repo-1/attempt" in done.out


def test_output_below_the_input_is_not_read_as_input(pool: Path) -> None:
    first = rematch("select", pool, "-o", pool / "out", "--json")
    second = rematch("select", pool, "-o", pool / "out", "--json")
    elsewhere = rematch("select", pool, "--json")
    assert first.code == second.code == elsewhere.code == 0
    assert first.document == second.document == elsewhere.document


def test_missing_original_does_not_stop_the_export(pool: Path) -> None:
    shutil.copytree(pool, "copy")
    rematch("select", "copy", "-o", "out")
    shutil.rmtree("copy/org__repo-0")
    done = rematch("select", "copy", "-o", "out")
    assert done.code == 0
    assert list(read("out/picks.json")) == ["org__repo-1"]


def test_show_and_judge_report_read_the_folder(endpoint: Endpoint, pool: Path) -> None:
    ask(endpoint, "shown", pool, "-o", "out", "-v", "2", "-c", "rtv.early_stop=false")
    table = rematch("show", "out")
    assert table.code == 0
    assert "no rollout is graded" in table.out and "org__repo-1" in table.out
    page = rematch("show", "out", "org__repo-0")
    assert "pick: org__repo-0/attempt2" in page.out and "+fix 2" in page.out
    assert "--- runner-up org__repo-0/attempt" in page.out
    report = rematch("judge-report", "out", "--json").document
    assert report["first slot chosen"]["mean"] == 0.5
    assert report["agreement"]["mean"] == 1.0
    assert "slot-flip rate" in rematch("judge-report", "out").out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "nowhere"], "nowhere: is no run folder (it has no run.json)"),
        (["judge-report", "pool"], "pool: is no run folder (it has no run.json)"),
        (["show", "out", "nothing"], "out: has no task 'nothing'; it has org__repo-0, org__repo-1"),
        (["judge-report", "alone"], "alone: holds no votes yet"),
    ],
)
def test_what_cannot_be_shown_is_one_line(pool: Path, words: list[str], said: str) -> None:
    rematch("select", pool, "-o", "out")
    rematch("select", pool / "org__repo-0" / "attempt0.traj.json", "-o", "alone")
    done = rematch(*words)
    assert (done.code, done.out, done.error) == (1, "", said)
