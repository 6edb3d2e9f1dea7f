"""Suites by name and by folder: what is found, narrowed, and told where it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rematch.data.harbor_tasks import HarborTask
from rematch.data.suites import Suite, lay_out, load_suite
from rematch.errors import UsageError
from tests.data.test_harbor_tasks import make_folder

SEALED = ("test_hidden", "fix.patch", "solve.sh")


def ids(suite: Suite) -> list[str]:
    return [known.task.id for known in suite.tasks]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b-two", "a-one", "c-three"):
        make_folder(tmp_path / "mine" / name)
    (tmp_path / "mine" / "notes").mkdir()
    (tmp_path / "mine" / "README.md").write_text("hello")
    return tmp_path / "mine"


def test_pocket_has_its_tasks_in_order(tmp_path: Path) -> None:
    suite = load_suite("pocket")
    assert (suite.name, len(suite.tasks), suite.broken) == ("pocket", 24, ())
    assert ids(suite) == sorted(ids(suite))
    assert {known.task.suite for known in suite.tasks} == {"pocket"}
    assert [name for name in SEALED if name in repr(suite)] == []
    for known in suite.tasks:
        assert isinstance(known, HarborTask)
        lay_out(known, tmp_path / known.task.id)
    names = [path.name for path in tmp_path.rglob("*")]
    assert "Dockerfile" not in names and not set(SEALED) & set(names)
    assert sum(name.startswith("test_") for name in names) >= 24, "the visible tests are there"


def test_folder_of_tasks(folder: Path) -> None:
    suite = load_suite(str(folder))
    assert (suite.name, ids(suite), suite.broken) == ("mine", ["a-one", "b-two", "c-three"], ())
    assert Path(suite.source) == folder


def test_single_task_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ids(load_suite(str(folder / "b-two"))) == ["b-two"]
    monkeypatch.chdir(folder / "b-two")
    here = load_suite(".")
    assert (here.name, ids(here)) == ("b-two", ["b-two"])


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"only": "a-*"}, ["a-one"]),
        ({"only": "wo"}, ["b-two"]),
        ({"only": "*-t*"}, ["b-two", "c-three"]),
        ({"part": "0:2"}, ["a-one", "b-two"]),
        ({"part": ":1"}, ["a-one"]),
        ({"part": "-1:"}, ["c-three"]),
        ({"part": ":"}, ["a-one", "b-two", "c-three"]),
        ({"only": "*-t*", "part": "1:2"}, ["c-three"]),
        ({"ids": ("c-three", "a-one")}, ["a-one", "c-three"]),
    ],
)
def test_narrowed(folder: Path, options: dict[str, str], expected: list[str]) -> None:
    assert ids(load_suite(str(folder), **options)) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"part": "5"}, "--slice 5: write start:stop, such as 0:5"),
        ({"part": "a:b"}, "--slice a:b: write start:stop, such as 0:5"),
        ({"part": "0:4:2"}, "--slice 0:4:2: write start:stop, such as 0:5"),
        ({"part": "2:1"}, "no task is left after --filter"),
        ({"only": "z*"}, "no task is left after --filter"),
        ({"ids": ("gone",)}, "--ids gone: the suite has no such task"),
    ],
)
def test_narrowed_to_nothing_is_one_line(folder: Path, options: dict[str, str], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        load_suite(str(folder), **options)  # type: ignore[arg-type]
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("pockt", "pockt: neither a suite (pocket"),
        ("/nowhere", "/nowhere: neither a suite (pocket"),
        ("empty", "empty: holds no task folder (with task.toml and instruction.md)"),
        ("a-file", "a-file: neither a suite (pocket"),
    ],
)
def test_unknown_suite_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("a-file").write_text("x")
    with pytest.raises(UsageError) as caught:
        load_suite(name)
    assert str(caught.value).startswith(said) and "\n" not in str(caught.value)


def test_broken_tasks_are_told_and_the_rest_is_loaded(folder: Path) -> None:
    (folder / "a-one" / "tests" / "test.sh").unlink()
    (folder / "b-two" / "task.toml").write_text("[")
    (folder / "c-three" / "environment" / "Dockerfile").write_text("COPY 'x /app/")
    make_folder(folder / "d-four")
    suite = load_suite(str(folder))
    assert ids(suite) == ["d-four"]
    assert [broken.id for broken in suite.broken] == ["a-one", "b-two", "c-three"]
    for broken, said in zip(suite.broken, ("test.sh", "task.toml", "Dockerfile"), strict=True):
        assert said in broken.reason and "\n" not in broken.reason
