"""Counts the added and removed lines of a unified diff."""

import re
from dataclasses import dataclass

_HUNK = re.compile(r"@@ -\d+(?:,(?P<old>\d+))? \+\d+(?:,(?P<new>\d+))? @@")


@dataclass
class FileStat:
    """How many lines a diff adds to and removes from one file."""

    name: str
    added: int = 0
    removed: int = 0


def parse(diff):
    """One FileStat for each file of the diff, in its order.

    A hunk's header says how many old and new lines follow. They are counted off, because
    a removed line may itself look like a header ("--- x" is the removal of "-- x").
    """
    files, before = [], ""
    old_left = new_left = 0
    for line in diff.splitlines():
        if old_left > 0 or new_left > 0:
            if line.startswith("\\"):
                continue
            if line.startswith("+"):
                files[-1].added += 1
            elif line.startswith("-"):
                files[-1].removed += 1
            old_left -= not line.startswith("+")
            new_left -= not line.startswith("-")
        elif line.startswith("--- "):
            before = _name(line)
        elif line.startswith("+++ "):
            after = _name(line)
            files.append(FileStat(before if after == "/dev/null" else after))
        elif match := _HUNK.match(line):
            old_left, new_left = _count(match["old"]), _count(match["new"])
    return files


def _count(digits):
    """Lines of one side of a hunk; `digits` is None where the header gives no number."""
    return int(digits or 0)


def _name(line):
    """The path in a "--- a/path" or "+++ b/path" line."""
    path = line[4:].split("\t")[0]
    return path[2:] if path[:2] in ("a/", "b/") else path
