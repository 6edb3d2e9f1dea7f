"""Whose a left-over is: told by process, by its start, and by the machine that it ran on."""

from __future__ import annotations

import os
import platform
from pathlib import Path


def is_alive(process: int, start: str = "") -> bool:
    """Whether a process of this machine lives.

    Args:
        process: its id.
        start: its `read_start`; a later process with the same id has another.
    """
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return not start or start == read_start(process)


def read_start(process: int) -> str:
    """When a process started, in ticks since boot; "" where the system does not tell."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[19]


def name_machine() -> str:
    """Names this machine's set of processes: its name, and its process namespace on Linux."""
    try:
        namespace = str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        namespace = ""
    return f"{platform.node()} {namespace}".strip()
