"""A run's folder: one class knows all its paths; every file is written whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from rematch.data.records import Bracket, Grade, Pick, Rollout, Summary, Task
from rematch.errors import InputError, RematchError
from rematch.runs.lock import FolderLock

_HASHED = re.compile(r"-[0-9a-f]{8}$")

R = TypeVar("R", bound=BaseModel)


class RunFolder:
    """Where a run keeps what it made.

        RUN/
          run.json               what was asked: configuration with every default, suite,
                                 agent, seed, versions
          ledger.sqlite          every model call of ours, with its reply and its price
          lock                   the process that works here
          preds.json             the picks with a patch, as SWE-bench's tools read them
          gradings/              what SWE-bench's harness wrote, by instance and patch
          tasks/TASK/
            task.json            the problem as the agent saw it
            rollouts/ID.json     one attempt each: steps, ending, patch, usage
            summaries/ID.json
            brackets/NN.json     in the order in which they were played
            pick.json            there when the task is done
            grades/ID.json       written after selection only
            trials/ID/           what Harbor wrote of an attempt that it ran
            sealed/ID.json       what Harbor's verifier said of it; grading alone opens it

    A task whose `pick.json` is there is finished; everything else is taken over as far as it got.

    Args:
        path: the folder.
        lock: keeps other processes out of it; None for one that is only read.
    """

    def __init__(self, path: Path, lock: FolderLock | None = None) -> None:
        self.path = path
        self._lock = lock

    @property
    def manifest(self) -> Path:
        """`run.json`."""
        return self.path / "run.json"

    @property
    def ledger(self) -> Path:
        """`ledger.sqlite`."""
        return self.path / "ledger.sqlite"

    def close(self) -> None:
        """Let other processes in."""
        if self._lock is not None:
            self._lock.close()

    @property
    def gradings(self) -> Path:
        """Logs and outcomes of SWE-bench's harness."""
        return self.path / "gradings"

    def task(self, task_id: str) -> TaskFolder:
        """The folder of one task."""
        return TaskFolder(self.path / "tasks" / file_name(task_id))

    def count_rollouts(self) -> int:
        """How many attempts are finished."""
        return sum(1 for _ in (self.path / "tasks").glob("*/rollouts/*.json"))

    def tasks(self) -> list[TaskFolder]:
        """Folders of the tasks that were begun, by name."""
        folder = self.path / "tasks"
        return [TaskFolder(path) for path in sorted(folder.iterdir())] if folder.is_dir() else []


class TaskFolder:
    """One task's part of a run's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def clear(self) -> None:
        """Forget all that is kept of the task."""
        shutil.rmtree(self.path, ignore_errors=True)

    def write_task(self, task: Task) -> None:
        """Keep the problem."""
        write_record(self.path / "task.json", task)

    def read_task(self) -> Task | None:
        """The problem, None where the task was not begun."""
        return read_record(self.path / "task.json", Task)

    def write_rollout(self, rollout: Rollout) -> None:
        """Keep a finished attempt."""
        write_record(self._of("rollouts", rollout.id), rollout)

    def read_rollout(self, rollout_id: str) -> Rollout | None:
        """A finished attempt, None where there is none."""
        return read_record(self._of("rollouts", rollout_id), Rollout)

    def rollouts(self) -> list[Rollout]:
        """All finished attempts, by id."""
        return self._all("rollouts", Rollout)

    def write_summary(self, summary: Summary) -> None:
        """Keep a summary."""
        write_record(self._of("summaries", summary.rollout_id), summary)

    def read_summary(self, rollout_id: str) -> Summary | None:
        """A rollout's summary, None where there is none."""
        return read_record(self._of("summaries", rollout_id), Summary)

    def summaries(self) -> list[Summary]:
        """All summaries, by rollout id."""
        return self._all("summaries", Summary)

    def write_bracket(self, number: int, bracket: Bracket) -> None:
        """Keep the bracket that was played as `number`, from 0."""
        write_record(self.path / "brackets" / f"{number:02d}.json", bracket)

    def brackets(self) -> list[Bracket]:
        """All brackets, in the order in which they were played."""
        return self._all("brackets", Bracket)

    def write_pick(self, pick: Pick) -> None:
        """Keep the answer; this finishes the task."""
        write_record(self.path / "pick.json", pick)

    def read_pick(self) -> Pick | None:
        """The answer, None where the task is not finished."""
        return read_record(self.path / "pick.json", Pick)

    def write_grade(self, grade: Grade) -> None:
        """Keep what the hidden tests said."""
        write_record(self._of("grades", grade.rollout_id), grade)

    def grades(self) -> dict[str, Grade]:
        """Grades by rollout id."""
        return {grade.rollout_id: grade for grade in self._all("grades", Grade)}

    def trial(self, rollout_id: str) -> Path:
        """The folder in which Harbor leaves an attempt's trial."""
        return self.path / "trials" / file_name(rollout_id)

    def sealed(self, rollout_id: str) -> Path:
        """The file that grading keeps for itself until a rollout is graded."""
        return self._of("sealed", rollout_id)

    def _of(self, kind: str, rollout_id: str) -> Path:
        return self.path / kind / f"{file_name(rollout_id)}.json"

    def _all(self, kind: str, record: type[R]) -> list[R]:
        folder = self.path / kind
        paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
        return [found for path in paths if (found := read_record(path, record)) is not None]


def file_name(name: str) -> str:
    """A task's or rollout's id as one path component of ASCII letters.

    A changed name gets a hash, so that different ids never meet in one file.
    """
    kept = (c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in name)
    safe = "".join(kept).lstrip(".")[:120]
    if safe == name and not _HASHED.search(name):
        return safe
    return f"{safe}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all.

    Raises:
        RematchError: the folder cannot be written.
    """
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        RematchError: the folder cannot be written.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(data)
        part.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise RematchError(f"{path}: cannot be written ({error.strerror})") from error


def write_record(path: Path, record: BaseModel) -> None:
    """Write a record as JSON, whole or not at all."""
    write_text(path, record.model_dump_json(indent=1) + "\n")


def read_record(path: Path, record: type[R]) -> R | None:
    """Read a record, None where there is no such file.

    Raises:
        InputError: the file is not such a record.
    """
    try:
        return record.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: is no {record.__name__} ({first['msg']})") from error
