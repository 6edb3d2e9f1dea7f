"""`rematch run --repo`: an issue of your own repository, solved in clones of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rematch.cli import costs
from rematch.cli.console import open_console, write_error
from rematch.cli.running import execute
from rematch.errors import UsageError
from rematch.report.text import plain

if TYPE_CHECKING:
    from rematch.app import Config, Finished, RunFolder, Suite


def check_flags(
    suite: str | None, repo: Path | None, alone: Mapping[str, object], parts: Mapping[str, object]
) -> None:
    """Refuse flags that do not go together.

    Args:
        suite: the argument.
        repo: `--repo`.
        alone: what goes with `--repo` only, `--issue` among it.
        parts: what chooses among a suite's tasks.

    Raises:
        UsageError: they do not.
    """
    if (suite is None) == (repo is None):
        raise UsageError("say what to run: a suite, or --repo PATH --issue FILE")
    if repo is not None and alone["--issue"] is None:
        raise UsageError("--repo needs --issue FILE, the text that says what is wrong")
    refused = alone if repo is None else parts
    for name, value in refused.items():
        if value:
            raise UsageError(f"{name} goes with {'--repo' if repo is None else 'a suite'} only")


def solve(
    suite: Suite,
    settings: Config,
    output: Path | None,
    *,
    redo: bool,
    as_json: bool,
    apply: bool,
) -> None:
    """Run the one task, show its attempts and the pick, write the patch, apply it on request."""
    from rematch import app

    if apply:
        app.check_appliable(suite)
    place = app.place_run(settings, suite, output)
    finished, folder = execute(suite, settings, place, redo=redo, quiet=as_json)
    if costs.tell_ending(finished):
        raise typer.Exit(1)
    path, patch = app.keep_pick(suite, app.RunFolder(folder))
    if as_json:
        document = {"folder": str(folder), "patch": str(path), **app.as_json(finished)}
        document |= costs.as_json(finished)
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
    else:
        _show(finished, app.RunFolder(folder), settings, patch)
    if not patch.strip():
        write_error("the pick has no patch: no attempt changed a file")
        raise typer.Exit(1)
    if apply:
        app.apply_pick(suite, patch)
    if not as_json:
        how = "applied to the work tree, nothing is staged" if apply else f"git apply {path}"
        open_console().print(f"\npatch: {path}\n{how}", soft_wrap=True)


def _show(finished: Finished, folder: RunFolder, settings: Config, patch: str) -> None:
    from rematch import app
    from rematch.report.attempts import attempts_table, describe_tests

    console = open_console()
    ((task_id, run),) = finished.done.items()
    rollouts = folder.task(task_id).rollouts()
    console.print(attempts_table(rollouts, run.pick.rollout_id))
    console.print(f"\n{app.describe_parts(settings)}", soft_wrap=True)
    for line in describe_tests(rollouts, run.pick.rollout_id):
        console.print(line, soft_wrap=True)
    costs.show_costs(finished)
    console.print(f"pick: {run.pick.rollout_id} ({run.pick.reasons})\n", soft_wrap=True)
    for line in patch.splitlines():
        console.print(plain(line), soft_wrap=True, style=_color(line))


def _color(line: str) -> str:
    if line.startswith(("+++", "---", "diff ")):
        return "bold"
    return {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
