"""Names of tasks and rollouts: stable, unique, safe to use in a path."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal

from rematch.errors import InputError

GroupBy = Literal["instance", "folder"] | Callable[[Path, str], str]
"""How rollouts become tasks: by the instance a file names (else its folder), always by folder,
or by a function of the file's path and the instance that it names ("" where it names none)."""

MAX_NAME = 200

_SUFFIXES = (".traj.json", ".traj", ".jsonl", ".json", ".patch", ".diff", ".pred")
_INSTANCE = re.compile(r"[\w.-]+__[\w.-]+-\d+")  # SWE-bench's instance ids
_UNSAFE = re.compile(r"[\x00-\x1f\x7f\\]|^/|(?:^|/)\.\.(?:/|$)")


def file_stem(path: Path) -> str:
    """A file's name without the suffixes that trajectory files have."""
    for suffix in _SUFFIXES:
        if path.name.lower().endswith(suffix) and len(path.name) > len(suffix):
            return path.name[: -len(suffix)]
    return path.name


def task_key(path: Path, instance: str, group_by: GroupBy) -> str:
    """The id of the task that a rollout belongs to.

    Raises:
        InputError: The id is empty, too long, or unsafe in a path.
    """
    if callable(group_by):
        key = group_by(path, instance)
    elif group_by == "instance" and instance:
        key = instance
    elif group_by == "instance" and _INSTANCE.fullmatch(file_stem(path)):
        key = file_stem(path)
    else:
        key = path.absolute().parent.name
    return check_name(key or "task")


def check_name(name: str) -> str:
    """The name, if files may be named after it."""
    if not name or len(name) > MAX_NAME or _UNSAFE.search(name):
        raise InputError(f"names its task or attempt {name[:40]!r}, which no file can be named")
    return name


def rollout_ids(places: Sequence[tuple[Path, str]]) -> list[str]:
    """Ids for (file, name within it): the stem, with as many folders as make it unique.

    A name within a file follows after "#". The order of the places does not matter.
    """
    paths = [Path(os.path.abspath(path)) for path, _ in places]  # noqa: PTH100 - follows no link
    twins = Counter((path.parent, file_stem(path)) for path in set(paths))
    tails = []
    for path, (_, name) in zip(paths, places, strict=True):
        stem = file_stem(path)
        last = path.name if twins[path.parent, stem] > 1 else stem
        tails.append((*path.parent.parts[1:], f"{last}#{name}" if name else last))
    sizes = [1] * len(tails)
    while True:
        ids = ["/".join(tail[-size:]) for tail, size in zip(tails, sizes, strict=True)]
        count = Counter(ids)
        longer = [
            min(size + (count[id] > 1), len(tail))
            for id, size, tail in zip(ids, sizes, tails, strict=True)
        ]
        if longer == sizes:
            return _number_twins(ids, places)
        sizes = longer


def _number_twins(ids: list[str], places: Sequence[tuple[Path, str]]) -> list[str]:
    """Tells apart what no folder does: a file `a#b` from the attempt `b` in a file `a`."""
    seen: Counter[str] = Counter()
    for index in sorted(range(len(ids)), key=lambda index: places[index]):
        seen[ids[index]] += 1
        if seen[ids[index]] > 1:
            ids[index] = f"{ids[index]}~{seen[ids[index]]}"
    return ids
