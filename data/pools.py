"""Pools: recorded rollouts of many tasks, read from files of any format.

A pool of hundreds of attempts does not fit into memory as records. So one pass over the files
finds out what is there and what is wrong, and keeps a few words per attempt; the rollouts of a
task are read again when the task is asked for, and kept by nobody here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from rematch.data.formats import Format, find_format
from rematch.data.formats.recorded import Recorded
from rematch.data.formats.source import Document, read_document_at, read_documents
from rematch.data.naming import GroupBy, check_name, rollout_ids, task_key
from rematch.data.records import ResultKind, Rollout, Task
from rematch.data.walking import walk_files
from rematch.errors import InputError

KEPT_CHARACTERS = 1 << 16
"""An attempt without steps and with a patch up to this size is kept, not read again."""


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


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where one attempt stands, and what the index needs to know of it."""

    path: Path
    format: Format
    task_id: str
    nth: int
    offset: int | None
    name: str
    problem: str
    has_patch: bool
    asks_for: ResultKind
    kept: Recorded | None
    id: str = ""

    def read(self) -> Rollout:
        """The rollout, from its file."""
        recorded = self.kept
        if recorded is None:
            try:
                document = read_document_at(self.path, self.offset)
                recorded = list(self.format.read(document))[self.nth]
            except (InputError, IndexError, StopIteration) as error:
                raise InputError(f"{self.path}: changed while it was read ({error})") from None
        return recorded.to_rollout(self.id, self.task_id, self.path.as_posix(), self.format.NAME)


class Pool:
    """Tasks with their rollouts, and the problems of files that are not among them.

    `tasks` is a mapping by task id, in the order of the files. It holds no rollouts: each look-up
    and each step of an iteration reads that task's files anew.
    """

    def __init__(self, entries: Mapping[str, tuple[_Entry, ...]], problems: tuple[Problem, ...]):
        self._entries = entries
        self.tasks: Mapping[str, PoolTask] = _Tasks(self)
        self.problems = problems

    @property
    def sizes(self) -> dict[str, int]:
        """How many rollouts each task has; reads no file."""
        return {task_id: len(entries) for task_id, entries in self._entries.items()}

    def task(self, task_id: str) -> Task:
        """A task without its rollouts; reads no file."""
        entries = self._entries[task_id]
        texts = Counter(entry.problem for entry in entries if entry.problem)
        problem = max(texts, key=lambda text: (texts[text], len(text), text), default="")
        patched = any(entry.has_patch or entry.asks_for is ResultKind.PATCH for entry in entries)
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

    def __init__(self, pool: Pool):
        self._pool = pool

    def __getitem__(self, task_id: str) -> PoolTask:
        return self._pool.read_task(task_id)

    def __iter__(self) -> Iterator[str]:
        return iter(self._pool.sizes)

    def __len__(self) -> int:
        return len(self._pool.sizes)

    def __contains__(self, task_id: object) -> bool:
        return task_id in self._pool.sizes


def read_pool(paths: Iterable[str | Path], group_by: GroupBy = "instance") -> Pool:
    """Reads files and folders of recorded rollouts; what cannot be read becomes a Problem.

    Args:
        paths: Files, and folders that are searched to any depth.
        group_by: How rollouts become tasks (naming.GroupBy).
    """
    problems: list[Problem] = []
    entries: list[_Entry] = []
    texts: dict[str, str] = {}  # one copy of a problem statement, however many attempts at it
    for found in walk_files(map(Path, paths)):
        if isinstance(found, tuple):
            problems.append(Problem(found[0].as_posix(), str(found[1])))
            continue
        reasons: list[str] = []
        for entry in _index_file(found, group_by, reasons):
            text = texts.setdefault(entry.problem, entry.problem)
            entries.append(replace(entry, problem=text))
        if reasons:
            more = f" (and {len(reasons) - 1} more in this file)" if len(reasons) > 1 else ""
            problems.append(Problem(found.as_posix(), reasons[0] + more))
    ids = rollout_ids([(entry.path, entry.name) for entry in entries])
    tasks: dict[str, list[_Entry]] = {}
    for entry, id in zip(entries, ids, strict=True):
        tasks.setdefault(entry.task_id, []).append(replace(entry, id=id))
    return Pool({key: tuple(group) for key, group in tasks.items()}, tuple(problems))


def _index_file(path: Path, group_by: GroupBy, reasons: list[str]) -> Iterator[_Entry]:
    """Yields an entry per attempt of a file; adds a reason for each that is not usable."""
    names: set[str] = set()
    try:
        for document in read_documents(path):
            where = "" if document.offset is None else f"line {document.line}: "
            try:
                for entry in _index_document(path, document, group_by):
                    if entry.name in names:
                        reasons.append(f"{where}holds a second rollout {entry.name!r}; rename one")
                        continue
                    names.add(entry.name)
                    yield entry
            except InputError as error:
                reasons.append(f"{where}{error}")
    except InputError as error:
        reasons.append(str(error))
    except Exception as error:  # noqa: BLE001 - one bad file never stops the rest
        reasons.append(f"cannot be read ({type(error).__name__}: {error}); please report it")


def _index_document(path: Path, document: Document, group_by: GroupBy) -> Iterator[_Entry]:
    if document.error:
        raise InputError(document.error)
    format = find_format(document.value)
    if format is None:
        raise InputError("is in no known format; see docs/formats.md for what is read")
    for nth, recorded in enumerate(format.read(document.value)):
        if recorded.name:
            check_name(recorded.name)
        small = len(recorded.patch or "") <= KEPT_CHARACTERS and not recorded.trajectory.steps
        yield _Entry(
            path=path,
            format=format,
            task_id=task_key(path, recorded.instance, group_by),
            nth=nth,
            offset=document.offset,
            name=recorded.name,
            problem=recorded.problem,
            has_patch=recorded.patch is not None,
            asks_for=recorded.asks_for,
            kept=recorded if small else None,
        )
