"""The process sandbox: a throw-away copy, a clean environment, resource limits. No isolation.

Commands run as the user who runs Rematch: they can read and write whatever that user can, reach
the network, and a process that leaves its session may outlive its command (it is searched for by
a mark in its environment, which it can remove). For agents that are trusted only.
"""

from __future__ import annotations

import contextlib
import os
import platform
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from rematch.agents.sandboxes.base import CommandResult
from rematch.agents.sandboxes.commands import limit_shell
from rematch.agents.sandboxes.host import HostSandbox
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.mounts import list_programs

_MARK = "REMATCH_SANDBOX"


class ProcessSandbox(HostSandbox):
    """A copy of a folder, and nothing around it.

    The box's path, which differs from rollout to rollout, is written "." in outputs.
    """

    kind: ClassVar[str] = "process"
    workdir = "."

    def __init__(self, source: Path, limits: SandboxLimits | None = None) -> None:
        super().__init__(source, limits)
        self.system = platform.system()
        self._mark = secrets.token_hex(8)

    def close(self) -> None:
        """End what still runs, remove the box."""
        if self._box is not None:
            self._kill_marked()
        super().close()

    def _command_line(self, command: str, seconds: float) -> list[str]:
        return [*limit_shell(self.limits, seconds), command]

    def _environment(self) -> Mapping[str, str]:
        return {
            **self._inner_environment(list_programs(), str(self.box / "tmp")),
            "TMPDIR": str(self.box / "tmp"),
            "APP_DIR": str(self.box / "app"),
            _MARK: self._mark,
        }

    def _finish(self, result: CommandResult, stopped: bool) -> CommandResult:
        if stopped:
            self._kill_marked()
        own = str(self.box / "app")
        return result._replace(output=result.output.replace(own, "."))

    def _kill_marked(self) -> None:
        """Kill what left the command's session; Linux only."""
        mark = f"{_MARK}={self._mark}".encode()
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    os.kill(int(folder.name), signal.SIGKILL)
