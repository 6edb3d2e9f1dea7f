"""The `rematch` command: its global options, and the one place where errors become lines."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated

import typer
from dotenv import find_dotenv, load_dotenv

import rematch
from rematch.cli.ablate import ablate
from rematch.cli.anchor import anchor
from rematch.cli.calibrate import calibrate
from rematch.cli.console import write_error
from rematch.cli.evaluate import evaluate
from rematch.cli.grade import grade
from rematch.cli.interrupts import Interrupts
from rematch.cli.judge_report import judge_report
from rematch.cli.optimize import optimize
from rematch.cli.run import run
from rematch.cli.search import search
from rematch.cli.select import select
from rematch.cli.show import show
from rematch.errors import RematchError, UsageError
from rematch.redaction import hide_secrets
from rematch.report.text import one_line

_LONGEST_LINE = 2_000

app = typer.Typer(
    name="rematch",
    help="Turn N attempts of a coding agent into one better answer.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(run)
app.command()(select)
app.command()(show)
app.command()(grade)
app.command()(judge_report)
app.command()(evaluate)
app.command()(optimize)
app.command()(ablate)
app.command()(search)
app.command()(calibrate)
app.command()(anchor)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"rematch {rematch.__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    debug: Annotated[
        bool,
        typer.Option("--debug", help="Show the traceback of an error.", envvar="REMATCH_DEBUG"),
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_show_version)
    ] = False,
) -> None:
    if debug:
        os.environ["REMATCH_DEBUG"] = "1"


def main() -> None:
    """Run the command line; every error a user can mend is one line."""
    try:
        with Interrupts(sys.argv[1:]):
            _load_keys()
            app()
    except RematchError as error:
        _fail(error, str(error), error.exit_code)
    except Exception as error:  # noqa: BLE001 - the last line of defence
        kind = type(error).__name__
        _fail(error, f"{kind}: {one_line(str(error))} (a fault of Rematch; --debug shows where)", 1)


def _load_keys() -> None:
    path = find_dotenv(usecwd=True)
    try:
        load_dotenv(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error})") from error


def _fail(error: Exception, line: str, code: int) -> None:
    if os.environ.get("REMATCH_DEBUG"):
        told = "".join(traceback.format_exception(error))
        sys.stderr.write(hide_secrets(told))
    else:
        write_error(one_line(hide_secrets(line), _LONGEST_LINE))
    sys.exit(code)
