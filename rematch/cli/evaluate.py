"""`rematch evaluate`: how good every selector is on a labelled pool."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rematch.cli import options
from rematch.cli.console import fail_on, open_console

if TYPE_CHECKING:
    from rematch.app import Evaluation


def evaluate(
    paths: options.Recorded,
    labels: options.Labels,
    model: options.ModelName = None,
    summarizer_model: options.SummarizerModel = None,
    judge_model: options.JudgeModel = None,
    api_base: options.ApiBase = None,
    program: options.Program = None,
    seed: options.Seed = None,
    config: options.Settings = None,
    csv_file: Annotated[Path | None, typer.Option("--csv", help="Write the rows here.")] = None,
    as_json: options.AsJson = False,
) -> None:
    """Measure selectors on labelled rollouts, beside free baselines and the oracle.

    Labels are read here and by `optimize` only; selection never sees one.
    """
    from rematch import app
    from rematch.report.evaluation import write_csv

    flags = {
        **options.overlay_models(model, api_base, summarizer=summarizer_model, judge=judge_model),
        "program": program,
        "seed": seed,
    }
    settings = app.load_config(config or (), flags)
    result = app.evaluate_pool(paths, labels, settings)
    if csv_file:
        app.write_text(csv_file, write_csv(result.rows()))
    if as_json:
        sys.stdout.write(result.model_dump_json(indent=2) + "\n")
    else:
        _show(result)
    fail_on(result.problems)


def _show(result: Evaluation) -> None:
    from rematch.report.evaluation import evaluation_table

    console = open_console()
    console.print(
        f"{result.n_tasks} tasks, {result.n_attempts} attempts, {result.n_mixed} tasks with mixed "
        f"outcomes; pass@1 {100 * result.pass_at_1:.1f}, oracle {100 * result.oracle:.1f}\n"
    )
    console.print(evaluation_table(result.rows()))
    console.print(
        "\ngain: over pass@1; of gap: share of the way from pass@1 to the oracle; "
        "mixed: picked mean on tasks with mixed outcomes;\n"
        "p: exact sign test over tasks against the expectation of a random pick, and against "
        "fewest steps; 95 %: bootstrap over tasks"
    )
