"""What run_tests.py reports, read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

_HEAD = re.compile(r"^(?=report: |no run: )", re.MULTILINE)
_ADDRESS = re.compile(r"0x[0-9a-fA-F]+|\d+\.\d+s\b")
_HEADS = ("report: ", "no run: ")
_FAILED_LINE = re.compile(r"^(?:FAIL|ERROR|FAILED):? (\S.*)$", re.MULTILINE)
_FILE_LINE = re.compile(r'File "([^"]+)", line (\d+)|^(\S+\.py):(\d+): ', re.MULTILINE)


@dataclass(frozen=True)
class Failure:
    """A failed test: its error, and the project's lines that it went through, innermost last."""

    id: str
    kind: str
    message: str
    frames: tuple[tuple[str, int], ...] = ()

    @property
    def looks(self) -> str:
        """How it failed, without what differs from run to run."""
        return _ADDRESS.sub("", f"{self.kind}: {self.message}")


@dataclass(frozen=True)
class Report:
    """One run of the tests.

    Attributes:
        ran: tests that began.
        failing: tests that failed; `failures` may hold fewer.
        failures: failed tests in the order in which they ran.
        quick: whether no passing test needed 0.03 s of CPU time.
        kept: whether the edit stands in the work folder now.
        in_place: whether the work folder itself was used.
        lines: for each file rows of line, failing tests that ran it (a bit each), passing tests.
        imported: for each file the lines run by its import.
        kinds: for each `path:function` the names of types that its variables had.
        printed: the end of what the tests printed.
    """

    ran: int
    failing: int
    failures: tuple[Failure, ...] = ()
    quick: bool = False
    kept: bool = False
    in_place: bool = False
    lines: dict[str, list[list[int]]] = field(default_factory=dict)
    imported: dict[str, list[int]] = field(default_factory=dict)
    kinds: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    printed: str = ""

    @property
    def passing(self) -> int:
        """Tests that passed."""
        return max(0, self.ran - self.failing)

    @property
    def failed_ids(self) -> set[str]:
        """The names of failed tests."""
        return {failure.id for failure in self.failures}


def read_reports(output: str) -> list[Report | None]:
    """The reports in a command's output, one per run; None where a patch did not fit."""
    return [_read_part(part) for part in _HEAD.split(output) if part.startswith(_HEADS)]


def _read_part(part: str) -> Report | None:
    line, _, printed = part.partition("\n")
    try:
        return _read(json.loads(line.removeprefix(_HEADS[0])), printed)
    except (ValueError, KeyError, TypeError):
        return None


def _read(data: dict[str, Any], printed: str) -> Report:
    failures = [
        Failure(
            id=one["id"],
            kind=one["type"],
            message=one["message"],
            frames=tuple((path, number) for path, number in one.get("frames", ())),
        )
        for one in data["failed"]
    ]
    report = Report(
        ran=data["ran"],
        failing=data["failing"],
        failures=tuple(failures),
        quick=data["quick"],
        kept=data["kept"],
        in_place=data["in_place"],
        lines=data["lines"],
        imported=data["imported"],
        kinds=data["kinds"],
        printed=printed,
    )
    if data["ran"] == 0 and data["opaque"]:
        return _read_opaque(report)
    return report


def _read_opaque(report: Report) -> Report:
    """A command that only prints: its failed tests are the names in its output."""
    frames = tuple(
        (path or other, int(line or number))
        for path, line, other, number in _FILE_LINE.findall(report.printed)
    )
    last = report.printed.strip().rpartition("\n")[2][:300]
    names = list(dict.fromkeys(_FAILED_LINE.findall(report.printed)))[:40]
    kind = last.partition(":")[0] if re.match(r"\w+Error\b", last) else "AssertionError"
    if not report.failing:
        return Report(ran=1, failing=0, kept=report.kept, in_place=report.in_place)
    failures = tuple(
        Failure(name, kind, last, frames[-12:]) for name in names or ["the test command"]
    )
    return Report(
        ran=len(failures) + 1,
        failing=len(failures),
        failures=failures,
        kept=report.kept,
        in_place=report.in_place,
        printed=report.printed,
    )
