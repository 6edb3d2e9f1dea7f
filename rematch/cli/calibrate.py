"""`rematch calibrate`: how likely a pick is right, from labelled rollouts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rematch.cli import options
from rematch.cli.console import fail_on, open_console
from rematch.cli.progress import TaskProgress

if TYPE_CHECKING:
    from rematch.app import CalibrationReport, Selection


def calibrate(
    paths: options.Recorded,
    labels: options.Labels,
    model: options.ModelName = None,
    summarizer_model: options.SummarizerModel = None,
    judge_model: options.JudgeModel = None,
    api_base: options.ApiBase = None,
    group_size: options.GroupSize = None,
    votes: options.Votes = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    config: options.Settings = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The folder; default: runs/calibration-POOL."),
    ] = None,
    redo: options.Redo = False,
    as_json: options.AsJson = False,
) -> None:
    """Fit the probability that a pick is right, and measure it on tasks that it was not fitted on.

    `-c calibration=FOLDER/calibration.json` of select and run gives every pick its probability.
    """
    from rematch import app

    flags = {
        **options.overlay_models(model, api_base, summarizer=summarizer_model, judge=judge_model),
        **options.overlay_workers(workers),
        "rtv.group_size": group_size,
        "rtv.votes": votes,
        "seed": seed,
    }
    settings = app.load_config(config or (), flags)
    folder = output or Path("runs") / f"calibration-{paths[0].name or 'pool'}"
    pool = len(app.read_pool(paths).sizes)
    with TaskProgress(pool, quiet=as_json) as progress:

        def tell(task_id: str, outcome: Selection | str) -> None:
            told = outcome if isinstance(outcome, str) else f"picked {outcome.pick.rollout_id}"
            progress.finish_task(task_id, told)

        report = app.calibrate_pool(settings, paths, labels, folder, redo=redo, on_done=tell)
    if as_json:
        sys.stdout.write(report.model_dump_json(indent=2) + "\n")
    else:
        _show(report)
        file = folder / "calibration.json"
        sys.stderr.write(f"written to {file}; use it with: -c calibration={file}\n")
    fail_on(report.problems)


def _show(report: CalibrationReport) -> None:
    from rematch.report.reliability import describe_weights, reliability_table

    console = open_console()
    found = report.reliability
    console.print(describe_weights(report.calibration.model_dump()))
    console.print(
        f"\non {found.n} other tasks: expected calibration error {found.ece:.3f}, Brier score "
        f"{found.brier:.3f} ({found.brier_ci95[0]:.3f} .. {found.brier_ci95[1]:.3f}); "
        f"the base rate alone {found.brier_base:.3f}\n"
    )
    console.print(reliability_table([one.model_dump() for one in found.bins]))
    if found.brier >= found.brier_base:
        console.print("\nThe signals say no more than the base rate: trust no single probability.")
