"""`rematch optimize`: tune prompts, or fit what evidence decides by, on labelled rollouts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from rematch.cli import options
from rematch.cli.console import open_notes, write_error, write_note
from rematch.errors import UsageError

if TYPE_CHECKING:
    from rematch.app import Config, TuningRequest

_TUNING = "Tuning"


def optimize(
    target: Annotated[
        Literal["judge", "summarizer", "distiller", "all", "evidence"],
        typer.Argument(help="Whose prompt to tune; `evidence`: the weights of the evidence judge."),
    ],
    pools: Annotated[
        list[Path], typer.Argument(help="Folders of recorded rollouts, or of a graded run.")
    ],
    labels: Annotated[
        list[Path] | None,
        typer.Option(
            help="Tab-separated: task, attempt, reward; a graded run does without. For `evidence` "
            "one file per pool, in the same order."
        ),
    ] = None,
    optimizer: Annotated[
        str | None,
        typer.Option(
            help="gepa (default), mipro, simba, bootstrap or copro.", rich_help_panel=_TUNING
        ),
    ] = None,
    effort: Annotated[
        str | None, typer.Option(help="light, medium or heavy.", rich_help_panel=_TUNING)
    ] = None,
    split: Annotated[
        Path | None,
        typer.Option(
            help="split.json of another tuning, to hold the same tasks out.",
            rich_help_panel=_TUNING,
        ),
    ] = None,
    budget: options.Budget = None,
    max_calls: options.MaxCalls = None,
    model: options.ModelName = None,
    summarizer_model: options.SummarizerModel = None,
    judge_model: options.JudgeModel = None,
    distiller_model: options.DistillerModel = None,
    reflection_model: Annotated[
        str | None,
        typer.Option(
            help="Model that writes instructions; default: the one that is tuned for.",
            rich_help_panel="Models",
        ),
    ] = None,
    api_base: options.ApiBase = None,
    program: options.Program = None,
    group_size: options.GroupSize = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    config: options.Settings = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The tuning's folder (default: runs/optimize-...); the same command continues "
            "it. For `evidence` the weights' file, stdout where nothing is said.",
        ),
    ] = None,
    redo: options.Redo = False,
    as_json: options.AsJson = False,
) -> None:
    """Tune prompts on labelled rollouts and measure them on held-out tasks (docs/tuning.md).

    `--program FOLDER/program.json` of run and select loads the result. `evidence` fits the
    evidence judge's weights; `-c evidence.weights=FILE` uses them.
    """
    from rematch import app

    if target == "evidence":
        _fit_evidence(pools, labels or [], seed or 0, output)
        return
    if labels and len(labels) > 1:
        raise UsageError(f"{target}: takes one file of --labels for all pools together")
    flags = {
        **options.overlay_models(
            model,
            api_base,
            summarizer=summarizer_model,
            judge=judge_model,
            distiller=distiller_model,
            reflection=reflection_model,
        ),
        **options.overlay_workers(workers),
        "tuning.optimizer": optimizer,
        "tuning.effort": effort,
        **options.overlay_budget(budget, max_calls),
        "program": program,
        "rtv.group_size": group_size,
        "seed": seed,
    }
    settings = app.load_config(config or (), flags)
    request = app.TuningRequest(target, tuple(pools), labels[0] if labels else None, split)
    _tune(request, settings, output, redo=redo, as_json=as_json)


def _tune(
    request: TuningRequest, settings: Config, output: Path | None, *, redo: bool, as_json: bool
) -> None:
    from rematch import app
    from rematch.report.tuning import headlines

    notes = {} if as_json else {"tell": open_notes()}  # DSPy's output goes to a log meanwhile
    report, folder = app.tune_prompts(request, settings, output, redo=redo, **notes)
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    else:
        for line in headlines(report.model_dump(mode="json")):
            sys.stdout.write(f"{line}\n")
        sys.stdout.write(f"report: {folder / 'report.md'}\n")
        sys.stdout.write(f"use it with: --program {folder / 'program.json'}\n")
    for one in report.targets:
        if one.stopped:
            write_error(f"{one.target}: tuning was ended early: {one.stopped}")
    if report.stopped:
        raise typer.Exit(1)


def _fit_evidence(pools: list[Path], labels: list[Path], seed: int, output: Path | None) -> None:
    from rematch import app

    if len(labels) != len(pools):
        raise UsageError(f"{len(pools)} pools need as many --labels, not {len(labels)}")
    model, problems = app.fit_evidence(zip(pools, labels, strict=True), seed)
    for problem in problems:
        write_note(str(problem))
    text = model.model_dump_json(indent=2) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        app.write_text(output, text)
        sys.stderr.write(f"written to {output}; try it with: -c evidence.weights={output}\n")
