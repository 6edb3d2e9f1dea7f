"""Ids of tasks and rollouts: stable, unique, safe in a path."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.naming import check_name, file_stem, rollout_ids, task_key
from rematch.errors import InputError

NAMES = st.sampled_from(["a.json", "a.traj.json", "b.json", "a", "a.patch", "a#x.json"])
PATHS = st.lists(st.sampled_from(["x", "y", "a"]), max_size=3).flatmap(
    lambda folders: NAMES.map(lambda name: Path("/", *folders, name))
)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("a.traj.json", "a"),
        ("a.traj", "a"),
        ("A.JSON", "A"),
        ("a.b.patch", "a.b"),
        ("a.txt", "a.txt"),
        (".json", ".json"),
    ],
)
def test_stems(name: str, stem: str) -> None:
    assert file_stem(Path("folder") / name) == stem


def test_tasks_by_instance_name_and_folder() -> None:
    plain, named = Path("/runs/basket/1.json"), Path("/runs/run-1/shop__basket-1.traj")
    assert task_key(plain, "shop__till-2", "instance") == "shop__till-2"
    assert task_key(plain, "", "instance") == "basket"
    assert task_key(named, "", "instance") == "shop__basket-1"
    assert task_key(named, "shop__till-2", "folder") == "run-1"
    assert task_key(plain, "x", lambda path, instance: f"{path.stem}-{instance}") == "1-x"


@pytest.mark.parametrize("name", ["", "/etc", "a/../b", "..", "a\nb", "a\0", "a\\b", "x" * 201])
def test_names_that_no_file_can_have_are_refused(name: str) -> None:
    with pytest.raises(InputError):
        check_name(name)


@pytest.mark.parametrize("name", ["shop__basket-1", "org/task", "a..b", "größe", "a b"])
def test_other_names_stay_as_they_are(name: str) -> None:
    assert check_name(name) == name


def test_ids_get_as_many_folders_as_they_need() -> None:
    paths = [Path("/r/one/a.json"), Path("/r/two/a.json"), Path("/r/two/b.json"), Path("/r/c.json")]
    assert rollout_ids([(path, "") for path in paths]) == ["one/a", "two/a", "b", "c"]


def test_ids_of_several_attempts_in_a_file_name_them() -> None:
    places = [(Path("/r/1/preds.json"), "x"), (Path("/r/2/preds.json"), "x")]
    assert rollout_ids(places[:1]) == ["preds#x"]
    assert rollout_ids(places) == ["1/preds#x", "2/preds#x"]


@given(st.lists(st.tuples(PATHS, st.sampled_from(["", "x", "a"])), unique=True))
def test_ids_are_unique_and_do_not_depend_on_the_order(places: list[tuple[Path, str]]) -> None:
    ids = rollout_ids(places)
    assert len(set(ids)) == len(ids)
    turned = rollout_ids(places[::-1])
    assert turned == ids[::-1]
