"""`rematch optimize`: fit what Rematch decides by, on labelled rollouts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from rematch.cli import options
from rematch.cli.console import write_note
from rematch.errors import UsageError


def optimize(
    target: Annotated[
        Literal["evidence"], typer.Argument(help="`evidence`: the weights of the evidence judge.")
    ],
    pools: Annotated[list[Path], typer.Argument(help="Folders of recorded rollouts.")],
    labels: Annotated[
        list[Path], typer.Option(help="One file of labels per pool, in the same order.")
    ],
    seed: options.Seed = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The weights' file; stdout where nothing is said."),
    ] = None,
) -> None:
    """Fit the evidence judge's weights on labelled pools; `-c evidence.weights=FILE` uses them."""
    from rematch import app

    if len(labels) != len(pools):
        raise UsageError(f"{len(pools)} pools need as many --labels, not {len(labels)}")
    model, problems = app.fit_evidence(zip(pools, labels, strict=True), seed or 0)
    for problem in problems:
        write_note(str(problem))
    text = model.model_dump_json(indent=2) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        app.write_text(output, text)
        sys.stderr.write(f"written to {output}; try it with: -c evidence.weights={output}\n")
