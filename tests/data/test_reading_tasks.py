"""Dockerfiles, folders and files that tasks and pools are read from: any text, any tree."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.dockerfiles import find_copies
from rematch.data.harbor_tasks import is_task_folder, read_task_folder
from rematch.data.indexing import KEPT_CHARACTERS, index_file
from rematch.data.naming import MAX_NAME, check_name, file_stem, rollout_ids, task_key
from rematch.data.walking import walk_files
from rematch.errors import InputError
from tests.agents.boxes import write_files


@pytest.fixture(scope="module")
def context() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield write_files(
            Path(folder), {"app/a.py": "", "app/b.py": "", "c.txt": "", "d e.txt": ""}
        )


def copies(context: Path, *lines: str) -> list[tuple[str, str]]:
    found = find_copies(context / "Dockerfile", "\n".join(lines))
    root = context.resolve()
    return [(path.relative_to(root).as_posix(), target) for path, target in found]


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["COPY app/ /app/"], [("app", ".")]),
        (["COPY c.txt /app"], [("c.txt", "c.txt")]),
        (["COPY c.txt /app/new.txt"], [("c.txt", "new.txt")]),
        (["COPY c.txt ."], [("c.txt", "c.txt")]),
        (["WORKDIR /app/x", "COPY c.txt ."], [("c.txt", "x/c.txt")]),
        (["WORKDIR /app", "WORKDIR x", "COPY c.txt y/"], [("c.txt", "x/y/c.txt")]),
        (["COPY app/*.py /app/"], [("app/a.py", "a.py"), ("app/b.py", "b.py")]),
        (["COPY c.txt app/a.py /app/z"], [("c.txt", "z/c.txt"), ("app/a.py", "z/a.py")]),
        (['COPY ["d e.txt", "/app/"]'], [("d e.txt", "d e.txt")]),
        (["COPY --chown=1:1 --chmod=644 c.txt /app/"], [("c.txt", "c.txt")]),
        (["COPY --from=build /x /app/x"], []),
        (["COPY c.txt /etc/c.txt"], []),
        (["copy \\", "  c.txt \\", "  /app/"], [("c.txt", "c.txt")]),
        (["# COPY gone.txt /app", "ADD /c.txt /app/"], [("c.txt", "c.txt")]),
        (["FROM a", "COPY app /app", "FROM b", "COPY c.txt /app/"], [("c.txt", "c.txt")]),
        (["RUN echo COPY gone.txt /app"], []),
        (["COPY app /app/../app/sub"], [("app", "sub")]),
    ],
)
def test_what_a_dockerfile_copies(
    context: Path, lines: list[str], found: list[tuple[str, str]]
) -> None:
    assert copies(context, *lines) == found


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("COPY gone.txt /app/", "copies gone.txt, which is missing"),
        ("COPY *.none /app/", "which is missing"),
        ("COPY ../x /app/", "which is missing"),
        ("COPY c.txt", "write COPY SOURCE... TARGET"),
        ("COPY <<EOF /app/x", "write COPY SOURCE... TARGET"),
        ("COPY 'c.txt /app", "No closing quotation"),
        ("COPY [c.txt, /app]", "Dockerfile: "),
        ("ADD https://example.invalid/x /app/", "which is not fetched here"),
        ("ADD git@host:x.git /app/", "which is not fetched here"),
        ("WORKDIR /srv", "works in /srv; without Docker only /app"),
    ],
)
def test_what_cannot_be_laid_out_is_said_in_one_line(context: Path, line: str, said: str) -> None:
    with pytest.raises(InputError) as told:
        copies(context, line)
    assert said in str(told.value)
    assert str(told.value).startswith(f"{context / 'Dockerfile'}: ")
    assert "\n" not in str(told.value)


WORDS = ["COPY ", "ADD ", "FROM x\n", "WORKDIR ", "/app", "/", "..", "c.txt ", "app", "*", "[", "]",
         '"', "'", "--from=b ", "--x ", "\\\n", "\n", "# ", "<<E ", "$X", ", ", "\0"]  # fmt: skip


@given(st.lists(st.sampled_from(WORDS), max_size=12).map("".join) | st.text(max_size=40))
def test_any_dockerfile_is_read_or_refused(context: Path, text: str) -> None:
    try:
        found = find_copies(context / "Dockerfile", text)
    except InputError:
        return
    for path, target in found:
        assert path.is_relative_to(context.resolve())
        assert not target.startswith(("/", ".."))


def test_a_task_folder_is_known_by_either_file(tmp_path: Path) -> None:
    assert not is_task_folder(tmp_path)
    (tmp_path / "instruction.md").write_text("Do.")
    assert is_task_folder(tmp_path)
    with pytest.raises(InputError, match=r"task\.toml: is missing"):
        read_task_folder(tmp_path)


@pytest.mark.parametrize(
    "value", ["0", "-1", "inf", "nan", "true", '"5"', "[]", "{}"]
)  # what no limit can be takes the default
def test_a_limit_that_is_none_is_the_default(tmp_path: Path, value: str) -> None:
    write_files(
        tmp_path,
        {
            "task.toml": f"[agent]\ntimeout_sec = {value}\n[verifier]\ntimeout_sec = 3\n",
            "instruction.md": "Do.",
            "tests/test.sh": "",
            "environment/a": "",
        },
    )
    task = read_task_folder(tmp_path)
    assert (task.agent_timeout, task.sealed.timeout) == (600.0, 3.0)
    assert task.work_files == ((tmp_path / "environment", "."),)


def walk(*paths: Path, unit: str = "unit") -> list[str]:
    return [
        f"{found.path.relative_to(paths[0]).as_posix()}{'?' if found.beside else ''}"
        f"{'!' if found.error else ''}"
        for found in walk_files(paths, lambda path: path.name == unit)
    ]


def test_files_come_by_name_each_once_and_side_files_are_marked(tmp_path: Path) -> None:
    write_files(tmp_path, {"b.json": "", "a/z.traj": "", "a/x.json": "", "a/notes.md": "",
                           ".hidden/h.json": "", "unit/in.json": ""})  # fmt: skip
    assert walk(tmp_path) == ["a/notes.md?", "a/x.json", "a/z.traj", "b.json", "unit"]
    assert walk(tmp_path, tmp_path / "a", tmp_path / "b.json") == walk(tmp_path)
    assert walk(tmp_path / "a", tmp_path / "a" / "notes.md")[0] == "notes.md?"


def test_own_results_are_left_out_unless_they_are_named(tmp_path: Path) -> None:
    write_files(tmp_path, {"run/run.json": "{}", "run/tasks/t/x.json": "", "a.json": ""})
    assert walk(tmp_path) == ["a.json"]
    assert walk(tmp_path / "run") == ["run.json", "tasks/t/x.json"]


def test_circles_end_and_what_is_gone_is_told(tmp_path: Path) -> None:
    write_files(tmp_path, {"a/x.json": ""})
    (tmp_path / "a" / "up").symlink_to("..")
    (tmp_path / "gone.json").symlink_to("nowhere")
    assert walk(tmp_path) == ["a/x.json", "gone.json!"]
    (found,) = walk_files([tmp_path / "none"], lambda path: False)
    assert "cannot be opened (no such file or directory)" in str(found.error)


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff.json")).write_text("{}")
    (found,) = walk_files([tmp_path], lambda path: False)
    assert "not UTF-8" in str(found.error)


def test_a_large_patch_is_read_again_and_a_small_one_kept(tmp_path: Path) -> None:
    line = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+{}\n"
    small, large = tmp_path / "small.patch", tmp_path / "large.patch"
    small.write_text(line.format("b"))
    large.write_text(line.format("b" * KEPT_CHARACTERS))
    reasons: list[str] = []
    entries = [entry for path in (small, large) for entry in index_file(path, "folder", reasons)]
    assert reasons == []
    entries = [dataclasses.replace(entry, id="x") for entry in entries]
    assert [entry.kept is not None for entry in entries] == [True, False]
    assert [len(entry.read().patch or "") > KEPT_CHARACTERS for entry in entries] == [False, True]
    large.unlink()
    with pytest.raises(InputError, match="changed since it was indexed"):
        entries[1].read()


NAMES = st.text("ab/.-_#\\é \n", min_size=1, max_size=12)


@given(NAMES | st.text(max_size=300))
def test_a_name_is_usable_in_a_path_or_refused(name: str) -> None:
    try:
        kept = check_name(name)
    except InputError as error:
        assert "\n" not in str(error)
        return
    assert kept == name
    assert 0 < len(name) <= MAX_NAME
    assert ".." not in name.split("/")
    assert os.path.normpath(f"/base/{name}").startswith("/base")


@given(st.lists(st.tuples(st.sampled_from(["a", "b", "c/a", "c/b"]),
                          st.sampled_from(["x.json", "x.traj", "y.patch", ".json"]),
                          st.sampled_from(["", "1", "2"])), unique=True, max_size=8),
       st.randoms())  # fmt: skip
def test_ids_are_each_ones_own_in_any_order(
    drawn: list[tuple[str, str, str]], random: object
) -> None:
    places = [(Path("/pool", folder, file), name) for folder, file, name in drawn]
    ids = rollout_ids(places)
    assert len(set(ids)) == len(ids)
    shuffled = list(reversed(places))
    assert dict(zip(shuffled, rollout_ids(shuffled), strict=True)) == dict(
        zip(places, ids, strict=True)
    )


@pytest.mark.parametrize(
    ("path", "instance", "group_by", "key"),
    [
        ("/p/task/a.json", "", "instance", "task"),
        ("/p/task/a.json", "org__repo-1", "instance", "org__repo-1"),
        ("/p/task/a.json", "org__repo-1", "folder", "task"),
        ("/p/run/org__repo-12.traj.json", "", "instance", "org__repo-12"),
        ("/a.json", "", "instance", "task"),
    ],
)
def test_a_task_is_its_instance_or_its_folder(
    path: str, instance: str, group_by: str, key: str
) -> None:
    assert task_key(Path(path), instance, group_by) == key  # type: ignore[arg-type]
    assert task_key(Path(path), instance, lambda path, name: f"{name}-x") == f"{instance}-x"


def test_stems_of_files_without_a_name() -> None:
    assert file_stem(Path(".json")) == ".json"
    assert file_stem(Path("a.TRAJ.JSON")) == "a"
    assert file_stem(Path("a.b.c")) == "a.b.c"
