"""`rematch run`: N attempts a task, twice, one answer each, graded at the end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rematch.cli import options
from rematch.cli.console import open_console, write_error, write_note
from rematch.cli.progress import TaskProgress

if TYPE_CHECKING:
    from rematch.app import Config, Finished, Suite, TaskRun


def run(
    suite: Annotated[
        str,
        typer.Argument(
            help="`pocket`, `swebench-verified` (-lite, -multilingual, `swebench`), a file of its "
            "instances, a task folder, a folder of them, or name@version."
        ),
    ],
    only: Annotated[
        str | None, typer.Option("--filter", help="Only tasks whose id matches this glob.")
    ] = None,
    ids: options.Ids = None,
    part: Annotated[str | None, typer.Option("--slice", help="Of those, only start:stop.")] = None,
    rollouts: options.Rollouts = None,
    iterations: options.Iterations = None,
    kept: options.Kept = None,
    group_size: options.GroupSize = None,
    votes: options.Votes = None,
    context: options.Context = None,
    keep_champion: options.KeepChampion = None,
    agent: options.AgentName = None,
    agent_kwarg: options.AgentKwarg = None,
    model: options.ModelName = None,
    agent_model: options.AgentModel = None,
    summarizer_model: options.SummarizerModel = None,
    judge_model: options.JudgeModel = None,
    distiller_model: options.DistillerModel = None,
    api_base: options.ApiBase = None,
    program: options.Program = None,
    sandbox: options.Sandbox = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    config: options.Settings = None,
    output: options.Output = None,
    redo: options.Redo = False,
    as_json: options.AsJson = False,
    dry_run: options.DryRun = False,
    print_config: options.PrintConfig = False,
) -> None:
    """Make N attempts a task, let a tournament pick, refine, pick again, and grade.

    Without a model the offline repairer makes the attempts and evidence answers the rest.
    """
    from rematch import app

    flags = {
        **options.overlay_models(
            model,
            api_base,
            agent=agent_model,
            summarizer=summarizer_model,
            judge=judge_model,
            distiller=distiller_model,
        ),
        **options.overlay_workers(workers),
        **options.overlay_kwargs(agent_kwarg),
        "agent.name": agent,
        "n": rollouts,
        "iterations": iterations,
        "context.k": kept,
        "context.kind": context,
        "keep_champion": keep_champion,
        "rtv.group_size": group_size,
        "rtv.votes": votes,
        "agent.sandbox.kind": sandbox,
        "program": program,
        "seed": seed,
    }
    settings = app.fit_to_suite(app.load_config(config or (), flags), suite)
    if print_config:
        sys.stdout.write(app.dump_config(settings))
        return
    hands = settings.agent
    loaded = app.load_suite(
        suite,
        only=only,
        ids=options.split_ids(ids),
        part=part,
        in_harbor=hands.in_harbor,
        registry=hands.harbor.registry,
    )
    if dry_run:
        _show_calls(loaded, settings, as_json)
        return
    finished = _run(loaded, settings, output, redo=redo, as_json=as_json)
    if finished.failures:
        raise typer.Exit(1)


def _run(
    suite: Suite, settings: Config, output: Path | None, *, redo: bool, as_json: bool
) -> Finished:
    from rematch import app

    with TaskProgress(len(suite.tasks), quiet=as_json) as progress:
        run = app.build_run(
            settings,
            suite,
            output,
            redo=redo,
            on_change=progress.count_jobs,
            tell=None if as_json else write_note,
        )
        if not as_json:
            for notice in run.notices:
                write_note(notice)

        def tell(task_id: str, result: TaskRun | str) -> None:
            progress.finish_task(task_id, result if isinstance(result, str) else _tell(result))

        try:
            finished = app.run_async(lambda: app.run_suite(run, suite, settings, on_done=tell))
        finally:
            run.close()
    if as_json:
        document = {"folder": str(run.folder.path), **app.as_json(finished)}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        _show(finished, run.folder.path, settings)
    return finished


def _tell(run: TaskRun) -> str:
    reward = run.reward(run.pick.rollout_id)
    verdict = "not graded" if reward is None else f"reward {reward:g}"
    return f"picked {run.pick.rollout_id}, {verdict}"


def _show(finished: Finished, folder: Path, settings: Config) -> None:
    from rematch import app
    from rematch.report.run_table import format_run, tasks_table

    console = open_console()
    runs = list(finished.done.values())
    console.print(tasks_table(runs))
    console.print(f"\n{app.describe_parts(settings)}\n", soft_wrap=True)
    for line in format_run(runs):
        console.print(line, soft_wrap=True)
    for task_id, reason in finished.failures.items():
        write_error(f"{task_id}: {reason}")
    console.print(f"\nrun folder: {folder}   more: rematch show {folder} TASK", soft_wrap=True)


def _show_calls(suite: Suite, settings: Config, as_json: bool) -> None:
    from rematch import app

    calls = app.count_run_calls(suite, settings)
    if as_json:
        sys.stdout.write(json.dumps({"tasks": len(suite.tasks), "calls": calls}) + "\n")
        return
    sys.stdout.write(f"{len(suite.tasks)} tasks; at most:\n")
    for what, count in calls.items():
        sys.stdout.write(f"  {what:<12}{count:>8,}\n")
