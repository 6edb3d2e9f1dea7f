"""Control groups of version 2 or 1, where this process may make them (root, mostly).

They hold the limits of memory and processes exactly, for all that a sandbox runs.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.owners import is_alive

_ROOT = Path("/sys/fs/cgroup")
_NAME = re.compile(r"rematch-(\d+)-\d+")
_MEMORY_V1 = ("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "")
_MEMORY_V2 = ("memory.max", "", "memory.swap.max")
_numbers = itertools.count(1)
_JOIN = (
    'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"'
)


@dataclass(frozen=True)
class ControlGroup:
    """The folders of one group: one under version 2, one per controller under version 1."""

    folders: tuple[Path, ...]

    def wrap(self, command: list[str]) -> list[str]:
        """The command line that joins the group first."""
        return ["/bin/sh", "-c", _JOIN, "sh", *map(str, self.folders), "--", *command]

    def count_memory_kills(self) -> int:
        """How many processes the kernel killed because the group had no memory left."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with contextlib.suppress(OSError, ValueError):
                    fields = dict(line.split() for line in (folder / name).read_text().splitlines())
                    if "oom_kill" in fields:
                        return int(fields["oom_kill"])
        return 0

    def kill(self) -> None:
        """Kill all processes in the group."""
        folder = self.folders[-1]
        for turn in range(50):  # one pass may miss what is being forked
            with contextlib.suppress(OSError):
                found = (folder / "cgroup.procs").read_text().split()
                if not found:
                    return
                for process in found:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(process), signal.SIGKILL)
            time.sleep(min(0.0005 * 2**turn, 0.02))

    def close(self) -> None:
        """Remove the group; its last processes may take a moment to be gone."""
        for folder in self.folders:
            for _ in range(100):
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.01)
                else:
                    break


def make_group(limits: SandboxLimits, root: Path = _ROOT) -> ControlGroup | None:
    """A new group with these limits of memory and processes; None where that is not allowed."""
    name = f"rematch-{os.getpid()}-{next(_numbers)}"
    made: tuple[Path, ...] = ()
    try:
        for parent, controllers in _find_parents(root).items():
            _hand_down(parent, controllers)
            (parent / name).mkdir()
            made = (*made, parent / name)
            _set_limits(parent / name, controllers, limits)
    except OSError:
        ControlGroup(made).close()
        return None
    return ControlGroup(made) if made else None


def sweep_groups(root: Path = _ROOT) -> int:
    """Remove the groups of processes that are gone, with all that runs in them; how many."""
    swept: set[str] = set()
    with contextlib.suppress(OSError):
        for parent in _find_parents(root):
            for folder in parent.glob("rematch-*-*"):
                match = _NAME.fullmatch(folder.name)
                if match and not is_alive(int(match[1])):
                    group = ControlGroup((folder,))
                    group.kill()
                    group.close()
                    swept.add(folder.name)
    return len(swept)


def _find_parents(root: Path) -> dict[Path, tuple[str, ...]]:
    """Where our groups stand, with their controllers; nowhere if a controller is missing."""
    own = _read_own_groups()
    if "" in own and (root / "cgroup.controllers").exists():
        # A group with processes in it cannot hand controllers down, so ours stands beside our own.
        path = own[""].strip("/")
        return {(root / path).parent if path else root: ("memory", "pids")}
    if "memory" in own and "pids" in own:
        return {root / name / own[name].strip("/"): (name,) for name in ("memory", "pids")}
    return {}


def _read_own_groups() -> dict[str, str]:
    """The paths of our own groups by controller; version 2's is under ""."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    parts = (line.split(":", 2) for line in lines)
    return {name: path for _, names, path in parts for name in names.split(",")}


def _hand_down(parent: Path, controllers: tuple[str, ...]) -> None:
    """Version 2: let groups below the parent have these controllers."""
    switch = parent / "cgroup.subtree_control"
    if switch.exists() and not set(controllers) <= set(switch.read_text().split()):
        switch.write_text(" ".join(f"+{name}" for name in controllers))


def _set_limits(folder: Path, controllers: tuple[str, ...], limits: SandboxLimits) -> None:
    if "memory" in controllers:
        names = _MEMORY_V1 if len(controllers) == 1 else _MEMORY_V2
        (folder / names[0]).write_text(str(limits.memory_bytes))
        for name, value in ((names[1], limits.memory_bytes), (names[2], 0)):
            if name and (folder / name).exists():  # machines without swap have neither
                (folder / name).write_text(str(value))
    if "pids" in controllers:
        (folder / "pids.max").write_text(str(limits.processes))
