"""`rematch run`: N attempts a task, twice, one answer each, graded at the end."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rematch.cli import costs, options, repository
from rematch.cli.console import open_console
from rematch.cli.running import execute
from rematch.report.text import count

if TYPE_CHECKING:
    from rematch.app import Config, Finished, Suite


def run(
    suite: Annotated[
        str | None,
        typer.Argument(
            help="`pocket`, `swebench-verified` (-lite, -multilingual, `swebench`), a file of its "
            "instances, a task folder, a folder of them, or name@version. Leave it out with --repo."
        ),
    ] = None,
    only: Annotated[
        str | None, typer.Option("--filter", help="Only tasks whose id matches this glob.")
    ] = None,
    ids: options.Ids = None,
    part: Annotated[str | None, typer.Option("--slice", help="Of those, only start:stop.")] = None,
    repo: options.Repo = None,
    issue: options.Issue = None,
    test: options.Test = None,
    image: options.Image = None,
    apply: options.Apply = False,
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
    budget: options.Budget = None,
    max_calls: options.MaxCalls = None,
    max_tokens: options.MaxTokens = None,
    config: options.Settings = None,
    output: options.Output = None,
    redo: options.Redo = False,
    as_json: options.AsJson = False,
    dry_run: options.DryRun = False,
    print_config: options.PrintConfig = False,
) -> None:
    """Make N attempts a task, let a tournament pick, refine, pick again, and grade.

    Without a model the offline repairer makes the attempts and evidence answers the rest. With
    --repo the task is an issue of your own repository, which is left untouched.
    """
    from rematch import app

    alone = {"--issue": issue, "--test": test, "--image": image, "--apply": apply}
    repository.check_flags(suite, repo, alone, {"--filter": only, "--ids": ids, "--slice": part})
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
        **options.overlay_budget(budget, max_calls, max_tokens),
        **options.overlay_kwargs(agent_kwarg),
        "agent.name": agent,
        "n": rollouts,
        "iterations": iterations,
        "context.k": kept,
        "context.kind": context,
        "keep_champion": keep_champion,
        "rtv.group_size": group_size,
        "rtv.votes": votes,
        **options.overlay_sandbox(sandbox, image),
        "program": program,
        "seed": seed,
    }
    settings = app.load_config(config or (), flags)
    if suite is not None:
        settings = app.fit_to_suite(settings, suite)
    if print_config:
        sys.stdout.write(app.dump_config(settings))
        return
    if repo is not None and issue is not None:
        loaded = app.load_repository(repo, issue, test or "")
    else:
        loaded = app.load_suite(
            suite or "",
            only=only,
            ids=options.split_ids(ids),
            part=part,
            in_harbor=settings.agent.in_harbor,
            registry=settings.agent.harbor.registry,
        )
    if dry_run:
        _show_calls(loaded, settings, as_json)
    elif repo is not None:
        repository.solve(loaded, settings, output, redo=redo, as_json=as_json, apply=apply)
    else:
        _run(loaded, settings, output, redo=redo, as_json=as_json)


def _run(suite: Suite, settings: Config, output: Path | None, *, redo: bool, as_json: bool) -> None:
    from rematch import app
    from rematch.report.export import export_run

    finished, folder = execute(suite, settings, output, redo=redo, quiet=as_json)
    predictions = export_run(app.RunFolder(folder))
    if as_json:
        place = str(predictions) if predictions else None
        made = {**app.as_json(finished), **costs.as_json(finished)}
        document = {"folder": str(folder), "predictions": place, **made}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        _show(finished, folder, settings)
        if predictions:
            open_console().print(f"predictions: {predictions}", soft_wrap=True)
    if costs.tell_ending(finished):
        raise typer.Exit(1)


def _show(finished: Finished, folder: Path, settings: Config) -> None:
    from rematch import app
    from rematch.report.run_table import format_run, tasks_table

    console = open_console()
    runs = list(finished.done.values())
    console.print(tasks_table(runs))
    console.print(f"\n{app.describe_parts(settings)}\n", soft_wrap=True)
    for line in format_run(runs):
        console.print(line, soft_wrap=True)
    costs.show_costs(finished)
    console.print(f"\nrun folder: {folder}   more: rematch show {folder} TASK", soft_wrap=True)


def _show_calls(suite: Suite, settings: Config, as_json: bool) -> None:
    from rematch import app

    calls = app.count_run_calls(suite, settings)
    header = f"{count(len(suite.tasks), 'task')}, {count(calls['rollouts'], 'rollout')}"
    counts = {"tasks": len(suite.tasks), "calls": calls}
    costs.show_forecast(header, counts, app.forecast_run(suite, settings), as_json=as_json)
