"""Pools: recorded rollouts of many tasks, read from files of any format.

A pool of thousands of attempts does not fit into memory as records. So one pass over the files
finds out what is there and what is wrong, and keeps a few words per attempt; the rollouts of a
task are read again when the task is asked for, and kept by nobody here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rematch.data.formats import is_trial_folder
from rematch.data.indexing import Entry, index_file
from rematch.data.naming import GroupBy, rollout_ids
from rematch.data.records import ResultKind, Rollout, Task
from rematch.data.walking import walk_files

__all__ = ["GroupBy", "Pool", "PoolTask", "Problem", "read_pool"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file is not in the pool; `reason` says what is wrong and what to do."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class PoolTask:
    """A task and every rollout of it that the pool holds."""

    task: Task
    rollouts: tuple[Rollout, ...]


class Pool:
    """Tasks with their rollouts, and the problems of files that are not among them.

    `tasks` is a mapping by task id, in the order of the files. It holds no rollouts: each look-up
    and each step of an iteration reads that task's files anew. `sizes` and `task` read none.
    """

    def __init__(self, entries: Mapping[str, tuple[Entry, ...]], problems: Iterable[Problem] = ()):
        self._entries = entries
        self.tasks: Mapping[str, PoolTask] = _Tasks(self, entries)
        self.problems = tuple(problems)

    @property
    def sizes(self) -> dict[str, int]:
        """How many rollouts each task has."""
        return {task_id: len(entries) for task_id, entries in self._entries.items()}

    def task(self, task_id: str) -> Task:
        """A task without its rollouts.

        Its problem statement is the one that most of them show, of equally many the longest.
        """
        entries = self._entries[task_id]
        texts = Counter(entry.problem for entry in entries if entry.problem)
        problem = max(texts, key=lambda text: (texts[text], len(text), text), default="")
        patched = any(entry.patch_hash or entry.asks_for is ResultKind.PATCH for entry in entries)
        kind = ResultKind.PATCH if patched else ResultKind.STATE
        return Task(id=task_id, problem=problem, asks_for=kind)

    def read_task(self, task_id: str) -> PoolTask:
        """A task with its rollouts, read from their files.

        Raises:
            InputError: A file changed since the pool was read.
        """
        rollouts = tuple(entry.read() for entry in self._entries[task_id])
        return PoolTask(self.task(task_id), rollouts)


class _Tasks(Mapping[str, PoolTask]):
    """The pool's tasks, read when they are asked for."""

    def __init__(self, pool: Pool, ids: Mapping[str, object]):
        self._pool = pool
        self._ids = ids

    def __getitem__(self, task_id: str) -> PoolTask:
        return self._pool.read_task(task_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._ids


def read_pool(paths: Iterable[str | Path], group_by: GroupBy = "instance") -> Pool:
    """Reads files and folders of recorded rollouts; what cannot be read becomes a Problem.

    Args:
        paths: Files, and folders that are searched to any depth.
        group_by: How rollouts become tasks (naming.GroupBy).
    """
    problems: list[Problem] = []
    entries: list[Entry] = []
    texts: dict[str, str] = {}  # one copy of a problem statement, however many attempts at it
    for found in walk_files(map(Path, paths), is_trial_folder):
        reasons = [str(found.error)] if found.error else []
        for entry in [] if found.error else index_file(found.path, group_by, reasons):
            if found.beside and entry.format.name == "patch":
                continue  # a text that shows a patch
            text = texts.setdefault(entry.problem, entry.problem)
            entries.append(replace(entry, problem=text))
        if reasons and not found.beside:
            more = f" (and {len(reasons) - 1} more in this file)" if len(reasons) > 1 else ""
            problems.append(Problem(found.path.as_posix(), reasons[0] + more))
    tasks: dict[str, list[Entry]] = defaultdict(list)
    for entry in _with_ids(_without_echoes(entries)):
        tasks[entry.task_id].append(entry)
    return Pool({task_id: tuple(group) for task_id, group in tasks.items()}, problems)


def _with_ids(entries: Sequence[Entry]) -> list[Entry]:
    ids = rollout_ids([(entry.path, entry.name) for entry in entries])
    return [replace(entry, id=id) for entry, id in zip(entries, ids, strict=True)]


def _without_echoes(entries: Sequence[Entry]) -> list[Entry]:
    """Leaves out patches that agents write beside their trajectories: the same attempt again.

    Such are `preds.json` over a folder of attempts, `.patch` and `.pred` beside one. An entry
    that records more tells of the same patch in its own folder or below.
    """
    told: dict[tuple[str, str, Path], int] = {}
    for entry in entries:
        for folder in entry.path.parents if entry.patch_hash else ():
            key = (entry.task_id, entry.patch_hash, folder)
            told[key] = max(told.get(key, 0), entry.richness)
    return [
        entry
        for entry in entries
        if entry.richness >= told.get((entry.task_id, entry.patch_hash, entry.path.parent), 0)
    ]
