"""A folder continues only its own run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.errors import UsageError
from rematch.runs.folder import read_record
from rematch.runs.manifest import Manifest, default_folder, open_folder, read_versions


def make(agent: str = "repairer", **config: Any) -> Manifest:
    return Manifest(suite="pocket", agent=agent, config={"n": 8, **config}, versions={"dspy": "1"})


def refuse(path: Path, manifest: Manifest) -> str:
    with pytest.raises(UsageError) as caught:
        open_folder(path, manifest)
    return str(caught.value)


def test_new_folder_gets_the_manifest_and_the_same_run_continues(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "run"
    open_folder(path, make())
    assert read_record(path / "run.json", Manifest) == make()
    (path / "tasks" / "t").mkdir(parents=True)
    open_folder(path, make())
    assert (path / "tasks" / "t").is_dir()


def test_empty_folder_may_be_there(tmp_path: Path) -> None:
    open_folder(tmp_path, make())
    assert (tmp_path / "run.json").is_file()


def test_other_versions_continue(tmp_path: Path) -> None:
    open_folder(tmp_path, make())
    other = make().model_copy(update={"versions": {"dspy": "2"}})
    open_folder(tmp_path, other)
    assert read_record(tmp_path / "run.json", Manifest) == make(), "what it began with stands"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (make(n=4), "(n: 8 there, 4 now)"),
        (make("mini"), "(agent: repairer there, mini now)"),
        (make(rtv={"votes": 3}), "(rtv: None there, set now)"),
        (make(a=1, b=2, c=3, d=4), "(a: None there, 1 now; b: None there, 2 now; c: None there, 3"),
    ],
)
def test_another_run_is_one_line_with_the_differences(
    tmp_path: Path, asked: Manifest, said: str
) -> None:
    open_folder(tmp_path, make())
    message = refuse(tmp_path, asked)
    assert said in message and "\n" not in message


def test_differences_inside_parts_are_named_in_full(tmp_path: Path) -> None:
    there = make(rtv={"votes": 8, "merge": True}, models={"judge": {"model": "a/b"}, "agent": None})
    open_folder(tmp_path, there)
    asked = make(rtv={"votes": 4, "merge": True}, models={"judge": None, "agent": {"model": "c/d"}})
    message = refuse(tmp_path, asked)
    for part in (
        "models.agent: None there, c/d now",
        "models.judge: a/b there, None now",
        "rtv.votes: 8 there, 4 now",
    ):
        assert part in message
    assert "merge" not in message


def test_a_difference_that_shows_nowhere_is_told_too(tmp_path: Path) -> None:
    open_folder(tmp_path, make(new=None))
    assert "written by another version" in refuse(tmp_path, make())


def test_redo_forgets_the_results_of_its_own_run_only(tmp_path: Path) -> None:
    open_folder(tmp_path, make())
    (tmp_path / "tasks" / "t").mkdir(parents=True)
    with pytest.raises(UsageError):
        open_folder(tmp_path, make(n=4), redo=True)
    assert (tmp_path / "tasks" / "t").is_dir()
    open_folder(tmp_path, make(), redo=True)
    assert not (tmp_path / "tasks").exists()


def test_default_folder_follows_from_what_is_asked() -> None:
    path = default_folder(make())
    assert path.parts[0] == "runs" and path.name.startswith("pocket-repairer-")
    assert path == default_folder(make().model_copy(update={"versions": {}}))
    others = {default_folder(m) for m in (make(n=4), make("mini"), make(rtv={"votes": 3}))}
    assert len({path, *others}) == 4
    elsewhere = make().model_copy(update={"suite": "/some/where/tasks"})
    assert default_folder(elsewhere).name.startswith("tasks-repairer-")


def test_versions_name_python_and_what_results_depend_on() -> None:
    versions = read_versions()
    assert versions.keys() >= {"python", "rematch-agents", "dspy", "litellm", "mini-swe-agent"}
    assert all(versions.values())
