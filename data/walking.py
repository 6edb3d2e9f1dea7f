"""Files under paths: ordered, each once, no link followed in a circle, hidden names left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from rematch.errors import InputError

SIDE_SUFFIXES = frozenset(
    (
        *(".md", ".rst", ".txt", ".log", ".pdf", ".html", ".css", ".xml", ".cast"),
        *(".tsv", ".csv", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".py", ".sh"),
        *(".yaml", ".yml", ".toml", ".cfg", ".ini", ".lock"),
    )
)
"""What stands beside rollouts and is passed over in a folder; a path given by name is read."""


def walk_files(
    paths: Iterable[Path], is_unit: Callable[[Path], bool]
) -> Iterator[Path | tuple[Path, InputError]]:
    """Yields files in order of the paths, then by name; what cannot be read with its error.

    A folder for which `is_unit` holds is yielded as a whole.
    """
    seen: set[tuple[int, int]] = set()
    for given in paths:
        stack = [given]
        while stack:
            path = stack.pop()
            try:
                status = path.stat()
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                if not path.is_dir():
                    if path is given or path.suffix.lower() not in SIDE_SUFFIXES:
                        yield path
                    continue
                if is_unit(path):
                    yield path
                    continue
                children = sorted(child for child in path.iterdir() if child.name[0] != ".")
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                yield path, InputError(f"cannot be opened ({reason}); check it and its permissions")
                continue
            stack.extend(reversed(children))
