"""Imports all that a selection needs, then forks for each line of words that it reads."""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Write the process of each run, and when it has ended its exit code."""
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm  # noqa: F401

    from rematch import cli

    for line in sys.stdin:
        process = os.fork()
        if process == 0:
            _run(cli.main, json.loads(line))
        _tell(process)
        _, status = os.waitpid(process, 0)
        _tell(os.waitstatus_to_exitcode(status))


def _run(command: object, words: list[str]) -> None:
    assert callable(command)
    sys.argv = ["rematch", *words]
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.dup2(null, 2)
    try:
        command()
    except SystemExit as end:
        os._exit(int(end.code or 0))
    os._exit(0)


def _tell(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
