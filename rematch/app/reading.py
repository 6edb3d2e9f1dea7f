"""Reading a run's folder back: its finished tasks, one task, its judge."""

from __future__ import annotations

from pathlib import Path

from rematch.app.parts import lighten, lighten_bracket, share_names
from rematch.errors import GradingError, InputError
from rematch.report.diagnostics import TaskRun
from rematch.report.judging import Figure, measure_length, report_judge
from rematch.runs.folder import RunFolder, TaskFolder


def open_run(path: Path) -> RunFolder:
    """The run in a folder.

    Raises:
        InputError: there is none.
    """
    folder = RunFolder(path)
    if not folder.manifest.is_file():
        raise InputError(f"{path}: is no run folder (it has no run.json)")
    return folder


def open_task(path: Path, task_id: str) -> TaskFolder:
    """One task of a run.

    Raises:
        InputError: there is no such run or task.
    """
    folder = open_run(path)
    task = folder.task(task_id)
    if task.read_task() is None:
        begun = ", ".join(t.path.name for t in folder.tasks()[:8]) or "none"
        raise InputError(f"{path}: has no task {task_id!r}; it has {begun}")
    return task


def load_task_run(folder: TaskFolder) -> TaskRun:
    """A finished task as its folder holds it, the rollouts' steps only counted, no votes.

    Raises:
        GradingError: the task is not finished.
    """
    task, pick = folder.read_task(), folder.read_pick()
    if task is None or pick is None:
        raise GradingError(f"{folder.path.name}: is not finished")
    grades = {name: share_names(grade) for name, grade in folder.grades().items()}
    return TaskRun(
        task_id=task.id,
        rollouts=tuple(map(lighten, folder.rollouts())),
        brackets=tuple(map(lighten_bracket, folder.brackets())),
        pick=share_names(pick),
        grades={name: grade for name, grade in grades.items() if grade.is_verdict},
        not_graded={name: grade for name, grade in grades.items() if not grade.is_verdict},
    )


def load_run(path: Path) -> list[TaskRun]:
    """All finished tasks of a run.

    Raises:
        InputError: there is no run.
    """
    folders = open_run(path).tasks()
    return [load_task_run(folder) for folder in folders if folder.read_pick() is not None]


def report_run_judge(path: Path) -> list[Figure]:
    """How the run's judge judged.

    Raises:
        InputError: there is no run, or no vote in it.
    """
    tasks = open_run(path).tasks()
    brackets = [bracket for task in tasks for bracket in task.brackets()]
    if not any(match.votes for bracket in brackets for match in bracket.matches):
        raise InputError(f"{path}: holds no votes yet")
    lengths = {s.rollout_id: measure_length(s) for task in tasks for s in task.summaries()}
    return report_judge(brackets, lengths)
