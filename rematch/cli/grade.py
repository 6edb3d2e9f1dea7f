"""`rematch grade`: the tests' verdict on a run, or on predictions from anywhere."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rematch.cli import options
from rematch.cli.console import open_console, write_error, write_note
from rematch.cli.progress import TaskProgress
from rematch.errors import UsageError

if TYPE_CHECKING:
    from rematch.app import Graded, Suite, TaskRun


def grade(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUN | PREDICTIONS...",
            help="A run's folder; or preds.json, .jsonl, patches, trajectories, in any format.",
        ),
    ],
    suite: Annotated[
        str | None,
        typer.Option(help="Whose tests decide, as for `rematch run`; a run knows its own."),
    ] = None,
    ids: options.Ids = None,
    workers: Annotated[
        int | None, typer.Option("--workers", "-w", min=1, help="Gradings at once.")
    ] = None,
    config: options.Settings = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Keeps outcomes and logs of predictions; the default is one folder a suite. What "
            "it holds is not graded again.",
        ),
    ] = None,
    redo: Annotated[bool, typer.Option("--redo", help="Grade again what has a verdict.")] = False,
    as_json: options.AsJson = False,
) -> None:
    """Grade by the tasks' own tests: SWE-bench's by its harness, others in a sandbox.

    Equal patches of a task are graded once.
    """
    from rematch import app

    run = paths[0] if len(paths) == 1 and app.RunFolder(paths[0]).manifest.is_file() else None
    if run is not None:
        _grade_run(run, app.find_suite(run, suite), workers, redo=redo, as_json=as_json)
        return
    if suite is None:
        raise UsageError("--suite is missing: whose tests decide on these predictions?")
    loaded = app.load_suite(suite, ids=options.split_ids(ids))
    settings = app.fit_to_suite(app.load_config(config or ()), suite)
    folder = app.RunFolder(output or Path("runs") / f"grades-{loaded.name}")
    with TaskProgress(len(loaded.tasks), quiet=as_json) as progress:
        graded = app.run_async(
            lambda: app.grade_predictions(
                paths,
                loaded,
                settings,
                folder,
                redo=redo,
                workers=workers,
                tell=_say_nothing if as_json else write_note,
                on_done=progress.finish_task,
            )
        )
    _show(graded, loaded, folder.gradings, as_json=as_json)
    if graded.failures or any(not g.is_verdict for given in graded.grades.values() for g in given):
        raise typer.Exit(1)


def _grade_run(path: Path, suite: Suite, workers: int | None, *, redo: bool, as_json: bool) -> None:
    from rematch import app
    from rematch.report.run_table import format_run, tasks_table

    failures: dict[str, str] = {}
    with TaskProgress(len(suite.tasks), quiet=as_json) as progress:

        def tell(task_id: str, result: TaskRun | str) -> None:
            if isinstance(result, str):
                failures[task_id] = result
            progress.finish_task(task_id, result if isinstance(result, str) else "graded")

        runs = app.run_async(
            lambda: app.grade_run(
                path,
                suite,
                redo=redo,
                workers=workers,
                tell=_say_nothing if as_json else write_note,
                on_done=tell,
            )
        )
    if as_json:
        finished = app.Finished(done={run.task_id: run for run in runs}, failures=failures)
        sys.stdout.write(json.dumps(app.as_json(finished), indent=2) + "\n")
    else:
        console = open_console()
        console.print(tasks_table(runs))
        console.print()
        for line in format_run(runs):
            console.print(line, soft_wrap=True)
    for reason in failures.values():
        write_error(reason)
    if failures or any(run.not_graded for run in runs):
        raise typer.Exit(1)


def _show(graded: Graded, suite: Suite, folder: Path, *, as_json: bool) -> None:
    from rematch.report.grades import format_grades, grades_table

    if as_json:
        tasks = {
            task_id: [grade.model_dump(mode="json") for grade in given]
            for task_id, given in graded.grades.items()
        }
        document = {"folder": str(folder), "tasks": tasks, "failures": graded.failures}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
        return
    console = open_console()
    console.print(grades_table(graded.grades))
    console.print()
    for line in format_grades(graded.grades, len(suite.tasks)):
        console.print(line, soft_wrap=True)
    for where, reason in graded.failures.items():
        write_error(f"{where}: {reason}")
    console.print(f"\nlogs: {folder}", soft_wrap=True)


def _say_nothing(line: str) -> None:
    """With --json there are no notes."""
