"""Task folders in Harbor's format: what an agent may see, and what is wrong with a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from rematch.data.harbor_tasks import HarborTask, read_task_folder
from rematch.data.suites import lay_out
from rematch.errors import InputError

FILES: Mapping[str, str] = {
    "task.toml": "[verifier]\ntimeout_sec = 7\n[agent]\ntimeout_sec = 9.5\n",
    "instruction.md": "Repair it.",
    "environment/app/a.py": "a",
    "environment/app/sub/b.py": "b",
    "environment/c.txt": "c",
    "environment/d.txt": "d",
    "tests/test.sh": "exit 0",
    "tests/test_hidden.py": "CANARY",
    "solution/solve.sh": "CANARY",
}


def make_folder(folder: Path, dockerfile: str | None = None, **changes: str | None) -> Path:
    """A task folder; a change of None leaves a file out, `__` in its name stands for `/`."""
    changed = {name.replace("__", "/").replace("_dot_", "."): t for name, t in changes.items()}
    files: dict[str, str | None] = {**FILES, **changed}
    if dockerfile is not None:
        files["environment/Dockerfile"] = dockerfile
    for name, text in files.items():
        if text is not None:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
    return folder


def list_work(task: HarborTask, target: Path) -> list[str]:
    lay_out(task, target)
    return sorted(p.relative_to(target).as_posix() for p in target.rglob("*") if not p.is_dir())


def test_what_an_agent_is_told(tmp_path: Path) -> None:
    task = read_task_folder(make_folder(tmp_path / "fix-it"), "mine")
    assert (task.task.id, task.task.problem, task.task.suite) == ("fix-it", "Repair it.", "mine")
    assert (task.agent_timeout, task.sealed.timeout) == (9.5, 7.0)


def test_nothing_sealed_shows_in_a_repr(tmp_path: Path) -> None:
    task = read_task_folder(make_folder(tmp_path / "fix-it"))
    assert "tests" not in repr(task) and "solution" not in repr(task)
    assert "CANARY" not in repr(task) + task.task.model_dump_json()
    assert (task.sealed.folder / "test.sh").is_file()


APP = ["a.py", "sub/b.py"]


@pytest.mark.parametrize(
    ("dockerfile", "expected"),
    [
        (None, ["app/a.py", "app/sub/b.py", "c.txt", "d.txt"]),
        ("FROM x\nCOPY app/ /app/\nWORKDIR /app\n", APP),
        ("FROM x\nCOPY app /app\n", APP),
        ("FROM x\nWORKDIR /app\nCOPY app/ .\n", APP),
        ("FROM x\nWORKDIR /app\nCOPY ./app ./\n", APP),
        ("FROM x\nWORKDIR /app\nCOPY . .\n", ["app/a.py", "app/sub/b.py", "c.txt", "d.txt"]),
        ("FROM x\nWORKDIR /app\nCOPY c.txt d.txt ./\n", ["c.txt", "d.txt"]),
        ("FROM x\nWORKDIR /app\nCOPY c.txt new.txt\n", ["new.txt"]),
        ("FROM x\nWORKDIR /app\nCOPY c.txt deep/new.txt\n", ["deep/new.txt"]),
        ("FROM x\nWORKDIR /app\nCOPY c.txt deep/\n", ["deep/c.txt"]),
        ("FROM x\nWORKDIR /app\nCOPY c.txt /app\n", ["c.txt"]),
        ("FROM x\nWORKDIR /app\nCOPY *.txt ./\n", ["c.txt", "d.txt"]),
        ("FROM x\nWORKDIR /app/sub\nCOPY c.txt .\n", ["sub/c.txt"]),
        ("FROM x\nWORKDIR /app\nWORKDIR sub\nCOPY c.txt .\n", ["sub/c.txt"]),
        ('FROM x\nCOPY ["app/", "/app/"]\n', APP),
        ('FROM x\nCOPY --chown=1:1 ["c.txt","/app/"]\n', ["c.txt"]),
        ("FROM x\nCOPY --chown=1:1 --link c.txt /app/\n", ["c.txt"]),
        ("FROM x\nADD c.txt /app/\n", ["c.txt"]),
        ("FROM x\n  copy c.txt \\\n  d.txt \\\n  /app/\n", ["c.txt", "d.txt"]),
        ("FROM x\nCOPY c.txt /app/\nCOPY c.txt /etc/\n", ["c.txt"]),
        ("FROM a AS build\nCOPY c.txt /app/\nFROM b\nCOPY d.txt /app/\n", ["d.txt"]),
        ("FROM a\nCOPY --from=build /x /app/x\nCOPY d.txt /app/\n", ["d.txt"]),
        ("FROM a\nCOPY c.txt /app/ # COPY gone /app/\n", None),
        ("FROM a\n# COPY gone.txt /app/\nCOPY c.txt /app/\n", ["c.txt"]),
        ("FROM a\nCOPY /c.txt /app/\n", ["c.txt"]),
        ("FROM a\nRUN echo COPY gone.txt /app/\n", APP),  # no COPY, but an app/ folder
    ],
)
def test_work_files_are_what_the_dockerfile_copies(
    tmp_path: Path, dockerfile: str | None, expected: list[str] | None
) -> None:
    folder = make_folder(tmp_path / "task", dockerfile)
    if expected is None:
        with pytest.raises(InputError):
            read_task_folder(folder)
    else:
        assert list_work(read_task_folder(folder), tmp_path / "out") == expected


@pytest.mark.parametrize(
    ("dockerfile", "said"),
    [
        ("COPY gone.txt /app/", "copies gone.txt, which is missing"),
        ("COPY *.rs /app/", "copies *.rs, which is missing"),
        ("COPY ../solution /app/", "copies ../solution from outside its folder"),
        ("COPY app/../../tests /app/", "copies app/../../tests from outside its folder"),
        ("COPY ../*/test.sh /app/", "copies ../*/test.sh from outside its folder"),
        ("COPY c.txt", "cannot be read; write COPY SOURCE... TARGET"),
        ("COPY --link", "cannot be read; write COPY SOURCE... TARGET"),
        ("COPY 'c.txt /app/", "No closing quotation"),
        ('COPY ["c.txt", /app/]', "Expecting value"),
        ("COPY <<EOF /app/x\nEOF", "cannot be read; write COPY SOURCE... TARGET"),
        ("ADD https://example.com/x.tar /app/", "adds https://example.com/x.tar, which is not"),
        ("WORKDIR /srv\nCOPY app/ .", "works in /srv; without Docker only /app can be laid out"),
        ("WORKDIR /app/..\nCOPY app/ .", "works in /; without Docker only /app"),
    ],
)
def test_what_cannot_be_laid_out_is_one_line(tmp_path: Path, dockerfile: str, said: str) -> None:
    folder = make_folder(tmp_path / "task", f"FROM x\n{dockerfile}\n")
    message = refuse(folder)
    assert message.startswith(f"{folder / 'environment' / 'Dockerfile'}: ") and said in message


def refuse(folder: Path) -> str:
    with pytest.raises(InputError) as caught:
        read_task_folder(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize(
    "target", ["/app/../../evil", "../../evil", "/app/../evil/", "/etc/evil", "/application/x"]
)
def test_no_copy_leaves_the_work_folder(tmp_path: Path, target: str) -> None:
    dockerfile = f"FROM x\nWORKDIR /app\nCOPY c.txt {target}\nCOPY d.txt /app/\n"
    task = read_task_folder(make_folder(tmp_path / "task", dockerfile))
    assert list_work(task, tmp_path / "deep" / "out") == ["d.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "task"]


@pytest.mark.parametrize("link", ["/etc/passwd", "../../tests", "../solution/solve.sh"])
def test_link_out_of_the_environment_is_refused(tmp_path: Path, link: str) -> None:
    folder = make_folder(tmp_path / "task", "FROM x\nCOPY link /app/\n")
    (folder / "environment" / "link").symlink_to(link)
    message = refuse(folder)
    assert "from outside its folder" in message or "which is missing" in message


def test_links_inside_are_copied_as_links(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "task", "FROM x\nCOPY app/ /app/\n")
    (folder / "environment/app/link").symlink_to("/etc/passwd")
    lay_out(read_task_folder(folder), tmp_path / "out")
    assert (tmp_path / "out" / "link").is_symlink()


def test_only_the_images_own_dockerfile_is_left_out(tmp_path: Path) -> None:
    dockerfile = "FROM x\nCOPY . /app/\n"
    folder = make_folder(tmp_path / "task", dockerfile, environment__app__Dockerfile="mine")
    (folder / "environment/.dockerignore").write_text("x")
    (folder / "environment/app/__pycache__").mkdir(exist_ok=True)
    (folder / "environment/app/__pycache__/a.pyc").write_text("x")
    work = list_work(read_task_folder(folder), tmp_path / "out")
    assert "app/Dockerfile" in work and "Dockerfile" not in work and ".dockerignore" not in work
    assert [name for name in work if "pycache" in name] == []


BREAK: Mapping[str, Callable[[Path], object]] = {
    "task.toml: is missing": lambda task: (task / "task.toml").unlink(),
    "task.toml: is not TOML": lambda task: (task / "task.toml").write_text("[x\ny"),
    "instruction.md: is missing": lambda task: (task / "instruction.md").unlink(),
    "instruction.md: cannot be read": lambda task: (task / "instruction.md").write_bytes(b"\xff"),
    "tests/test.sh: is missing": lambda task: (task / "tests/test.sh").unlink(),
    "environment: is missing": lambda task: (task / "environment").rename(task / "gone"),
}


@pytest.mark.parametrize(("said", "breaks"), BREAK.items(), ids=BREAK)
def test_missing_or_broken_file_is_one_line_that_names_it(
    tmp_path: Path, said: str, breaks: Callable[[Path], object]
) -> None:
    folder = make_folder(tmp_path / "task")
    breaks(folder)
    assert f"{folder}/{said}" in refuse(folder)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 120),
        ("[verifier]", 120),
        ("verifier = 3", 120),
        ("[verifier]\ntimeout_sec = 30", 30),
        ("[verifier]\ntimeout_sec = 0", 120),
        ("[verifier]\ntimeout_sec = -5", 120),
        ("[verifier]\ntimeout_sec = nan", 120),
        ("[verifier]\ntimeout_sec = inf", 120),
        ("[verifier]\ntimeout_sec = true", 120),
        ('[verifier]\ntimeout_sec = "30"', 120),
    ],
)
def test_limits_have_a_default(tmp_path: Path, text: str, seconds: float) -> None:
    task = read_task_folder(make_folder(tmp_path / "task", task_dot_toml=text))
    assert task.sealed.timeout == seconds
