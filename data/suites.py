"""Suites: named sets of tasks, or a folder of your own."""

from __future__ import annotations

import fnmatch
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rematch.data.harbor_tasks import HarborTask, is_task_folder, read_task_folder
from rematch.errors import InputError, UsageError

BUILT_IN = ("pocket",)


@dataclass(frozen=True)
class BrokenTask:
    """A task folder that cannot be run, with the reason."""

    id: str
    reason: str


@dataclass(frozen=True)
class Suite:
    """Tasks in the order of their ids, and those that are broken."""

    name: str
    tasks: tuple[HarborTask, ...]
    broken: tuple[BrokenTask, ...] = ()


def load_suite(name: str, *, only: str | None = None, part: str | None = None) -> Suite:
    """Load a built-in suite by name, or a task folder, or a folder of task folders.

    Args:
        name: `pocket`, or a path.
        only: keep tasks whose id matches this glob (or contains it).
        part: keep a slice of the rest, as `start:stop`.

    Raises:
        UsageError: unknown suite, empty folder, or a filter that leaves nothing.
    """
    folder = _find_folder(name)
    suite = name if name in BUILT_IN else folder.name
    folders = [folder] if is_task_folder(folder) else _task_folders(folder)
    if not folders:
        raise UsageError(f"{name}: holds no task folder (with task.toml and instruction.md)")
    folders = _narrow(folders, only, part)
    if not folders:
        raise UsageError(f"{name}: no task is left after --filter and --slice")
    tasks: list[HarborTask] = []
    broken: list[BrokenTask] = []
    for path in folders:
        try:
            tasks.append(read_task_folder(path, suite))
        except InputError as error:
            broken.append(BrokenTask(path.name, str(error)))
    return Suite(suite, tuple(tasks), tuple(broken))


def lay_out(task: HarborTask, target: Path) -> None:
    """Copy a task's work files into an empty folder; links are copied as links."""
    target.mkdir(parents=True, exist_ok=True)
    for source, below in task.work_files:
        place = target / below
        if source.is_dir():
            ignore = shutil.ignore_patterns("Dockerfile", ".dockerignore", "__pycache__")
            shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True, ignore=ignore)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)


def _find_folder(name: str) -> Path:
    if name in BUILT_IN:
        return Path(str(files("rematch.data") / name))
    folder = Path(name)
    if not folder.is_dir():
        known = ", ".join(BUILT_IN)
        raise UsageError(f"{name}: neither a suite ({known}) nor a folder")
    return folder.resolve()


def _task_folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and is_task_folder(path))


def _narrow(folders: Sequence[Path], only: str | None, part: str | None) -> list[Path]:
    kept = list(folders)
    if only is not None:
        kept = [p for p in kept if fnmatch.fnmatchcase(p.name, only) or only in p.name]
    if part is None:
        return kept
    start, colon, stop = part.partition(":")
    try:
        bounds = slice(int(start) if start else None, int(stop) if stop else None)
    except ValueError as error:
        raise UsageError(f"--slice {part}: write start:stop, such as 0:5") from error
    if not colon:
        raise UsageError(f"--slice {part}: write start:stop, such as 0:5")
    return kept[bounds]
