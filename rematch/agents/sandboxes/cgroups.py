"""Control groups of version 2 or 1, where this process may make them (root, mostly).

They hold the limits of memory and processes exactly, for all that a sandbox runs.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import time
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path

from rematch.agents.sandboxes.limits import SandboxLimits

_ROOT = Path("/sys/fs/cgroup")
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
    try:
        own = _read_own_groups()
        if "" in own and (root / "cgroup.controllers").exists():
            return _make_v2(limits, root, own[""])
        if "memory" in own and "pids" in own:
            return _make_v1(limits, root, own)
    except OSError:
        pass
    return None


def _read_own_groups() -> dict[str, str]:
    """The paths of our own groups by controller; version 2's is under ""."""
    lines = Path("/proc/self/cgroup").read_text().splitlines()
    parts = (line.split(":", 2) for line in lines)
    return {name: path for _, names, path in parts for name in names.split(",")}


def _new_name() -> str:
    return f"rematch-{os.getpid()}-{next(_numbers)}"


def _make_v2(limits: SandboxLimits, root: Path, own: str) -> ControlGroup:
    # A group with processes in it cannot hand controllers down, so ours stands beside our own.
    parent = (root / own.strip("/")).parent if own.strip("/") else root
    handed = (parent / "cgroup.subtree_control").read_text().split()
    if not {"memory", "pids"} <= set(handed):
        (parent / "cgroup.subtree_control").write_text("+memory +pids")
    settings = {
        "memory.max": limits.memory_bytes,
        "memory.swap.max": 0,
        "pids.max": limits.processes,
    }
    return _make(parent / _new_name(), settings, optional={"memory.swap.max"})


def _make_v1(limits: SandboxLimits, root: Path, own: dict[str, str]) -> ControlGroup:
    name = _new_name()
    memory = root / "memory" / own["memory"].strip("/") / name
    group = _make(
        memory,
        {
            "memory.limit_in_bytes": limits.memory_bytes,
            "memory.memsw.limit_in_bytes": limits.memory_bytes,
        },
        optional={"memory.memsw.limit_in_bytes"},
    )
    try:
        pids = _make(root / "pids" / own["pids"].strip("/") / name, {"pids.max": limits.processes})
    except OSError:
        group.close()
        raise
    return ControlGroup((*group.folders, *pids.folders))


def _make(folder: Path, settings: dict[str, int], optional: Set[str] = frozenset()) -> ControlGroup:
    folder.mkdir()
    group = ControlGroup((folder,))
    try:
        for name, value in settings.items():
            if name in optional and not (folder / name).exists():
                continue
            (folder / name).write_text(str(value))
    except OSError:
        group.close()
        raise
    return group
