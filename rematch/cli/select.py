"""`rematch select`: recorded rollouts in, a pick for every task out."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from rematch.cli import costs, options
from rematch.cli.console import open_console, write_error, write_note
from rematch.cli.progress import TaskProgress
from rematch.errors import InputError
from rematch.report.text import count, plain_name

if TYPE_CHECKING:
    from rematch.app import Config, Pool, RunFolder, Selected, Selection
    from rematch.report.picks import PickRow


def select(
    paths: Annotated[
        list[Path], typer.Argument(help="Files and folders of recorded rollouts, any format.")
    ],
    model: options.ModelName = None,
    summarizer_model: options.SummarizerModel = None,
    judge_model: options.JudgeModel = None,
    api_base: options.ApiBase = None,
    program: options.Program = None,
    group_size: options.GroupSize = None,
    votes: options.Votes = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    group_by: Annotated[
        Literal["instance", "folder"], typer.Option(help="How rollouts become tasks.")
    ] = "instance",
    budget: options.Budget = None,
    max_calls: options.MaxCalls = None,
    max_tokens: options.MaxTokens = None,
    config: options.Settings = None,
    output: options.Export = None,
    redo: options.Redo = False,
    as_json: options.AsJson = False,
    dry_run: options.DryRun = False,
    print_config: options.PrintConfig = False,
) -> None:
    """Pick the best of rollouts that already exist.

    Without a model everything is answered from evidence in the trajectories: no key, no cost.
    """
    from rematch import app

    flags = {
        **options.overlay_models(model, api_base, summarizer=summarizer_model, judge=judge_model),
        **options.overlay_workers(workers),
        **options.overlay_budget(budget, max_calls, max_tokens),
        "rtv.group_size": group_size,
        "rtv.votes": votes,
        "program": program,
        "seed": seed,
    }
    settings = app.load_config(config or (), flags)
    if print_config:
        sys.stdout.write(app.dump_config(settings))
        return
    pool = app.read_pool(paths, group_by=group_by)
    if not pool.sizes:
        raise InputError(_nothing(paths, pool))
    if dry_run:
        _show_calls(settings, pool, as_json)
        return
    folder = None
    if output:
        folder = app.open_selection(settings, paths, output, group_by=group_by, redo=redo)
    try:
        failed = _select_and_tell(settings, pool, folder, output, as_json=as_json)
    finally:
        if folder:
            folder.close()
    if failed:
        raise typer.Exit(1)


def _select_and_tell(
    settings: Config, pool: Pool, folder: RunFolder | None, output: Path | None, *, as_json: bool
) -> bool:
    """Select, show and export; whether any of it failed."""
    selected = _select(settings, pool, folder, quiet=as_json)
    if as_json:
        sys.stdout.write(json.dumps(_as_json(selected, pool), indent=2) + "\n")
    else:
        _show(selected, pool)
    if output and folder:
        _export(selected, output)
        _export_rewards(selected, folder, quiet=as_json)
    return costs.tell_ending(selected) or bool(pool.problems)


def _select(settings: Config, pool: Pool, folder: RunFolder | None, *, quiet: bool) -> Selected:
    from rematch import app
    from rematch.report.brackets import add_no_votes

    with TaskProgress(len(pool.sizes), quiet=quiet) as progress:
        parts = app.build_selector(
            settings,
            on_change=progress.count_jobs,
            folder=folder,
            on_event=progress.count_event,
        )

        progress.watch(parts.calls.waits)

        def tell(task_id: str, outcome: Selection | str) -> None:
            if isinstance(outcome, str):
                progress.finish_task(task_id, f"failed: {outcome}")
            else:
                picked = f"picked {outcome.pick.rollout_id}"
                progress.finish_task(task_id, add_no_votes(picked, [outcome.bracket]))

        try:
            return app.run_async(lambda: app.select_pool(parts, pool, settings, folder, tell))
        finally:
            parts.close()


def _export(selected: Selected, output: Path) -> None:
    from rematch.report.export import export_picks

    rows = [(selection.task, _row(selection)) for selection in selected.selections.values()]
    for line in export_picks(output, rows):
        write_note(line)
    sys.stderr.write(
        f"picks: {output / 'picks.json'}, {output / 'preds.json'}, {output / 'best'}\n"
    )


def _export_rewards(selected: Selected, folder: RunFolder, *, quiet: bool) -> None:
    """What Harbor's verifier said of its trials; only now, when every pick is made."""
    from rematch import app
    from rematch.report.harbor_results import RESULT, TABLE, write_results

    graded = app.grade_trials(selected, folder)
    if not graded:
        return
    table = write_results(folder.path, graded)
    if not quiet:
        sys.stdout.write(f"\n{table}")
    sys.stderr.write(f"rewards: {folder.path / TABLE}, {folder.path / RESULT}\n")


def _row(selection: Selection) -> PickRow:
    from rematch.report.picks import PickRow

    return PickRow(selection.pick, selection.winner, selection.bracket)


def _nothing(paths: list[Path], pool: Pool) -> str:
    if not pool.problems:
        return f"{', '.join(map(str, paths))}: no recorded rollouts found (see docs/formats.md)"
    first, *rest = map(str, pool.problems)
    return first + (f" (and {len(rest)} more)" if rest else "")


def _show_calls(settings: Config, pool: Pool, as_json: bool) -> None:
    from rematch import app

    attempts = sum(pool.sizes.values())
    header = f"{count(len(pool.sizes), 'task')}, {count(attempts, 'rollout')}"
    calls = app.count_calls(pool, settings)
    counts = {"tasks": len(pool.sizes), "rollouts": attempts, "calls": calls}
    costs.show_forecast(header, counts, app.forecast_selection(pool, settings), as_json=as_json)


def _show(selected: Selected, pool: Pool) -> None:
    from rematch.report.brackets import format_bracket
    from rematch.report.picks import picks_table, usage_table

    console = open_console()
    for task_id, selection in selected.selections.items():
        console.print(f"\n{plain_name(task_id)}", style="bold")
        for line in format_bracket(selection.bracket):
            console.print(line, soft_wrap=True)
    console.print()
    console.print(picks_table(map(_row, selected.selections.values())))
    console.print(usage_table(selected.usage, selected.events))
    for problem in pool.problems:
        write_error(str(problem))


def _as_json(selected: Selected, pool: Pool) -> dict[str, Any]:
    return {
        "tasks": {
            task_id: {
                "pick": selection.pick.model_dump(mode="json"),
                "origin": selection.winner.origin.model_dump(mode="json"),
                "bracket": selection.bracket.model_dump(mode="json"),
            }
            for task_id, selection in selected.selections.items()
        },
        **costs.as_json(selected),
        "problems": [{"path": problem.path, "reason": problem.reason} for problem in pool.problems],
    }
