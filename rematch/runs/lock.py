"""One process per run folder: the kernel holds the lock and frees it when the process ends."""

from __future__ import annotations

import fcntl
import os
import weakref
from pathlib import Path

from rematch.errors import RematchError, UsageError

NAME = "lock"


class FolderLock:
    """Holds a folder for this process until it is closed.

    Args:
        folder: made where it is not there.

    Raises:
        UsageError: another process works in it, or this one does twice.
        RematchError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = os.open(folder / NAME, os.O_RDWR | os.O_CREAT, 0o644)
        except OSError as error:
            raise RematchError(f"{folder}: cannot be written ({error.strerror})") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(file, 20).decode(errors="replace").strip() or "unknown"
            os.close(file)
            raise UsageError(
                f"{folder}: process {holder} works in this folder; wait for its end, or choose "
                "another folder with -o"
            ) from error
        os.ftruncate(file, 0)
        os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        self._close = weakref.finalize(self, os.close, file)

    def close(self) -> None:
        """Let go of the folder."""
        self._close()
