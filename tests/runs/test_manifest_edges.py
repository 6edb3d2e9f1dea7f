"""Folders that hold no run, another's run or half a run: refused in one line, or begun anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.errors import InputError, RematchError, UsageError
from rematch.runs.folder import RunFolder
from rematch.runs.manifest import Manifest, open_folder


def make(**more: Any) -> Manifest:
    return Manifest(**{"suite": "pocket", "agent": "repairer", "config": {"n": 8}, **more})


def refuse(path: Path, manifest: Manifest, kind: type[RematchError] = UsageError) -> str:
    with pytest.raises(kind) as caught:
        open_folder(path, manifest)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    assert refuse(tmp_path / "out", make()).endswith("out: is no folder; choose another with -o")
    assert (tmp_path / "out").read_text() == "mine"


def test_what_somebody_keeps_elsewhere_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    assert "is not empty and holds no run" in refuse(tmp_path, make())
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_run_that_was_killed_before_its_first_record_may_begin_again(tmp_path: Path) -> None:
    folder = open_folder(tmp_path, make())
    folder.close()
    folder.manifest.unlink()
    open_folder(tmp_path, make(agent="mini")).close()
    assert RunFolder(tmp_path).manifest.is_file()


def test_a_manifest_that_cannot_be_read_is_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text('{"suite": ')
    assert "run.json: is no Manifest" in refuse(tmp_path, make(), InputError)
    assert (tmp_path / "run.json").read_text() == '{"suite": '


def test_two_processes_do_not_work_in_one_folder(tmp_path: Path) -> None:
    first = open_folder(tmp_path, make())
    refuse(tmp_path, make())
    first.close()
    open_folder(tmp_path, make()).close()


def test_a_folder_that_is_refused_is_free_for_its_own_run(tmp_path: Path) -> None:
    open_folder(tmp_path, make()).close()
    refuse(tmp_path, make(config={"n": 4}))
    open_folder(tmp_path, make()).close()


def test_where_the_suite_was_found_makes_no_other_run(tmp_path: Path) -> None:
    open_folder(tmp_path, make(source="/one/place")).close()
    open_folder(tmp_path, make(source="/another")).close()
    assert make(source="/one/place").digest == make(source="/another").digest
    message = refuse(tmp_path, make(source="/another", config={"n": 4}))
    assert "(n: 8 there, 4 now)" in message and "place" not in message


def test_redo_forgets_answers_that_were_paid_for_with_all_their_files(tmp_path: Path) -> None:
    folder = open_folder(tmp_path, make())
    ledger = folder.ledger
    for name in (ledger.name, f"{ledger.name}-wal", f"{ledger.name}-shm"):
        (tmp_path / name).write_bytes(b"answers")
    (tmp_path / "notes.txt").write_text("mine")
    folder.close()
    open_folder(tmp_path, make(), redo=True).close()
    left = {path.name for path in tmp_path.iterdir()}
    assert {"run.json", "notes.txt"} <= left
    assert not any(name.startswith(ledger.name) for name in left)


def test_redo_in_a_new_folder_is_no_fault(tmp_path: Path) -> None:
    open_folder(tmp_path / "new", make(), redo=True).close()
    assert (tmp_path / "new" / "run.json").is_file()


def test_the_order_of_settings_makes_no_other_run() -> None:
    one = make(config={"n": 8, "rtv": {"votes": 3, "merge": True}})
    other = make(config={"rtv": {"merge": True, "votes": 3}, "n": 8})
    assert one.digest == other.digest
    assert len(one.digest) == 8


def test_exactly_three_differences_are_all_told(tmp_path: Path) -> None:
    open_folder(tmp_path, make(config={})).close()
    three = refuse(tmp_path, make(config={"a": 1, "b": 2, "c": 3}))
    assert "a: None there, 1 now; b: None there, 2 now; c: None there, 3 now)" in three
    assert "more" not in three
    five = refuse(tmp_path, make(config=dict.fromkeys("abcde", 1)))
    assert five.count("there") == 3 and "; and 2 more)" in five


def test_a_setting_below_another_config_is_told_by_its_whole_key(tmp_path: Path) -> None:
    def nest(value: int) -> Manifest:
        return make(config={"agent": {"config": {"steps": value}}})

    open_folder(tmp_path, nest(5)).close()
    assert "(agent.config.steps: 5 there, 9 now)" in refuse(tmp_path, nest(9))
