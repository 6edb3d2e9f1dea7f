"""Pools: files of any format become tasks with their rollouts."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import ResultKind
from rematch.errors import InputError
from tests.data.formats.reading import read_one_file, rollouts_of, write_json
from tests.data.formats.samples import as_lines, atif, claude_code, mini_v2, swe_agent, trial
from tests.data.formats.samples_openhands import openhands
from tests.data.formats.wording import PATCH, TASK


def write_mixed(folder: Path) -> Path:
    """Five attempts at one task, each of another agent, and one at another task."""
    write_json(folder / "mini" / "basket.traj.json", mini_v2())
    write_json(folder / "swe" / "shop__basket-1" / "shop__basket-1.traj", swe_agent())
    (folder / "hands").mkdir()
    (folder / "hands" / "output.jsonl").write_text(as_lines([openhands()]))
    (folder / "shop__basket-1").mkdir()
    (folder / "shop__basket-1" / "cc.jsonl").write_text(as_lines(claude_code()))
    (folder / "shop__basket-1" / "late.patch").write_text(PATCH + "+late\n")
    write_json(folder / "trials" / "one.json", trial())
    return folder


def test_formats_mix(tmp_path: Path) -> None:
    pool = read_pool([write_mixed(tmp_path)])
    assert pool.problems == ()
    assert pool.sizes == {"shop__basket-1": 5, "basket": 1}
    rollouts = pool.tasks["shop__basket-1"].rollouts
    assert {rollout.origin.format for rollout in rollouts} == {
        "mini-swe-agent",
        "swe-agent",
        "openhands",
        "claude-code",
        "patch",
    }
    assert {rollout.task_id for rollout in rollouts} == {"shop__basket-1"}
    assert len({rollout.id for rollout in rollouts}) == 5
    assert all(Path(rollout.origin.path).is_file() for rollout in rollouts)


def test_a_task_asks_for_a_patch_if_any_rollout_has_one(tmp_path: Path) -> None:
    pool = read_pool([write_mixed(tmp_path)])
    assert pool.task("shop__basket-1").asks_for is ResultKind.PATCH
    assert pool.task("basket").asks_for is ResultKind.STATE
    sessions = tmp_path / "sessions" / "tax"
    sessions.mkdir(parents=True)
    (sessions / "a.jsonl").write_text(as_lines(claude_code()))
    assert read_pool([sessions]).task("tax").asks_for is ResultKind.STATE


def test_tasks_are_read_when_they_are_asked_for(tmp_path: Path) -> None:
    path = write_json(tmp_path / "basket" / "one.json", atif())
    pool = read_pool([tmp_path])
    path.unlink()
    assert pool.sizes == {"basket": 1}
    assert list(pool.tasks) == ["basket"]
    assert "basket" in pool.tasks and "till" not in pool.tasks
    assert pool.task("basket").problem == TASK
    with pytest.raises(InputError, match=r"one\.json: changed since it was indexed"):
        pool.tasks["basket"]
    with pytest.raises(KeyError):
        pool.tasks["till"]


def test_a_file_that_turns_into_another_is_refused(tmp_path: Path) -> None:
    path = write_json(tmp_path / "basket" / "one.json", atif())
    pool = read_pool([tmp_path])
    others: list[Any] = [{}, [], 1, {"steps": []}, mini_v2()]
    for value in others:
        write_json(path, value)
        with pytest.raises(InputError, match="changed since it was indexed"):
            pool.tasks["basket"]


def test_grouping_can_be_overridden(tmp_path: Path) -> None:
    write_json(tmp_path / "one" / "a.json", mini_v2("shop__till-2"))
    write_json(tmp_path / "one" / "b.json", mini_v2())
    write_json(tmp_path / "two" / "b.json", mini_v2())
    assert read_pool([tmp_path]).sizes == {"shop__till-2": 1, "shop__basket-1": 2}
    assert read_pool([tmp_path], "folder").sizes == {"one": 2, "two": 1}
    by_stem = read_pool([tmp_path], lambda path, instance: f"{path.stem} of {instance}")
    assert by_stem.sizes == {"a of shop__till-2": 1, "b of shop__basket-1": 2}


def test_a_bad_name_from_a_grouping_is_a_problem(tmp_path: Path) -> None:
    write_json(tmp_path / "one" / "a.json", mini_v2())
    pool = read_pool([tmp_path], lambda path, instance: "../up")
    assert pool.tasks == {}
    assert len(pool.problems) == 1


def test_all_rollouts_of_a_task_share_the_commonest_problem(tmp_path: Path) -> None:
    for name, text in {"a": "x", "b": "y, longer", "c": "y, longer", "d": ""}.items():
        document = mini_v2()
        document["messages"][1]["content"] = text
        write_json(tmp_path / f"{name}.json", document)
    assert read_pool([tmp_path]).task("shop__basket-1").problem == "y, longer"
    (tmp_path / "c.json").unlink()
    assert read_pool([tmp_path]).task("shop__basket-1").problem == "y, longer"


def test_order_is_the_names_and_overlaps_count_once(tmp_path: Path) -> None:
    for name in ("c", "a", "b"):
        write_json(tmp_path / "basket" / f"{name}.json", atif())
    folder = tmp_path / "basket"
    pool = read_pool([folder / "b.json", tmp_path, folder, folder / ".." / "basket" / "a.json"])
    assert [rollout.id for rollout in rollouts_of(pool)] == ["b", "a", "c"]


def test_reading_twice_gives_the_same(tmp_path: Path) -> None:
    pool = read_pool([write_mixed(tmp_path)])
    again = read_pool([str(tmp_path)])
    assert rollouts_of(pool) == rollouts_of(pool) == rollouts_of(again)


def test_ids_do_not_depend_on_where_the_pool_stands(tmp_path: Path) -> None:
    ids = [r.id for r in rollouts_of(read_pool([write_mixed(tmp_path / "here")]))]
    shutil.move(tmp_path / "here", tmp_path / "elsewhere")
    assert [r.id for r in rollouts_of(read_pool([tmp_path / "elsewhere"]))] == ids


def test_a_second_attempt_of_the_same_name_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "output.jsonl"
    path.write_text(as_lines([openhands(), openhands()]))
    pool = read_pool([path])
    assert pool.sizes == {"shop__basket-1": 1}
    [problem] = pool.problems
    assert problem.reason.startswith("line 2: holds a second rollout 'shop__basket-1'")


def test_side_files_are_no_problem_and_hidden_ones_not_seen(tmp_path: Path) -> None:
    write_json(tmp_path / "basket" / "a.json", atif())
    write_json(tmp_path / "basket" / ".b.json", atif())
    write_json(tmp_path / ".git" / "c.json", atif())
    (tmp_path / "labels.tsv").write_text("id\treward\n")
    (tmp_path / "README.md").write_text(f"It shows a patch:\n\n{PATCH}")
    (tmp_path / "run.log").write_text("[12:00] started\n")
    write_json(tmp_path / "metadata.json", {"agent_class": "A", "llm_config": {}})
    pool = read_pool([tmp_path])
    assert pool.problems == ()
    assert pool.sizes == {"basket": 1}


def test_content_decides_and_not_the_name(tmp_path: Path) -> None:
    for name in ("a.txt", "b", "c.log", "d.jsonl"):
        write_json(tmp_path / "basket" / name, atif())
    assert read_pool([tmp_path]).sizes == {"basket": 4}


def test_a_path_by_name_is_read_whatever_its_suffix(tmp_path: Path) -> None:
    path = tmp_path / "basket" / "change.txt"
    path.parent.mkdir()
    path.write_text(PATCH)
    assert read_one_file(path).patch == PATCH


@pytest.mark.parametrize("canary", ["reward", "resolved", "score", "is_correct", "label"])
def test_labels_in_a_file_reach_no_record(tmp_path: Path, canary: str) -> None:
    marked = {canary: "canary", "verifier_result": {canary: "canary"}, "info2": {canary: "canary"}}
    documents = [mini_v2(), atif(), trial(), swe_agent(), openhands()]
    for number, document in enumerate(documents):
        document.setdefault("info", {})[canary] = "canary"
        document.setdefault("test_result", {})[canary] = "canary"
        write_json(tmp_path / f"{number}.json", {**document, **marked})
    pool = read_pool([tmp_path])
    assert pool.problems == ()
    assert sum(pool.sizes.values()) == 5
    for task in pool.tasks.values():
        assert "canary" not in task.task.model_dump_json()
        assert all("canary" not in rollout.model_dump_json() for rollout in task.rollouts)
