"""Running a suite: rollouts, summaries, brackets and picks into a run folder, then grades."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rematch.app.config import Config
from rematch.app.endings import Ending, answer_each
from rematch.app.grading import grade_task
from rematch.app.parts import Run
from rematch.app.reading import load_task_run
from rematch.data.records import Task
from rematch.data.suites import Suite
from rematch.programs import Outcome
from rematch.programs.brackets import count_matches
from rematch.report.diagnostics import TaskRun
from rematch.runs.budget import watch_refusals
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import TaskFolder
from rematch.runs.manifest import Manifest, read_versions

_FEWEST_TASKS = 4


@dataclass
class Finished(Ending):
    """What became of a suite's tasks: those that are done, and how the run ended."""

    done: dict[str, TaskRun] = field(default_factory=dict)


def describe_run(config: Config, suite: Suite, agent: str) -> Manifest:
    """What identifies a run: all that changes its results."""
    return Manifest(
        suite=suite.name,
        source=suite.source,
        agent=agent,
        config=config.describe_results(),
        versions=read_versions(),
    )


def count_run_calls(suite: Suite, config: Config) -> dict[str, int]:
    """The most rollouts and calls per role: no merging, no early stop, no retries."""
    tasks, n, t = len(suite.tasks), config.n, config.iterations
    calls = {"rollouts": tasks * n * t}
    models, size = config.models, config.rtv.group_size
    if models.summarizer:
        calls["summarizer"] = tasks * n * t
    if models.judge:
        narrowing = count_matches(n, size, config.context.k) * (t - 1)
        champion = count_matches(config.context.k + 1, size, 1) if config.keep_champion else 0
        matches = narrowing + count_matches(n, size, 1) + champion
        calls["judge"] = tasks * matches * config.rtv.votes
    if models.distiller and config.context.distill:
        per_iteration = 1 if config.context.kind == "select-k" else n
        calls["distiller"] = tasks * per_iteration * (t - 1)
    return calls


async def run_suite(
    run: Run,
    suite: Suite,
    config: Config,
    on_done: Callable[[str, TaskRun | str], None] | None = None,
) -> Finished:
    """Solve and grade every task of a suite; finished ones are taken from the folder.

    A failure stops only its own task (`answer_each`).

    Raises:
        ModelRefusedError: bad key, no money, unknown model; nothing is finished.
    """
    finished = Finished(failures={broken.id: broken.reason for broken in suite.broken})
    tasks = {known.task.id: known.task for known in suite.tasks}
    finished.done = await answer_each(
        run,
        list(tasks),
        lambda task_id: _finish_task(run, tasks[task_id], config.seed),
        finished,
        in_flight=_count_open(run.executor, config),
        on_done=on_done,
    )
    finished.note_no_votes(bracket for run in finished.done.values() for bracket in run.brackets)
    return finished


def _count_open(executor: LocalExecutor, config: Config) -> int:
    """How many tasks are under way at once: memory holds theirs, and no other's, rollouts.

    Enough to fill the agents' places twice, so that none stands empty while a task's last
    matches are played.
    """
    return max(_FEWEST_TASKS, -(-2 * executor.places("agent") // config.n))


async def _finish_task(run: Run, task: Task, seed: int) -> TaskRun:
    folder = run.folder.task(task.id)
    pick = folder.read_pick()
    if pick is None or pick.unpaid:
        folder.write_task(task)
        with watch_refusals() as refused:
            outcome = await run.program.acall(task=task, seed=seed)
        _keep(folder, outcome, len(refused))
    if run.grader is not None:
        await grade_task(run.grader, run.executor, task, folder)
    return load_task_run(folder)


def _keep(folder: TaskFolder, outcome: Outcome, unpaid: int) -> None:
    for rollout in outcome.rollouts:
        if rollout.priors:  # the agent did not know them when its attempt was kept
            folder.write_rollout(rollout)
    for number, bracket in enumerate(outcome.brackets):
        folder.write_bracket(number, bracket)
    folder.write_pick(outcome.pick.model_copy(update={"unpaid": unpaid}))


def as_json(finished: Finished) -> dict[str, Any]:
    """Picks and grades for machines."""
    tasks: Mapping[str, Any] = {
        task_id: {
            "pick": run.pick.model_dump(mode="json"),
            "rewards": {name: grade.reward for name, grade in sorted(run.grades.items())},
        }
        for task_id, run in finished.done.items()
    }
    return {"tasks": tasks}
