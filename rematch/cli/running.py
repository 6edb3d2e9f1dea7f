"""Running a suite with progress and notes: what `rematch run` does for every kind of suite."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rematch.cli.console import write_note
from rematch.cli.progress import TaskProgress

if TYPE_CHECKING:
    from rematch.app import Config, Finished, Suite, TaskRun


def execute(
    suite: Suite, settings: Config, output: Path | None, *, redo: bool, quiet: bool
) -> tuple[Finished, Path]:
    """Run a suite to its end.

    Args:
        suite: the tasks.
        settings: all of them.
        output: the run's folder, or None for its default.
        redo: forget what it holds.
        quiet: no progress and no notes.

    Returns:
        What became of the tasks, and the run's folder.
    """
    from rematch import app

    with TaskProgress(len(suite.tasks), quiet=quiet) as progress:
        run = app.build_run(
            settings,
            suite,
            output,
            redo=redo,
            on_change=progress.count_jobs,
            on_event=progress.count_event,
            tell=None if quiet else write_note,
        )
        progress.watch(run.calls.waits)
        if not quiet:
            for notice in run.notices:
                write_note(notice)

        def tell(task_id: str, result: TaskRun | str) -> None:
            progress.finish_task(task_id, result if isinstance(result, str) else _tell(result))

        try:
            finished = app.run_async(lambda: app.run_suite(run, suite, settings, on_done=tell))
        finally:
            run.close()
    return finished, run.folder.path


def _tell(run: TaskRun) -> str:
    from rematch.report.brackets import add_no_votes

    reward = run.reward(run.pick.rollout_id)
    verdict = "not graded" if reward is None else f"reward {reward:g}"
    return add_no_votes(f"picked {run.pick.rollout_id}, {verdict}", run.brackets)
