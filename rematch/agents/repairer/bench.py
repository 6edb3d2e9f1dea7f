"""The bench of one rollout: turns of the conversation, commands, and what is known so far.

The work is written as generators: each yields a `Turn` and is sent the `Output` of its command.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from rematch.agents.repairer.changes import Patch, write_edit
from rematch.agents.repairer.config import RepairerConfig
from rematch.agents.repairer.reports import Report, read_reports
from rematch.agents.repairer.source import Source

T = TypeVar("T")

SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
_HOME = "${TMPDIR:-/tmp}/offline-repairer"
_SCRIPTS = (
    "files.py",
    "run_tests.py",
    "repairer_trial.py",
    "repairer_suites.py",
    "repairer_recorder.py",
)
_MISSING = re.compile(r"can't open file|No such file or directory|No module named 'repairer_")


@dataclass(frozen=True)
class Turn:
    """One message of the repairer with its command."""

    text: str
    command: str


@dataclass(frozen=True)
class Output:
    """What a command gave back; the exit code is None where it is not known."""

    text: str = ""
    exit_code: int | None = None


Work = Generator[Turn, Output, T]


@dataclass
class Bench:
    """What all stages of one rollout share.

    Attributes:
        config: limits and habits.
        sources: files that may be changed, by path.
        tests: test files that were read, by path.
        command: how tests are run, as words.
        checks: further tests, from the issue's examples.
        in_place: whether tests must run in the work folder itself.
        cpu: CPU seconds that one test may use.
        notes: lines to stand at the head of the next message.
    """

    config: RepairerConfig
    sources: dict[str, Source] = field(default_factory=dict)
    tests: dict[str, str] = field(default_factory=dict)
    command: list[str] = field(default_factory=lambda: ["auto"])
    checks: list[str] = field(default_factory=list)
    in_place: bool = False
    cpu: float = 0.0
    notes: list[str] = field(default_factory=list)
    _resend: bool = False

    def note(self, line: str) -> None:
        """Say this at the head of the next message."""
        self.notes.append(line)

    def say(self, text: str) -> str:
        """A message: the notes, then this."""
        lines = [*self.notes, text]
        self.notes.clear()
        return "\n".join(line for line in lines if line)

    def run(self, text: str, command: str) -> Work[Output]:
        """One turn. Where the sandbox forgot the scripts, they are sent again with it."""
        install = f"{write_install()}\n" if self._resend else ""
        output = yield Turn(self.say(text), install + command)
        if not install and _HOME in command and _MISSING.search(output.text[:400]):
            self._resend = True
            again = "The sandbox forgot the repairer's scripts; they are sent again."
            return (yield from self.run(again, command))
        return output

    def test(
        self, text: str, patch: Patch = (), *, keep: str = "", cover: bool = False
    ) -> Work[Report | None]:
        """Run the tests with a patch; None if there is no report (killed, or no fit)."""
        (report,) = yield from self.test_each(text, [patch], keep=keep, cover=cover)
        return report

    def test_each(
        self, text: str, patches: Sequence[Patch], *, keep: str = "", cover: bool = False
    ) -> Work[list[Report | None]]:
        """Run the tests with one patch after another, in one command, up to the first one kept.

        A report each, None as `test` has it: what was to come after a run that was killed, or
        after a patch that was kept, was not tried and has none.
        """
        command = self._write_command(patches, keep, cover)
        output = yield from self.run(text, command)
        reports = read_reports(output.text)[: len(patches)]
        if len(reports) == len(patches) or (reports and reports[-1] and reports[-1].kept):
            return reports
        if self.in_place and patches[len(reports)]:
            yield from self.put_back(patches[len(reports)])
        return [*reports, None]

    def _write_command(self, patches: Sequence[Patch], keep: str, cover: bool) -> str:
        options = ["--cover"] if cover else []
        options += ["--keep", keep] if keep else []
        options += ["--in-place"] if self.in_place else []
        options += ["--seconds", f"{self.config.seconds:g}"]
        cpu = self.cpu * (4 if cover else 1) or self.config.cpu_seconds  # tracing is slow
        options += ["--cpu", f"{cpu:g}"]
        options += ["--shown", str(self.config.shown)]
        words = shlex.join([*options, *self.command])
        command = f"PYTHONHASHSEED=0 python3 {_HOME}/run_tests.py {words}"
        edits = [write_edit(patch, self.sources) for patch in patches]
        given = "\n".join(part for part in ("\n\n".join(edits), *self.checks) if part)
        return f"{command} <<'INPUT'\n{given}\nINPUT" if given else f"{command} </dev/null"

    def put_back(self, patch: Patch) -> Work[None]:
        """Write the patch's files as they were."""
        for path in sorted({change.path for change in patch}):
            quoted = shlex.quote(path)
            text, end = self.sources[path].text.removesuffix("\n"), "END_OF_FILE"
            while end in text:
                end += "_"
            command = f"cat >{quoted} <<'{end}'\n{text}\n{end}"
            yield from self.run(f"The run was cut off: {path} is put back.", command)


def write_install() -> str:
    """The command that puts the scripts into the sandbox, outside the work folder."""
    folder = Path(__file__).with_name("inside")
    parts = [f"mkdir -p {_HOME}"]
    for name in _SCRIPTS:
        text = (folder / name).read_text(encoding="utf-8")
        parts.append(f"cat >{_HOME}/{name} <<'END_OF_SCRIPT'\n{text}END_OF_SCRIPT")
    return "\n".join(parts)


def list_command(most: int) -> str:
    """The command that lists Python files."""
    return f"python3 {_HOME}/files.py list {most}"


def show_command(paths: list[str]) -> str:
    """The command that shows files."""
    return f"python3 {_HOME}/files.py show {shlex.join(paths)}"
