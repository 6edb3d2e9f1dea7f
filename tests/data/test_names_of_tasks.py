"""Which task a file belongs to, where names are odd, long or missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.naming import MAX_NAME, check_name, file_stem, rollout_ids, task_key
from rematch.data.pools import Problem, read_pool
from rematch.errors import InputError

SUFFIXES = (".traj.json", ".traj", ".jsonl", ".json", ".patch", ".diff", ".pred")
stems = st.text("abc_-019", min_size=1, max_size=12)


@given(stems, st.sampled_from(SUFFIXES))
def test_a_stem_is_what_stands_before_one_suffix(stem: str, suffix: str) -> None:
    assert file_stem(Path("x", stem + suffix)) == stem
    assert file_stem(Path("x", stem + suffix.upper())) == stem
    assert file_stem(Path("x", stem)) == stem


@pytest.mark.parametrize("name", ["django__django-11099.json", "org__a.b-c-7.traj"])
def test_a_file_may_be_named_after_its_instance(name: str) -> None:
    path = Path("/pool/run-1", name)
    assert task_key(path, "", "instance") == file_stem(path)
    assert task_key(path, "told", "instance") == "told"
    assert task_key(path, "told", "folder") == "run-1"


@pytest.mark.parametrize("name", ["attempt-3.json", "a_b-3.json", "a__b.json", "a__b-3 (1).json"])
def test_other_files_belong_to_their_folder(name: str) -> None:
    assert task_key(Path("/pool/task-7", name), "", "instance") == "task-7"


def test_a_file_without_a_folders_name_still_has_a_task() -> None:
    assert task_key(Path("/a.json"), "", "folder") == "task"


def test_a_grouping_of_the_users_sees_path_and_instance_and_may_say_nothing() -> None:
    path = Path("/pool/x/a.json")
    assert task_key(path, "i", lambda path, instance: f"{path.parent.name}-{instance}") == "x-i"
    assert task_key(path, "i", lambda path, instance: "") == "task"


@pytest.mark.parametrize("name", ["a" * (MAX_NAME + 1), "/a", "../a", "a/..", "a\\b", "a\nb", ""])
def test_a_bad_name_is_told_short(name: str) -> None:
    with pytest.raises(InputError) as caught:
        task_key(Path("/pool/a.json"), name, lambda path, instance: instance or "/")
    assert "which no file can be named" in str(caught.value)
    assert len(str(caught.value)) < 150
    assert "\n" not in str(caught.value)


def test_the_longest_name_and_dots_within_one_are_names() -> None:
    assert check_name("a" * MAX_NAME) == "a" * MAX_NAME
    assert check_name("a..b/...c/.d") == "a..b/...c/.d"


@given(st.permutations(["/p/x/a.json", "/p/y/a.json", "/p/y/b.json", "/q/x/a.json"]))
def test_an_id_belongs_to_its_file_in_any_order(order: list[str]) -> None:
    ids = dict(zip(order, rollout_ids([(Path(path), "") for path in order]), strict=True))
    assert ids == {
        "/p/x/a.json": "p/x/a",
        "/p/y/a.json": "y/a",
        "/p/y/b.json": "b",
        "/q/x/a.json": "q/x/a",
    }


def test_files_that_differ_in_their_suffix_only_keep_it() -> None:
    places = [(Path("/p/a.json"), ""), (Path("/p/a.patch"), "")]
    assert rollout_ids(places) == ["a.json", "a.patch"]


def test_a_pool_of_nothing_is_empty(tmp_path: Path) -> None:
    for paths in ([], [tmp_path]):
        pool = read_pool(paths)
        assert (len(pool.tasks), pool.sizes) == (0, {})
        assert "t" not in pool.tasks
        assert list(pool.tasks) == []


def test_a_missing_file_is_a_problem_that_names_it(tmp_path: Path) -> None:
    (problem,) = read_pool([tmp_path / "missing.json"]).problems
    assert problem.path == (tmp_path / "missing.json").as_posix()
    assert str(problem) == f"{problem.path}: {problem.reason}"
    assert problem == Problem(problem.path, problem.reason)


def test_a_task_that_is_not_there_is_a_key_error(tmp_path: Path) -> None:
    pool = read_pool([tmp_path])
    for look_up in (pool.task, pool.read_task, pool.tasks.__getitem__):
        with pytest.raises(KeyError):
            look_up("t")
