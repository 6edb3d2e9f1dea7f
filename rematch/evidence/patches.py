"""What a patch touches and how large it is."""

from __future__ import annotations

from dataclasses import dataclass

from rematch.evidence.commands import is_scratch, is_test

MOST_CHARACTERS = 4_000_000
"""Of a patch that are read; a larger one is no repair, and its beginning says enough."""


@dataclass(frozen=True, slots=True)
class PatchFacts:
    """A patch's files and size. `changed` holds its added and removed lines, whitespace gone."""

    files: tuple[str, ...] = ()
    added: int = 0
    removed: int = 0
    changed: frozenset[str] = frozenset()

    @property
    def size(self) -> int:
        """Lines added and removed."""
        return self.added + self.removed

    @property
    def tests_only(self) -> bool:
        """Whether it touches tests and scratch files and nothing else."""
        return bool(self.files) and all(is_test(path) or is_scratch(path) for path in self.files)

    @property
    def litter(self) -> tuple[str, ...]:
        """Scratch files that were left in it."""
        return tuple(path for path in self.files if is_scratch(path))


def read_patch(patch: str | None) -> PatchFacts:
    """Read a unified diff; "" and None are a patch without files."""
    if not patch or not patch.strip():
        return PatchFacts()
    files: dict[str, None] = {}
    added = removed = 0
    changed: set[str] = set()
    path = ""
    lines = patch[:MOST_CHARACTERS].splitlines()
    for before, line, after in zip(["", *lines], lines, [*lines[1:], ""], strict=False):
        # A removed `-- comment` looks like a file's line too, but no `+++` follows it.
        is_old = line.startswith("--- ") and after.startswith("+++ ")
        if is_old or (line.startswith("+++ ") and before.startswith("--- ")):
            name = line[4:].split("\t")[0].strip()
            name = name[2:] if name[:2] in ("a/", "b/") else name
            if name and name != "/dev/null":
                path = name
                files[path] = None
        elif line[:1] in ("+", "-"):
            added += line[0] == "+"
            removed += line[0] == "-"
            text = "".join(line[1:].split())
            if text:
                changed.add(f"{line[0]}{path}:{text}")
    return PatchFacts(tuple(files), added, removed, frozenset(changed))
