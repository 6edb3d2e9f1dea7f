"""What the sandboxes without a daemon share: a box on this machine's disk, commands run from here.

rematch-box-PID-XXXXXXXX/     0700; PID made it, and `sweep_boxes` knows whether it still lives
    app/                      the copy of the task's environment
    tmp/                      what commands see as /tmp
    etc/                      files made for the inside
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path

from rematch.agents.sandboxes.base import CommandResult, Sandbox
from rematch.agents.sandboxes.cgroups import ControlGroup, make_group
from rematch.agents.sandboxes.commands import CLEAN_ENVIRONMENT, Guard, Runner, refuse_command
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.owners import is_alive
from rematch.agents.sandboxes.patches import is_by_product, make_patch
from rematch.agents.sandboxes.procs import list_descendants
from rematch.agents.sandboxes.trees import copy_tree, remove_tree, scan_tree
from rematch.agents.sandboxes.watch import Watch, free_bytes, measure_use
from rematch.errors import SandboxError

_BOX = re.compile(r"rematch-box-(\d+)-\w+")


class HostSandbox(Sandbox):
    """A sandbox whose files stand on this machine's disk.

    Args:
        source: the folder of which the rollout gets a copy.
        limits: what the rollout may use.
    """

    def __init__(self, source: Path, limits: SandboxLimits | None = None) -> None:
        super().__init__(limits)
        self._source = source
        self._box: Path | None = None
        self._group: ControlGroup | None = None
        self._runner: Runner | None = None

    @property
    def box(self) -> Path:
        """The folder of everything that this sandbox keeps.

        Raises:
            SandboxError: it is not open.
        """
        if self._box is None:
            raise SandboxError("the sandbox is closed")
        return self._box

    def open(self) -> None:
        """Copy the source into a new box."""
        self._box = Path(tempfile.mkdtemp(prefix=name_boxes()))
        copy_tree(self._source, self.box / "app")
        for name in ("tmp", "etc"):
            (self.box / name).mkdir()
        self._furnish()
        self._group = make_group(self.limits)
        folders = (self.box / "app", self.box / "tmp")
        watch = Watch(
            self.limits,
            measure=lambda stop: measure_use(folders, stop),
            free_disk=lambda: free_bytes(folders[0]),
            memory=self._group is None,
            device=self.box.stat().st_dev,
        )
        self._runner = Runner(Guard(self.limits, watch, self._cancelled), self._kill)

    def execute(self, command: str, timeout: float | None = None) -> CommandResult:
        """Run a command in the work folder. What it leaves running ends with it."""
        if self._runner is None:
            raise SandboxError("the sandbox is closed")
        if refused := refuse_command(command):
            return refused
        seconds = self._seconds(timeout)
        line = self._command_line(command, seconds)
        kills = self._group.count_memory_kills() if self._group else 0
        try:
            ended = self._runner.run(
                self._group.wrap(line) if self._group else line,
                seconds,
                folder=self.box / "app",
                env=self._environment(),
            )
        except OSError as error:
            raise SandboxError(f"cannot run a command: {error}") from error
        if ended.reason:
            self.incidents.append(ended.reason)
        elif self._group and self._group.count_memory_kills() > kills:
            limit = self.limits.memory_bytes / 1e6
            self.incidents.append(f"killed at the memory limit of {limit:.0f} MB")
        return self._finish(ended.result, stopped=bool(ended.reason))

    def diff(self) -> str:
        """The patch from the source to what is in the box now."""
        before = scan_tree(self._source, is_by_product)
        after = scan_tree(self.box / "app", is_by_product)
        if after.left_out and os.geteuid() != 0:  # it may have closed its folders to itself
            subprocess.run(["chmod", "-R", "u+rwX", "--", str(self.box / "app")])
            after = scan_tree(self.box / "app", is_by_product)
        patch = make_patch(before, after)
        self.incidents.extend(f"the patch leaves out {what}" for what in patch.left_out[:5])
        return patch.text

    def close(self) -> None:
        """Remove the box."""
        self.cancel()
        self._runner = None
        if self._group is not None:
            self._group.close()
            self._group = None
        if self._box is not None:
            remove_tree(self._box)
            self._box = None

    @abstractmethod
    def _command_line(self, command: str, seconds: float) -> list[str]:
        """What to start on this machine for a command."""

    @abstractmethod
    def _environment(self) -> Mapping[str, str]:
        """The environment in which to start it."""

    def _furnish(self) -> None:
        """Prepare the box further, when the copy stands."""

    def _finish(self, result: CommandResult, stopped: bool) -> CommandResult:
        """A last look at a result, before it is handed on."""
        return result

    def _kill(self, process: subprocess.Popen[bytes]) -> None:
        """End all processes of a command; its own group is ended by the runner."""
        for descendant in list_descendants(process.pid)[1:]:
            with contextlib.suppress(OSError):
                os.kill(descendant, signal.SIGKILL)
        if self._group is not None:  # whoever left the session is in there still
            self._group.kill()

    def _inner_environment(self, path: str, home: str) -> dict[str, str]:
        return {**CLEAN_ENVIRONMENT, "PATH": path, "HOME": home, **self.env}


def name_boxes() -> str:
    """How this process' temporary folders begin, so that a later one sweeps them."""
    return f"rematch-box-{os.getpid()}-"


def sweep_boxes() -> int:
    """Remove the boxes of processes that are gone; how many they were."""
    swept = 0
    for folder in Path(tempfile.gettempdir()).glob("rematch-box-*"):
        match = _BOX.fullmatch(folder.name)
        with contextlib.suppress(OSError):
            is_ours = folder.lstat().st_uid == os.geteuid() and not folder.is_symlink()
            if match and is_ours and not is_alive(int(match[1])):
                remove_tree(folder)
                swept += 1
    return swept
