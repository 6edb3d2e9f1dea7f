"""A run's folder: paths as its docstring draws them, files whole or not at all."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Bracket, Grade, Pick, Rollout, Summary, Task
from rematch.errors import InputError, RematchError
from rematch.runs.folder import RunFolder, file_name, read_record, write_record, write_text

TASK = Task(id="org/repo 1", problem="p")


def fill(folder: RunFolder) -> None:
    task = folder.task(TASK.id)
    task.write_task(TASK)
    for name in ("a", "b#1"):
        task.write_rollout(Rollout(id=name, task_id=TASK.id))
        task.write_summary(Summary(rollout_id=name))
        task.write_grade(Grade(task_id=TASK.id, rollout_id=name, reward=1))
    for number in (0, 11, 2):
        bracket = Bracket(task_id=TASK.id, iteration=number, entrants=("a",), survivors=("a",))
        task.write_bracket(number, bracket)
    task.write_pick(Pick(task_id=TASK.id, rollout_id="a"))


def drawn_paths() -> set[str]:
    """The files of the docstring's tree, with `TASK`, `ID` and `NN` for what varies."""
    tree = re.findall(r"^( {4,8})(\S+)", inspect.getdoc(RunFolder) or "", re.MULTILINE)
    above = {4: ""}
    found = set()
    for indent, name in tree:
        path = above.get(len(indent) - 2, "") + name
        above[len(indent)] = "" if name == "RUN/" else path
        if not name.endswith("/"):
            found.add(path)
    return found


def test_the_docstring_draws_what_is_written(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    fill(folder)
    write_text(folder.manifest, "{}")
    written = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    patterns = {
        drawn: re.escape(drawn)
        .replace("TASK", "[^/]+")
        .replace("/ID", "/[^/]+")
        .replace("/NN", r"/\d\d")
        for drawn in drawn_paths()
    }
    unknown = [
        path for path in written if not any(re.fullmatch(p, path) for p in patterns.values())
    ]
    assert unknown == []
    for kind in ("run.json", "tasks/TASK/task.json", "tasks/TASK/rollouts/ID.json"):
        assert kind in patterns and [p for p in written if re.fullmatch(patterns[kind], p)]


def test_what_is_written_is_read_back_in_order(tmp_path: Path) -> None:
    fill(RunFolder(tmp_path))
    (task,) = RunFolder(tmp_path).tasks()
    assert task.read_task() == TASK
    assert [rollout.id for rollout in task.rollouts()] == ["a", "b#1"]
    assert [summary.rollout_id for summary in task.summaries()] == ["a", "b#1"]
    assert [bracket.iteration for bracket in task.brackets()] == [0, 2, 11]
    assert task.grades().keys() == {"a", "b#1"}
    pick, rollout, summary = task.read_pick(), task.read_rollout("b#1"), task.read_summary("b#1")
    assert pick and rollout and summary
    assert (pick.rollout_id, rollout.id, summary.rollout_id) == ("a", "b#1", "b#1")


def test_empty_folder_holds_nothing(tmp_path: Path) -> None:
    task = RunFolder(tmp_path / "new").task("t")
    assert RunFolder(tmp_path / "new").tasks() == []
    assert (task.read_task(), task.read_pick(), task.read_rollout("a")) == (None, None, None)
    assert (task.rollouts(), task.brackets(), task.grades()) == ([], [], {})
    task.clear()
    assert list(tmp_path.iterdir()) == [], "reading makes nothing"


def test_cleared_task_is_forgotten_and_no_other(tmp_path: Path) -> None:
    fill(RunFolder(tmp_path))
    RunFolder(tmp_path).task("other").write_task(TASK)
    RunFolder(tmp_path).task(TASK.id).clear()
    assert [task.path.name for task in RunFolder(tmp_path).tasks()] == ["other"]


ids = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300)


@given(st.sets(ids, min_size=2, max_size=6))
def test_names_are_safe_and_never_meet(names: set[str]) -> None:
    files = {name: file_name(name) for name in names}
    assert len(set(files.values())) == len(names)
    for file in files.values():
        assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", file)
        assert len(file) <= 130


@pytest.mark.parametrize(
    ("name", "other"),
    [("a/b", "a_b"), ("../a", "a"), ("a\0", "a_"), ("x" * 130, "x" * 131), ("ä", "ö"), (".", "..")],
)
def test_names_that_look_alike_stay_apart(name: str, other: str) -> None:
    assert file_name(name) != file_name(other)
    assert file_name(name) != file_name(file_name(other))
    assert file_name(file_name(name)) != file_name(name), "nobody can choose another's hash"


@pytest.mark.parametrize("name", ["org__repo-1", "bn-fit-modify__4ysPANc", "task-t0-03", "A.b"])
def test_plain_names_stand_as_they_are(name: str) -> None:
    assert file_name(name) == name


@pytest.mark.parametrize("name", ["漢" * 200, "👍" * 200, "x" * 5_000, "/" * 300])
def test_any_id_can_be_written(tmp_path: Path, name: str) -> None:
    task = RunFolder(tmp_path).task(name)
    task.write_rollout(Rollout(id=name, task_id=name))
    assert [rollout.id for rollout in task.rollouts()] == [name]


def test_crash_before_the_replacement_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "pick.json"
    write_text(path, "old")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            write_text(path, "new")
    assert path.read_text() == "old"
    write_text(path, "newer")
    assert path.read_text() == "newer"


def test_leftovers_of_a_crash_are_no_records(tmp_path: Path) -> None:
    fill(RunFolder(tmp_path))
    task = RunFolder(tmp_path).task(TASK.id)
    (task.path / "rollouts" / ".a.json.17.part").write_text('{"id": "a')
    assert [rollout.id for rollout in task.rollouts()] == ["a", "b#1"]


def test_failed_write_leaves_no_leftovers(tmp_path: Path) -> None:
    (tmp_path / "run.json").mkdir()
    with pytest.raises(RematchError, match=r"run\.json: cannot be written \("):
        write_text(tmp_path / "run.json", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "a.patch", "a\r\nb\n\tü\n")
    assert (tmp_path / "a.patch").read_bytes() == "a\r\nb\n\tü\n".encode()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"task_id": 1}', '{"what": "is this"}'])
def test_damaged_record_is_one_line_that_names_the_file(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pick.json"
    path.write_text(text)
    with pytest.raises(InputError) as caught:
        read_record(path, Pick)
    assert str(caught.value).startswith(f"{path}: is no Pick (")
    assert "\n" not in str(caught.value)


def test_record_of_a_newer_version_says_so(tmp_path: Path) -> None:
    path = tmp_path / "pick.json"
    write_record(path, Pick(task_id="t", rollout_id="a"))
    path.write_text(path.read_text().replace('"schema_version": 1', '"schema_version": 99'))
    with pytest.raises(InputError, match="schema version 99"):
        read_record(path, Pick)
