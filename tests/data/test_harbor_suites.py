"""Suites that Harbor runs: its rules for a task, datasets by name and version, one line if not."""

import json
import sys
from pathlib import Path

import pytest

from rematch.data import harbor_package
from rematch.data.harbor_package import load_harbor
from rematch.data.harbor_suites import is_dataset
from rematch.data.records import ResultKind
from rematch.data.suites import load_suite
from rematch.errors import UsageError

needs_harbor = pytest.mark.skipif(sys.version_info < harbor_package.PYTHON, reason="no Harbor here")


def make_task(folder: Path, instruction: str = "Do it.\n", docker_image: str = "any") -> Path:
    (folder / "tests").mkdir(parents=True)
    (folder / "tests" / "test.sh").write_text("exit 0\n")
    (folder / "instruction.md").write_text(instruction)
    settings = f'version = "1.0"\n[environment]\ndocker_image = "{docker_image}"\n'
    (folder / "task.toml").write_text(settings)
    return folder


def write_registry(file: Path, *tasks: Path) -> str:
    known = [{"name": task.name, "path": str(task)} for task in tasks]
    dataset = {"name": "mini-bench", "version": "1.0", "description": "", "tasks": known}
    file.write_text(json.dumps([dataset]))
    return str(file)


@needs_harbor
def test_harbor_reads_a_folder_of_tasks_by_its_own_rules(tmp_path: Path) -> None:
    make_task(tmp_path / "b")
    make_task(tmp_path / "a", "<!-- canary 123 -->\n\nFix it.\n")

    suite = load_suite(str(tmp_path), in_harbor=True)

    assert [task.task.id for task in suite.tasks] == ["a", "b"]
    assert [task.task.problem for task in suite.tasks] == ["Fix it.\n", "Do it.\n"]
    assert {task.task.asks_for for task in suite.tasks} == {ResultKind.STATE}


@needs_harbor
@pytest.mark.parametrize("missing", ["tests/test.sh", "task.toml", "instruction.md"])
def test_a_task_that_harbor_would_not_run_is_broken_with_a_reason(
    tmp_path: Path, missing: str
) -> None:
    make_task(tmp_path / "whole")
    (make_task(tmp_path / "half") / missing).unlink()

    suite = load_suite(str(tmp_path), in_harbor=True)

    assert [task.task.id for task in suite.tasks] == ["whole"]
    assert [broken.id for broken in suite.broken] == ["half"]
    assert "\n" not in suite.broken[0].reason and "half" in suite.broken[0].reason


@needs_harbor
def test_a_task_without_environment_and_image_is_broken(tmp_path: Path) -> None:
    make_task(tmp_path / "bare", docker_image="")
    suite = load_suite(str(tmp_path), in_harbor=True)
    assert "environment" in suite.broken[0].reason


@needs_harbor
def test_the_pocket_suite_is_whole_for_harbor() -> None:
    suite = load_suite("pocket", in_harbor=True)
    assert (len(suite.tasks), suite.broken) == (24, ())


@needs_harbor
def test_a_dataset_is_found_by_name_and_version(tmp_path: Path) -> None:
    tasks = [make_task(tmp_path / "tasks" / name) for name in ("one", "two", "three")]
    registry = write_registry(tmp_path / "registry.json", *tasks)

    suite = load_suite("mini-bench@1.0", in_harbor=True, registry=registry, only="t*")

    assert suite.name == "mini-bench@1.0"
    assert [task.task.id for task in suite.tasks] == ["three", "two"]


@needs_harbor
@pytest.mark.parametrize(
    ("name", "registry"), [("mini-bench@9", "registry.json"), ("mini-bench@1.0", "missing.json")]
)
def test_a_dataset_that_cannot_be_had_is_one_line(tmp_path: Path, name: str, registry: str) -> None:
    write_registry(tmp_path / "registry.json", make_task(tmp_path / "one"))
    with pytest.raises(UsageError, match=f"^{name}: cannot be had .* a folder of tasks$"):
        load_suite(name, in_harbor=True, registry=str(tmp_path / registry))


def test_a_dataset_needs_harbor_as_the_agent(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="add --agent harbor:"):
        load_suite("terminal-bench@2.0")


def test_a_folder_with_an_at_sign_is_a_folder(tmp_path: Path) -> None:
    folder = tmp_path / "tasks@home"
    folder.mkdir()
    assert not is_dataset(str(folder))
    assert not is_dataset("pocket")
    assert is_dataset("terminal-bench@2.0")


def test_an_old_python_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.version_info >= harbor_package.PYTHON:
        monkeypatch.setattr(harbor_package, "PYTHON", (9, 1))
    with pytest.raises(UsageError) as caught:
        load_harbor("job")
    line = str(caught.value)
    assert "Harbor needs Python >= " in line and "\n" not in line
    assert "pip install 'rematch-agents[terminal-bench]'" in line


def test_a_missing_harbor_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harbor_package, "PYTHON", (3, 11))
    monkeypatch.setitem(sys.modules, "harbor", None)
    with pytest.raises(UsageError, match=r"pip install 'rematch-agents\[terminal-bench\]'$"):
        load_harbor("job")
