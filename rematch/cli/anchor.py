"""`rematch anchor`: learn away a judge's bias for a slot, from labelled rollouts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rematch.cli import options
from rematch.cli.console import fail_on, open_console

if TYPE_CHECKING:
    from rematch.app import AnchoringResult


def anchor(
    paths: options.Recorded,
    labels: options.Labels,
    model: options.ModelName = None,
    summarizer_model: options.SummarizerModel = None,
    judge_model: options.JudgeModel = None,
    api_base: options.ApiBase = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    config: options.Settings = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder; default: runs/anchor-POOL."),
    ] = None,
    redo: options.Redo = False,
    as_json: options.AsJson = False,
) -> None:
    """Weigh the slots of a judge that says how likely each of two attempts is best.

    The weights are fitted by DSPy's ReAnchor and measured on tasks that it never saw.
    `-c judge.kind=choice --program FOLDER/program.json` of select and run uses them.
    """
    from rematch import app

    flags = {
        **options.overlay_models(model, api_base, summarizer=summarizer_model, judge=judge_model),
        **options.overlay_workers(workers),
        "seed": seed,
    }
    settings = app.load_config(config or (), flags)
    folder = output or Path("runs") / f"anchor-{paths[0].name or 'pool'}"
    result = app.anchor_pool(settings, paths, labels, folder, redo=redo)
    if as_json:
        sys.stdout.write(result.model_dump_json(indent=2) + "\n")
    else:
        _show(result)
        use = f"-c judge.kind=choice --program {folder}/program.json"
        sys.stderr.write(f"written to {folder}; use it with: {use}\n")
    fail_on(result.problems)


def _show(result: AnchoringResult) -> None:
    console = open_console()
    report = result.report
    low, high = report.gain_ci95
    if low <= 0 <= high:
        console.print("No difference is shown: the interval of the gain includes zero.")
    weights = ", ".join(f"slot {slot}: {weight:g}" for slot, weight in report.weights.items())
    console.print(f"weights: {weights or 'none that hold across folds; the judge stays as it is'}")
    console.print(
        f"on {report.after.n_tasks} held-out tasks ({report.after.n_votes} votes): right "
        f"{100 * report.before.right:.1f} -> {100 * report.after.right:.1f} % "
        f"({100 * report.gain:+.1f}, 95 % {100 * low:+.1f} .. {100 * high:+.1f}), tasks better "
        f"{report.paired.better}, worse {report.paired.worse}, p {report.paired.p:.3f}\n"
        f"slot 1 named: {100 * report.before.first_slot:.1f} -> "
        f"{100 * report.after.first_slot:.1f} % (fair: 50)"
    )
