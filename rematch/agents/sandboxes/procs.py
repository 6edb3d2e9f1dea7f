"""Processes of this machine, as Linux tells of them; elsewhere nothing is known."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path


def list_descendants(leader: int) -> list[int]:
    """The process and all that descend from it, parents first."""
    found = [leader]
    for process in found:
        found.extend(_list_children(process))
    return found


def count_threads(processes: Iterable[int]) -> int:
    """Their threads; a process without others has one."""
    return sum(_read_number(process, "status", "Threads:") for process in processes)


def sum_memory(processes: Iterable[int], limit: int) -> int:
    """Bytes of memory that they hold. Exact beyond `limit` only, where it costs more to know."""
    processes = list(processes)
    names = ("RssAnon:", "RssShmem:")
    rough = sum(_read_number(p, "status", name) * 1024 for p in processes for name in names)
    if rough <= limit:
        return rough
    # Pages that a fork shares count once per process above, once in all here.
    return sum(_read_number(process, "smaps_rollup", "Pss:") * 1024 for process in processes)


def sum_unlinked(processes: Iterable[int], device: int) -> tuple[int, int]:
    """Bytes of open files that no folder holds.

    Args:
        processes: whose files.
        device: the disk's number.

    Returns:
        The bytes on that disk, and those elsewhere: in memory (memfd, tmpfs).
    """
    seen: dict[tuple[int, int], int] = {}
    for process in processes:
        for status in _list_files(process):
            if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                seen[status.st_dev, status.st_ino] = status.st_blocks * 512
    on_disk = sum(size for (where, _), size in seen.items() if where == device)
    return on_disk, sum(seen.values()) - on_disk


def read_free_memory() -> int:
    """Bytes of memory that the machine has left; 0 where it does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if "MemAvailable:" in line), 0)


def _list_children(process: int) -> Iterator[int]:
    try:
        threads = [thread.name for thread in Path(f"/proc/{process}/task").iterdir()]
    except OSError:
        return
    for thread in threads:
        yield from map(int, _read(process, f"task/{thread}/children").split())


def _list_files(process: int) -> Iterator[os.stat_result]:
    try:
        files = list(Path(f"/proc/{process}/fd").iterdir())
    except OSError:
        return
    for file in files:
        try:
            yield file.stat()
        except OSError:
            continue


def _read(process: int, name: str) -> str:
    try:
        return Path(f"/proc/{process}/{name}").read_text(errors="replace")
    except OSError:
        return ""


def _read_number(process: int, name: str, field: str) -> int:
    lines = _read(process, name).splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)
