"""A grading box without isolation: the folder itself, a real bash, a real clock."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Ended:
    output: str
    returncode: int
    timed_out: bool = False


@dataclass
class FolderBox:
    """Runs commands in the folder (rematch.grading.local.GradingBox)."""

    folder: Path
    commands: list[str] = field(default_factory=list)
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def workdir(self) -> str:
        return str(self.folder)

    def execute(self, command: str, timeout: float | None = None) -> Ended:
        self.commands.append(command)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        process = subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env={"PATH": path},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.running.append(process)
        try:
            output, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            return Ended(output, 124, True)
        return Ended(output, process.returncode)

    def cancel(self) -> None:
        for process in self.running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def open_folder_box(folder: Path, seconds: float) -> Iterator[FolderBox]:
    yield FolderBox(folder)
