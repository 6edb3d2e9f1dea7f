"""Imports all that a command needs, then forks for each line of words that it reads.

SIGUSR1 makes whatever runs here write where it stands: its threads, and its event loop's tasks.
"""

from __future__ import annotations

import asyncio
import faulthandler
import importlib
import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

_THREADS = Path("/proc/self/task")
_NEEDED = ("litellm", "rematch.app", "rematch.cli", "rematch.agents.mini.loading")
_NEEDED_OF_MINI = ("models.litellm_model", "agents.default")


def main() -> None:
    """Write the process of each command, and when it has ended its exit code."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    *_, loading = map(importlib.import_module, _NEEDED)
    for name in _NEEDED_OF_MINI:
        loading.load_mini(name)
    signal.signal(signal.SIGUSR1, _tell_tasks)
    faulthandler.register(signal.SIGUSR1, chain=True)  # the threads, even where Python waits
    for line in sys.stdin:
        # A lock that another thread holds while we fork is never freed in the fork.
        assert len(list(_THREADS.iterdir())) == 1, "only the thread that forks may run"
        process = os.fork()
        if process == 0:
            _run(json.loads(line))
        _tell("started", process)
        _, status = os.waitpid(process, 0)
        _tell("ended", os.waitstatus_to_exitcode(status))


def _run(words: list[str]) -> NoReturn:
    from rematch import cli

    sys.argv = ["rematch", *words]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    code = 1
    try:
        cli.main()
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _tell(event: str, number: int) -> None:
    sys.stdout.write(f"{event} {number}\n")
    sys.stdout.flush()


def _tell_tasks(number: int, frame: FrameType | None) -> None:
    try:
        tasks = asyncio.all_tasks()
    except RuntimeError:  # no event loop runs
        tasks = set()
    for task in tasks:
        sys.stderr.write(f"{task.get_name()}\n{''.join(_list_places(task.get_coro()))}")
    sys.stderr.write(f"{len(tasks)} tasks\n")
    sys.stderr.flush()


def _list_places(waiting: object) -> Iterator[str]:
    """Down to what it waits for; asyncio itself tells the outermost place only."""
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is not None:
            yield f'  File "{frame.f_code.co_filename}", line {frame.f_lineno}\n'
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)


if __name__ == "__main__":
    main()
