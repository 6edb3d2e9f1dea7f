"""Suites: named sets of tasks, or a folder or file of your own."""

from __future__ import annotations

import fnmatch
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from pathlib import Path

from rematch.data.harbor_suites import Dataset, is_dataset, read_task
from rematch.data.harbor_tasks import HarborTask, is_task_folder, read_task_folder
from rematch.data.repositories import RepositoryTask
from rematch.data.swebench import HUB, SwebenchTask, is_instance_file, read_instances
from rematch.errors import InputError, UsageError

BUILT_IN = ("pocket",)

SuiteTask = HarborTask | SwebenchTask | RepositoryTask
ReadTask = Callable[[], SuiteTask]


@dataclass(frozen=True)
class BrokenTask:
    """A task that cannot be run, with the reason."""

    id: str
    reason: str


@dataclass(frozen=True)
class Suite:
    """Tasks of one kind in the order of their ids, and those that are broken.

    `source` is what `load_suite` finds them by, from any folder.
    """

    name: str
    tasks: tuple[SuiteTask, ...]
    broken: tuple[BrokenTask, ...] = ()
    source: str = ""


def load_suite(
    name: str,
    *,
    only: str | None = None,
    ids: Sequence[str] = (),
    part: str | None = None,
    in_harbor: bool = False,
    registry: str = "",
) -> Suite:
    """Load a suite by name, a file of SWE-bench instances, a task folder, or a folder of them.

    Args:
        name: `pocket`, a suite of `swebench.HUB`, a path, or Harbor's `name@version`.
        only: keep tasks whose id matches this glob (or contains it).
        ids: keep these, every one of which must be there; none keeps all.
        part: keep a slice of the rest, as `start:stop`.
        in_harbor: Harbor is to run the tasks, so they are read by its rules.
        registry: another registry than Harbor's own, by address or file.

    Raises:
        UsageError: unknown suite or id, empty folder, or a filter that leaves nothing.
        InputError: a file cannot be read, or the hub cannot be reached.
    """
    if is_dataset(name):
        if not in_harbor:
            raise UsageError(f"{name}: is run by Harbor only; add --agent harbor:terminus-2")
        dataset = Dataset(name, registry)
        wanted = [(task_id, partial(dataset.read, task_id)) for task_id in dataset.ids]
        kept = _narrow(sorted(wanted, key=lambda task: task[0]), only, ids, part)
        dataset.fetch([task_id for task_id, _ in kept])
        return _read(name, name, kept)
    suite, found = _find_tasks(name, in_harbor)
    kept = _narrow(sorted(found, key=lambda task: task[0]), only, ids, part)
    return _read(name, suite, kept)


def _read(name: str, suite: str, kept: Sequence[tuple[str, ReadTask]]) -> Suite:
    if not kept:
        raise UsageError(f"{name}: no task is left after --filter, --ids and --slice")
    counts = Counter(task_id for task_id, _ in kept)
    tasks: list[SuiteTask] = []
    broken: list[BrokenTask] = []
    for task_id, read in kept:
        try:
            if counts[task_id] > 1:
                raise InputError("the suite has several tasks of this id")
            tasks.append(read())
        except InputError as error:
            broken.append(BrokenTask(task_id, str(error)))
    is_path = name not in (*BUILT_IN, *HUB) and Path(name).exists()
    source = str(Path(name).resolve()) if is_path else name
    return Suite(suite, tuple(tasks), tuple(broken), source)


def lay_out(task: HarborTask, target: Path) -> None:
    """Copy a task's work files into an empty folder; links are copied as links."""

    def leave_out(folder: str, names: list[str]) -> set[str]:
        """What builds the image and no part of it, and what Python leaves behind."""
        builds = {"Dockerfile", ".dockerignore"}
        is_context = Path(folder) == (task.folder / "environment").resolve()
        return {"__pycache__", *(builds if is_context else ())} & set(names)

    target.mkdir(parents=True, exist_ok=True)
    for source, below in task.work_files:
        place = target / below
        if source.is_dir():
            shutil.copytree(
                source.resolve(), place, symlinks=True, dirs_exist_ok=True, ignore=leave_out
            )
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)


def _find_tasks(name: str, in_harbor: bool) -> tuple[str, list[tuple[str, ReadTask]]]:
    """A suite's name, and the ids of its tasks with what reads each."""
    if name in HUB or is_instance_file(name):
        if in_harbor:
            raise UsageError(f"{name}: Harbor runs folders of tasks, and datasets as name@version")
        suite = name if name in HUB else Path(name).stem
        found: list[tuple[str, ReadTask]] = [
            (task_id, partial(_take, task)) for task_id, task in read_instances(name)
        ]
        if not found:
            raise UsageError(f"{name}: holds no instance")
        return suite, found
    folder = _find_folder(name)
    suite = name if name in BUILT_IN else folder.name
    folders = [folder] if is_task_folder(folder) else list(_task_folders(folder))
    if not folders:
        raise UsageError(f"{name}: holds no task folder (with task.toml and instruction.md)")
    read = read_task if in_harbor else read_task_folder
    return suite, [(path.name, partial(read, path, suite)) for path in folders]


def _take(task: SwebenchTask | str) -> SwebenchTask:
    if isinstance(task, str):
        raise InputError(task)
    return task


def _find_folder(name: str) -> Path:
    if name in BUILT_IN:
        return Path(str(files("rematch.data") / name))
    folder = Path(name)
    if not folder.is_dir():
        known = ", ".join([*BUILT_IN, *HUB, "name@version of Harbor's registry"])
        raise UsageError(f"{name}: neither a suite ({known}) nor a folder or file of tasks")
    return folder.resolve()


def _task_folders(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if path.is_dir() and is_task_folder(path))


def _narrow(
    found: Sequence[tuple[str, ReadTask]],
    only: str | None,
    ids: Sequence[str],
    part: str | None,
) -> Sequence[tuple[str, ReadTask]]:
    missing = set(ids) - {task_id for task_id, _ in found}
    if missing:
        raise UsageError(f"--ids {','.join(sorted(missing))}: the suite has no such task")
    kept = [task for task in found if not ids or task[0] in ids]
    if only is not None:
        kept = [task for task in kept if fnmatch.fnmatchcase(task[0], only) or only in task[0]]
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
