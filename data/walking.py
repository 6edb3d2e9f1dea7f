"""Files under paths: ordered, each once, no link followed in a circle, hidden names left out."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from rematch.errors import InputError

SIDE_SUFFIXES = frozenset(
    (
        *(".md", ".rst", ".txt", ".log", ".pdf", ".html", ".css", ".xml", ".cast"),
        *(".tsv", ".csv", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".py", ".sh"),
        *(".yaml", ".yml", ".toml", ".cfg", ".ini", ".lock"),
    )
)
"""What usually stands beside rollouts. In a folder such a file is no problem if it holds none."""


class Found(NamedTuple):
    """A file, or a folder that is a unit; `error` says why it cannot be read.

    `beside` is true for a file of a folder whose suffix is no rollout's.
    """

    path: Path
    beside: bool = False
    error: InputError | None = None


def walk_files(paths: Iterable[Path], is_unit: Callable[[Path], bool]) -> Iterator[Found]:
    """Yields files in order of the paths, then by name; what cannot be read with its error.

    A folder is entered once, however many links lead to it, so circles end. Two links to one file
    are two files: that is how pools are put together. A folder for which `is_unit` holds is yielded
    as a whole; one in which Rematch keeps its own results is left out.
    """
    folders: set[tuple[int, int]] = set()
    files: set[str] = set()
    for given in paths:
        stack = [given]
        while stack:
            path = stack.pop()
            if not _is_text(path):
                yield Found(path, error=InputError("has a name that is not UTF-8; rename it"))
                continue
            try:
                status = path.stat()
                if not stat.S_ISDIR(status.st_mode):
                    name = os.path.abspath(path)  # noqa: PTH100 - resolves ".." but no link
                    if name not in files:
                        files.add(name)
                        side = path is not given and path.suffix.lower() in SIDE_SUFFIXES
                        yield Found(path, side)
                    continue
                if (status.st_dev, status.st_ino) in folders:
                    continue
                folders.add((status.st_dev, status.st_ino))
                if path is not given and _is_run(path):
                    continue
                if is_unit(path):
                    yield Found(path)
                    continue
                children = sorted(child for child in path.iterdir() if child.name[0] != ".")
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                advice = InputError(f"cannot be opened ({reason}); check it and its permissions")
                yield Found(path, error=advice)
                continue
            stack.extend(reversed(children))


def _is_run(folder: Path) -> bool:
    return (folder / "run.json").is_file() and (folder / "tasks").is_dir()


def _is_text(path: Path) -> bool:
    """Whether ids and records can hold the path: a name may be any bytes."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        return False
    return True
