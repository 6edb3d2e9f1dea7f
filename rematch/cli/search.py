"""`rematch search`: settings that pick better or cost less, measured again on held-out tasks."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rematch.cli import options
from rematch.cli.console import fail_on, open_console, write_note
from rematch.cli.progress import TaskProgress
from rematch.errors import UsageError

if TYPE_CHECKING:
    from rematch.app import SearchResult, Tried


def search(
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders of recorded rollouts.")
    ] = None,
    labels: options.LabelsIfRecorded = None,
    suite: Annotated[
        str | None, typer.Option(help="For a live search: a suite as `rematch run` takes it.")
    ] = None,
    ids: options.Ids = None,
    trials: Annotated[int, typer.Option(min=1, help="How many settings, in all sessions.")] = 50,
    space: Annotated[
        Path | None,
        typer.Option(help="A YAML file of keys and values to try; default: what a pool decides."),
    ] = None,
    held_out: Annotated[
        float, typer.Option(min=0.1, max=0.9, help="Share of tasks that the search never sees.")
    ] = 0.4,
    model: options.ModelName = None,
    agent_model: options.AgentModel = None,
    summarizer_model: options.SummarizerModel = None,
    judge_model: options.JudgeModel = None,
    distiller_model: options.DistillerModel = None,
    api_base: options.ApiBase = None,
    sandbox: options.Sandbox = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    config: options.Settings = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="The search's folder; default: runs/search-POOL. It goes on."
        ),
    ] = None,
    redo: options.Redo = False,
    as_json: options.AsJson = False,
) -> None:
    """Search settings for the best picks at the least cost, on recorded rollouts, or live.

    The best are measured again, in pairs with the base, on tasks that the search never saw.
    """
    from rematch import app

    if bool(paths) == bool(suite):
        raise UsageError("on what? name either recorded rollouts or a --suite")
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
        "agent.sandbox.kind": sandbox,
        "seed": seed,
    }
    settings = app.load_config(config or (), flags)
    name = suite or (paths[0].name if paths else "")
    folder = output or Path("runs") / f"search-{Path(name).name or 'pool'}"
    request = app.SearchRequest(app.read_space(space) if space else None, trials, held_out, redo)
    with TaskProgress(trials, what="trials", quiet=as_json) as progress:

        def tell(one: Tried) -> None:
            given_up = ", given up" if one.is_pruned else ""
            progress.finish_task(f"trial {one.number}", f"{100 * one.mean:.1f}{given_up}")

        if suite:
            settings = app.fit_to_suite(settings, suite)
            hands = settings.agent
            loaded = app.load_suite(
                suite,
                ids=options.split_ids(ids),
                in_harbor=hands.in_harbor,
                registry=hands.harbor.registry,
            )
            line = None if as_json else write_note
            result = app.search_suite(settings, loaded, folder, request, on_done=tell, tell=line)
        elif labels is None:
            raise UsageError("recorded rollouts are searched by their labels: --labels FILE")
        else:
            found = paths or []
            result = app.search_pool(settings, found, labels, folder, request, on_done=tell)
    _finish(result, folder, as_json=as_json)


def _finish(result: SearchResult, folder: Path, *, as_json: bool) -> None:
    from rematch.report import figures

    held = {row.name: row.comparisons["picked"].mean for row in result.held_out.rows}
    if figures.can_draw():
        figures.draw_pareto(
            result.tried,
            [(point.name, point.mean, point.cost) for point in result.pareto],
            [(name, mean, result.costs[name]) for name, mean in held.items()],
            result.unit,
            folder / "pareto",
        )
    else:
        write_note(figures.NO_FIGURES)
    if as_json:
        sys.stdout.write(result.model_dump_json(indent=2) + "\n")
    else:
        _show(result)
        sys.stderr.write(f"written to {folder}; try a setting with: -c {folder}/trial-N.yaml\n")
    fail_on(result.held_out.problems)


def _show(result: SearchResult) -> None:
    from rematch.report.ablation import ablation_table
    from rematch.report.search import pareto_table

    console = open_console()
    console.print(
        f"{result.trials} trials ({result.pruned} given up early) on "
        f"{len(result.search_tasks)} tasks, seed {result.seed}; none beat these:\n"
    )
    points = [point.model_dump() for point in (result.base, *result.pareto)]
    console.print(pareto_table(points, result.unit))
    console.print(f"\non {len(result.held_out_tasks)} held-out tasks:", style="bold")
    console.print(ablation_table(result.held_out.flatten()))
    console.print(
        "\nThe figures on the search tasks flatter: these settings were chosen by them. "
        "Decide by the held-out ones:\nto base: mean difference on the same tasks; 95 %: bootstrap "
        "over tasks; p: exact sign test; Holm: p corrected for their number"
    )
