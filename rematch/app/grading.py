"""Grading: a finished task's rollouts, all tasks of a run once more, or predictions from files."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from rematch.agents.sandboxes import sweep
from rematch.agents.sandboxes.images import Images
from rematch.app.agents import build_hands
from rematch.app.config import Config
from rematch.app.harbor import open_rewards
from rematch.app.reading import load_task_run, open_run
from rematch.app.swebench import build_grader
from rematch.data.harbor_suites import is_dataset
from rematch.data.harbor_tasks import HarborTask
from rematch.data.pools import Pool, read_pool
from rematch.data.records import Grade, Rollout, Task
from rematch.data.repositories import OWN
from rematch.data.suites import BUILT_IN, Suite, load_suite
from rematch.data.swebench import HUB, SwebenchTask
from rematch.errors import GradingError, InputError, UsageError
from rematch.programs.concurrency import gather_all
from rematch.report.diagnostics import TaskRun
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder, TaskFolder, read_record
from rematch.runs.manifest import Manifest
from rematch.seams import Executor, Grader

Tell = Callable[[str], None]


@dataclass
class Graded:
    """Grades of predictions by instance, and what could not be asked for."""

    grades: dict[str, list[Grade]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)


async def grade_task(
    grader: Grader, executor: Executor, task: Task, folder: TaskFolder, *, redo: bool = False
) -> None:
    """Grade what has no verdict yet: the pick first, then the rest for the table.

    Raises:
        GradingError: the task has no pick, or the grader cannot run.
    """
    pick = folder.read_pick()
    if pick is None:
        raise GradingError(f"{task.id}: is graded after its pick only")
    graded = {name for name, grade in folder.grades().items() if grade.is_verdict and not redo}
    rollouts = sorted(folder.rollouts(), key=lambda rollout: rollout.id != pick.rollout_id)

    waiting = [rollout for rollout in rollouts if rollout.id not in graded]

    async def grade(alike: Sequence[Rollout]) -> None:
        made: Grade | None = None
        for rollout in alike:
            if made is None or made.status != "graded":
                made = await executor.run("grader", partial(grader.grade, task, rollout))
            folder.write_grade(made.model_copy(update={"rollout_id": rollout.id}))

    await gather_all(grade(alike) for alike in _list_alike(waiting))


def _list_alike(rollouts: Iterable[Rollout]) -> list[list[Rollout]]:
    """Rollouts with the same patch together: of such a rollout the tests see nothing else."""
    found: dict[str | tuple[str], list[Rollout]] = {}
    for rollout in rollouts:
        key = (rollout.id,) if rollout.patch is None else rollout.patch
        found.setdefault(key, []).append(rollout)
    return list(found.values())


def find_suite(path: Path, given: str | None) -> Suite:
    """The suite whose tasks a run's folder holds.

    Args:
        path: the folder.
        given: what the user says it is; None takes what the run was started with.

    Raises:
        InputError: there is no run.
        UsageError: the suite cannot be found.
    """
    manifest = read_record(open_run(path).manifest, Manifest)
    assert manifest is not None
    name = given or manifest.source or manifest.suite
    if manifest.source.startswith(OWN):
        raise UsageError(f"{path}: is a run on your own repository, which has no hidden tests")
    if not (name in (*BUILT_IN, *HUB) or is_dataset(name) or Path(name).exists()):
        raise UsageError(f"{path}: its suite {name} is not here any more; say which by --suite")
    agent = Config.model_validate(manifest.config).agent
    return load_suite(name, in_harbor=agent.in_harbor, registry=agent.harbor.registry)


async def grade_run(
    path: Path,
    suite: Suite,
    *,
    redo: bool = False,
    workers: int | None = None,
    tell: Tell,
    on_done: Callable[[str, TaskRun | str], None] | None = None,
) -> list[TaskRun]:
    """Grade the finished tasks of a run.

    Args:
        path: its folder.
        suite: the tasks.
        redo: grade again what has a verdict.
        workers: gradings at once.
        tell: gets lines for the user.
        on_done: told (task id, its run or what went wrong) as each task ends.
    """
    folder = open_run(path)
    manifest = read_record(folder.manifest, Manifest)
    assert manifest is not None
    config = _with_workers(Config.model_validate(manifest.config), workers)
    grader = _build(config, suite, folder, tell, redo=redo)
    executor = LocalExecutor(config.workers)
    known = {task.task.id: task.task for task in suite.tasks}

    async def work(task: TaskFolder) -> TaskRun | None:
        kept = task.read_task()
        if kept is None or task.read_pick() is None:
            return None
        result: TaskRun | str
        try:
            if kept.id not in known:
                raise GradingError(f"{kept.id}: is not in suite {suite.name}")
            await grade_task(grader, executor, known[kept.id], task, redo=redo)
            result = load_task_run(task)
        except GradingError as error:
            result = str(error)
        if on_done:
            on_done(kept.id, result)
        return None if isinstance(result, str) else result

    done = await gather_all(work(task) for task in folder.tasks())
    return [run for run in done if run is not None]


async def grade_predictions(
    paths: Iterable[Path],
    suite: Suite,
    config: Config,
    folder: RunFolder,
    *,
    redo: bool = False,
    workers: int | None = None,
    tell: Tell,
    on_done: Callable[[str, str], None] | None = None,
) -> Graded:
    """Grade patches from files: predictions, trajectories, patches, in any format that is read.

    Args:
        paths: files, and folders of them.
        suite: whose tests decide.
        config: of the grading.
        folder: keeps outcomes and logs; what it holds is not graded again.
        redo: grade it again.
        workers: gradings at once.
        tell: gets lines for the user.
        on_done: told (instance, one line) as each instance ends.

    Raises:
        InputError: the files hold no prediction.
    """
    pool = read_pool(paths)
    if not pool.sizes:
        problems = "; ".join(map(str, pool.problems[:1]))
        raise InputError(f"no predictions in {', '.join(map(str, paths))} {problems}".strip())
    config = _with_workers(config, workers)
    grader = _build(config, suite, folder, tell, redo=redo)
    executor = LocalExecutor(config.workers)
    known = {task.task.id: task.task for task in suite.tasks}
    graded = Graded(failures=dict(_list_faults(pool, suite)))

    async def work(task_id: str) -> None:
        async def grade(rollout: Rollout) -> Grade:
            return await executor.run("grader", lambda: grader.grade(known[task_id], rollout))

        rollouts = pool.tasks[task_id].rollouts
        grades = graded.grades[task_id] = await gather_all(map(grade, rollouts))
        if on_done:
            on_done(task_id, ", ".join(f"{grade.status} {grade.reward:g}" for grade in grades))

    wanted = [task_id for task_id in pool.sizes if task_id in known]
    await gather_all(map(work, wanted))
    graded.grades = {task_id: graded.grades[task_id] for task_id in wanted}
    return graded


def _list_faults(pool: Pool, suite: Suite) -> Iterator[tuple[str, str]]:
    known = {task.task.id for task in suite.tasks}
    broken = {task.id: task.reason for task in suite.broken}
    for problem in pool.problems:
        yield problem.path, problem.reason
    for task_id in pool.sizes:
        if task_id not in known:
            yield task_id, broken.get(task_id, f"is not in suite {suite.name}")


def _build(config: Config, suite: Suite, folder: RunFolder, tell: Tell, *, redo: bool) -> Grader:
    sweep()
    records = {t.task.id: t.sealed for t in suite.tasks if isinstance(t, SwebenchTask)}
    if records:
        return build_grader(config, records, folder, Images(tell).fetch, redo=redo)
    if config.agent.in_harbor:
        return open_rewards(folder)
    tasks = {t.task.id: t for t in suite.tasks if isinstance(t, HarborTask)}
    grader = build_hands(config, tasks, folder).grader
    assert grader is not None
    return grader


def _with_workers(config: Config, workers: int | None) -> Config:
    places = {"grader": workers or config.workers.get("grader", os.cpu_count() or 1)}
    return config.model_copy(update={"workers": {**config.workers, **places}})
