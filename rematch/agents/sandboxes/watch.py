"""What the kernel does not count for us is looked at while a command runs.

Disk: the work folder and /tmp are folders of this machine's disk, on which no quota can be set
without more rights than we have. Memory of all processes together: only a control group knows
it. A look every tenth of a second bounds both to what can be written in that time.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.procs import (
    count_threads,
    list_descendants,
    read_free_memory,
    sum_memory,
    sum_unlinked,
)

INTERVAL = 0.1
"""Seconds between two looks."""
_FREE_DISK, _FREE_MEMORY = 1 << 30, 512 << 20
"""Below this much left on the machine, a command that took much of it is stopped."""
_SLACK = 16
"""Processes beyond the limit: where RLIMIT_NPROC holds, bwrap's own come on top of it."""


@dataclass(frozen=True)
class Use:
    """Bytes on disk and number of files of some folders."""

    disk: int = 0
    files: int = 0


def measure_use(folders: tuple[Path, ...], stop: Use | None = None) -> Use:
    """What the folders take on disk, symlinks not followed. Ends early beyond `stop`."""
    disk = files = 0
    pending = [str(folder) for folder in folders]
    while pending:
        try:
            with os.scandir(pending.pop()) as found:
                for entry in found:
                    files += 1
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    disk += entry.stat(follow_symlinks=False).st_blocks * 512
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:  # nested so deeply that its use cannot be seen
                return Use(sys.maxsize, sys.maxsize)
            continue  # removed meanwhile, or closed to us too
        if stop and (disk > stop.disk or files > stop.files):
            break
    return Use(disk, files)


class Watch:
    """Looks at one command after the other of one sandbox.

    Args:
        limits: what is allowed.
        measure: tells the use of disk now; may stop early beyond the use it is given.
        free_disk: tells the bytes that the machine's disk has left.
        memory: whether to look at memory and processes too (no control group does).
        interval: seconds between two looks.
        device: the number of the disk (`st_dev`), by which unlinked files on it are told.
    """

    def __init__(
        self,
        limits: SandboxLimits,
        measure: Callable[[Use | None], Use],
        free_disk: Callable[[], int],
        *,
        memory: bool,
        interval: float = INTERVAL,
        device: int = 0,
    ) -> None:
        self._limits = limits
        self._measure = measure
        self._free_disk = free_disk
        self._memory = memory
        self._interval = interval
        self._device = device
        start = measure(None)  # limits are what comes on top
        self._allowed = Use(start.disk + limits.disk_bytes, start.files + limits.files)
        self._ceiling = self._allowed
        self._is_over = False
        self._start_free = (0, 0)
        self._next = 0.0

    def begin(self) -> None:
        """A command begins. Where the disk limit is broken already, it may clear away."""
        self._start_free = (self._free_disk(), read_free_memory())
        self._ceiling = self._allowed
        if self._is_over:
            use = self._measure(None)
            self._ceiling = Use(
                max(use.disk, self._allowed.disk), max(use.files, self._allowed.files)
            )

    def look(self, leader: int = 0) -> str:
        """The limit that is broken now, or "". Does nothing before the next look is due.

        Args:
            leader: the process from which all others of the command descend; 0: not ours to see.
        """
        now = time.monotonic()
        if now < self._next:
            return ""
        processes = list_descendants(leader) if leader else []
        on_disk, in_memory = sum_unlinked(processes, self._device) if leader else (0, 0)
        broken = self._look_at_disk(on_disk)
        if self._memory and not broken:
            broken = self._look_at_memory(processes, in_memory)
        cost = time.monotonic() - now
        self._next = now + max(self._interval, 10 * cost)  # large folders are looked at less often
        return broken

    def _look_at_disk(self, unlinked: int) -> str:
        use = self._measure(self._ceiling)
        use = Use(use.disk + unlinked, use.files)
        self._is_over = use.disk > self._allowed.disk or use.files > self._allowed.files
        if use.disk > self._ceiling.disk:
            return f"over the disk limit of {self._limits.disk_bytes / 1e6:.0f} MB"
        if use.files > self._ceiling.files:
            return f"over the limit of {self._limits.files} files"
        free = self._free_disk()
        if free < _FREE_DISK and self._start_free[0] - free > self._limits.disk_bytes:
            return "the machine's disk is nearly full"
        return ""

    def _look_at_memory(self, processes: list[int], unlinked: int) -> str:
        if count_threads(processes) > self._limits.processes + _SLACK:
            return f"over the limit of {self._limits.processes} processes"
        limit = self._limits.memory_bytes
        if sum_memory(processes, limit - unlinked) + unlinked > limit:
            return f"over the memory limit of {limit / 1e6:.0f} MB"
        free = read_free_memory()
        if 0 < free < _FREE_MEMORY and self._start_free[1] - free > limit:
            return "the machine's memory is nearly full"
        return ""


def free_bytes(folder: Path) -> int:
    """What the disk under a folder has left for us."""
    status = os.statvfs(folder)
    return status.f_bavail * status.f_frsize
