"""Picks as files for other tools."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rematch.data.records import Origin, Pick, ResultKind, Task
from rematch.errors import RematchError
from rematch.report.export import export_picks, export_run
from rematch.report.picks import PickRow
from rematch.runs.folder import RunFolder, file_name
from tests.report.makers import make_bracket, make_rollout

PATCH = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-ä\n+\u2028x\n"
Row = tuple[Task, PickRow]


def make_row(
    task: str,
    *,
    patch: str | None = PATCH,
    path: Path | str = "",
    asks_for: ResultKind = ResultKind.PATCH,
) -> Row:
    winner = make_rollout(f"{task}/a", patch=patch).model_copy(
        update={"origin": Origin(agent="x", model="y/z", path=str(path), format="patch")}
    )
    pick = Pick(task_id=task, rollout_id=winner.id, reasons="the only entrant")
    bracket = make_bracket(survivors=[winner.id], merged={winner.id: ("b",)})
    return Task(id=task, problem="p", asks_for=asks_for), PickRow(pick, winner, bracket)


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.*"))


def test_predictions_have_swe_benchs_form(tmp_path: Path) -> None:
    assert export_picks(tmp_path, [make_row("org__repo-1"), make_row("org__repo-2")]) == []
    expected = {
        task: {"model_name_or_path": "rematch", "instance_id": task, "model_patch": PATCH}
        for task in ("org__repo-1", "org__repo-2")
    }
    assert read(tmp_path / "preds.json") == expected
    lines = (tmp_path / "preds.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == list(expected.values())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["preds.json", "preds.jsonl"])
@pytest.mark.filterwarnings("ignore")
def test_swe_bench_reads_the_predictions(tmp_path: Path, name: str) -> None:
    utils = pytest.importorskip("swebench.harness.utils", reason="needs swebench")
    export_picks(tmp_path, [make_row("org__repo-1")])
    loaded = utils.get_predictions_from_file(str(tmp_path / name), "unused", "test")
    assert [(p["instance_id"], p["model_patch"]) for p in loaded] == [("org__repo-1", PATCH)]


@pytest.mark.parametrize("patch", [None, "", " \n"])
def test_pick_without_a_patch_is_told_where_one_is_asked_for(
    tmp_path: Path, patch: str | None
) -> None:
    state = make_row("serve", patch=patch, asks_for=ResultKind.STATE)
    missing = export_picks(tmp_path, [make_row("org__repo-1", patch=patch), state])
    assert missing == ["org__repo-1: the pick has no patch, so it is not in preds.json"]
    assert read(tmp_path / "preds.json") == {}
    assert read(tmp_path / "picks.json").keys() == {"org__repo-1", "serve"}


def test_picks_tell_reasons_origin_and_bracket(tmp_path: Path) -> None:
    task, row = make_row("t", path="x/a.patch")
    export_picks(tmp_path, [(task, row)])
    told = read(tmp_path / "picks.json")["t"]
    assert told["pick"] == row.pick.model_dump(mode="json")
    assert told["origin"]["path"] == "x/a.patch"
    assert told["bracket"] == row.bracket.model_dump(mode="json")
    assert (told["asks_for"], told["merged"]) == ("patch", ["b"])


def test_best_holds_the_patch_and_the_attempts_own_file(tmp_path: Path) -> None:
    source = tmp_path / "in" / "a.traj.json"
    source.parent.mkdir()
    source.write_text("{}")
    export_picks(tmp_path / "out", [make_row("org/t", path=source)])
    best, name = tmp_path / "out" / "best", file_name("org/t")
    assert names(best) == [f"{name}.patch", f"{name}/a.traj.json"]
    assert (best / f"{name}.patch").read_text(encoding="utf-8") == PATCH


def test_file_of_several_attempts_is_not_copied(tmp_path: Path) -> None:
    source = tmp_path / "output.jsonl"
    source.write_text("{}\n{}\n")
    export_picks(tmp_path / "out", [make_row("a", path=source), make_row("b", path=source)])
    assert names(tmp_path / "out" / "best") == ["a.patch", "b.patch"]


def test_missing_original_is_no_error(tmp_path: Path) -> None:
    export_picks(tmp_path, [make_row("t", path=tmp_path / "gone.json", patch=None)])
    assert names(tmp_path / "best") == []


def test_earlier_pick_leaves_nothing_behind(tmp_path: Path) -> None:
    for name in ("first.json", "second.json"):
        (tmp_path / name).write_text("{}")
    out = tmp_path / "out"
    export_picks(out, [make_row("t", path=tmp_path / "first.json")])
    export_picks(out, [make_row("t", path=tmp_path / "second.json", patch=None)])
    assert names(out / "best") == ["t/second.json"]


def test_task_ids_cannot_leave_the_folder(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "out"
    export_picks(out, [make_row("../../evil"), make_row("/evil"), make_row("..")])
    assert {path.name for path in tmp_path.iterdir()} == {"deep"}
    assert {path.name for path in out.iterdir()} == {
        "best",
        "picks.json",
        "preds.json",
        "preds.jsonl",
    }
    assert len(names(out / "best")) == 3


def test_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(RematchError, match=r"preds\.json: cannot be written \("):
        export_picks(tmp_path / "out", [make_row("t")])


def test_a_runs_predictions_are_its_picks_that_have_a_patch(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    for name, patch in {
        "org__repo-1": PATCH,
        "org__repo-2": "",
        "a/b": PATCH,
        "state": None,
    }.items():
        task, row = make_row(name, patch=patch)
        run.task(name).write_task(task)
        run.task(name).write_rollout(row.winner)
        run.task(name).write_pick(row.pick)
    task, row = make_row("begun")
    run.task("begun").write_task(task)
    run.task("begun").write_rollout(row.winner)
    assert export_run(run) == tmp_path / "preds.json"
    written = read(tmp_path / "preds.json")
    assert sorted(written) == ["a/b", "org__repo-1"]
    assert written["a/b"] == {
        "model_name_or_path": "rematch",
        "instance_id": "a/b",
        "model_patch": PATCH,
    }


def test_a_run_without_patches_has_no_predictions(tmp_path: Path) -> None:
    task, row = make_row("state", patch=None, asks_for=ResultKind.STATE)
    run = RunFolder(tmp_path)
    run.task("state").write_task(task)
    run.task("state").write_rollout(row.winner)
    run.task("state").write_pick(row.pick)
    assert export_run(run) is None
    assert read(tmp_path / "preds.json") == {}
