"""What a Dockerfile copies into the work folder: enough of its language to do without Docker.

Read are COPY and ADD in both forms, with flags, globs and continued lines, WORKDIR, and FROM,
which begins anew. What cannot be laid out without building the image is an error.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from rematch.errors import InputError

WORKDIR = "/app"
"""The work folder of a task, by convention."""

_INSTRUCTION = re.compile(r"^\s*(FROM|WORKDIR|COPY|ADD)\s+(.+?)\s*$", re.IGNORECASE | re.MULTILINE)
_COMMENT = re.compile(r"^\s*#.*\n", re.MULTILINE)

Copies = tuple[tuple[Path, str], ...]
"""(source, path below the work folder); what a folder holds goes into the path."""


def find_copies(dockerfile: Path, text: str) -> Copies:
    """What stands in the work folder at the start.

    Args:
        dockerfile: its path; the folder around it is what it copies from.
        text: what it holds.

    Raises:
        InputError: an instruction cannot be read, or what it copies is missing or elsewhere.
    """
    copies: list[tuple[Path, str]] = []
    lines = _COMMENT.sub("", text).replace("\\\n", " ")
    instructions = [(word.upper(), rest) for word, rest in _INSTRUCTION.findall(lines)]
    folder = next((rest for word, rest in instructions if word == "WORKDIR"), WORKDIR)
    try:
        for word, rest in instructions:
            if word == "FROM":
                copies.clear()
            elif word == "WORKDIR":
                folder = _resolve(folder, rest.strip("\"'"))
            else:
                copies += _read_copy(rest, folder, dockerfile.parent)
        if _below(folder) is None:
            raise InputError(f"works in {folder}; without Docker only {WORKDIR} can be laid out")
    except (InputError, ValueError) as error:
        raise InputError(f"{dockerfile}: {error}") from error
    return tuple(copies)


def _resolve(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path))


def _below(path: str) -> str | None:
    """A path below the work folder, "." for itself, None for one elsewhere."""
    below = posixpath.relpath(path, WORKDIR)
    return None if below == ".." or below.startswith("../") else below


def _read_copy(rest: str, folder: str, context: Path) -> Iterator[tuple[Path, str]]:
    while rest.startswith("--"):
        flag, _, rest = rest.partition(" ")
        rest = rest.lstrip()
        if flag.startswith("--from"):
            return
    words = [str(w) for w in json.loads(rest)] if rest.startswith("[") else shlex.split(rest)
    if len(words) < 2 or words[0].startswith("<<"):
        raise InputError(f"COPY {rest[:80]}: cannot be read; write COPY SOURCE... TARGET")
    *sources, target = words
    place = _resolve(folder, target)
    below = _below(place)
    if below is None:
        return
    into = target.endswith("/") or place in (folder, WORKDIR) or len(sources) > 1
    for source in sources:
        for path in _find_sources(source, context):
            named = posixpath.join(below, path.name) if into and path.is_file() else below
            yield path, posixpath.normpath(named)


def _find_sources(source: str, context: Path) -> list[Path]:
    """The files and folders that a source names, all of them below the context."""
    if "://" in source or source.startswith("git@"):
        raise InputError(f"adds {source}, which is not fetched here")
    name = posixpath.normpath(source.lstrip("/") or ".")
    paths = sorted(context.glob(name)) if re.search(r"[*?\[]", name) else [context / name]
    if not paths or not all(path.exists() for path in paths):
        raise InputError(f"copies {source}, which is missing")
    resolved = [path.resolve() for path in paths]
    if not all(path.is_relative_to(context.resolve()) for path in resolved):
        raise InputError(f"copies {source} from outside its folder")
    return resolved
