"""One process per run folder: the second gets one clear error, and the kernel frees the lock."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rematch.errors import UsageError
from rematch.runs.lock import FolderLock

HOLD = """
import sys
from pathlib import Path
from rematch.runs.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_process_is_told_who_works_there_until_that_is_killed(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout and holder.stdout.readline() == "held\n"
    with pytest.raises(UsageError) as refused:
        FolderLock(tmp_path)
    assert f"process {holder.pid} works in this folder" in str(refused.value)
    assert "\n" not in str(refused.value)
    holder.kill()
    holder.communicate()
    FolderLock(tmp_path).close()


def test_a_process_may_not_open_its_folder_twice(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path / "new")
    with pytest.raises(UsageError, match=f"process {os.getpid()} works"):
        FolderLock(tmp_path / "new")
    lock.close()
    FolderLock(tmp_path / "new").close()
