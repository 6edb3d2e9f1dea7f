"""Runs the command line: in this process, where nothing else is said, as importing it is slow."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from rematch.cli import main

REMATCH = Path(sysconfig.get_path("scripts")) / "rematch"


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its standard output as JSON."""
        return json.loads(self.out)

    @property
    def error(self) -> str:
        """Its one line of error."""
        lines = [line for line in self.err.splitlines() if line.startswith("error: ")]
        assert len(lines) == 1, self.err
        return lines[0].removeprefix("error: ")


@contextlib.contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    with mock.patch.dict(os.environ, variables):
        for name in ("REMATCH_DEBUG", "COLUMNS", "FORCE_COLOR"):
            if name not in variables:
                os.environ.pop(name, None)
        yield


def rematch(*arguments: str | Path, **variables: str) -> Done:
    """Run `rematch ARGUMENTS` in this process; its environment is put back."""
    out, err = io.StringIO(), io.StringIO()
    code: int | str | None = 0
    words = ["rematch", *map(str, arguments)]
    with (
        _environment(variables),
        mock.patch.object(sys, "argv", words),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int) or code is None
    return Done(code or 0, out.getvalue(), err.getvalue())


def start_rematch(*arguments: str | Path, **variables: str) -> subprocess.Popen[str]:
    """Start `rematch ARGUMENTS` in a process of its own."""
    return subprocess.Popen(
        [REMATCH, *map(str, arguments)],
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
