"""What a patch touches, and how far patches of one task agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rematch.evidence.commands import is_scratch, is_test

_FILE = re.compile(r"^\+\+\+ (?:b/)?(\S+)|^--- (?:a/)?(\S+)", re.MULTILINE)
_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@", re.MULTILINE)


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
    for line in patch.splitlines():
        if line.startswith(("+++ ", "--- ")):
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


def measure_agreement(patches: Sequence[PatchFacts], weights: Sequence[int]) -> list[float]:
    """How far each patch agrees with the others of its task, 0..1.

    Overlap (Jaccard) of changed lines, over all other attempts; files that touch nothing but
    tests or scratch count like any other line. An attempt without patch agrees with nobody.

    Args:
        patches: one per entrant.
        weights: how many attempts each entrant stands for; its equals agree fully.
    """
    others = sum(weights) - 1
    if others <= 0:
        return [0.0] * len(patches)
    agreements = []
    for index, patch in enumerate(patches):
        total = float(weights[index] - 1) if patch.changed else 0.0
        for other, (rival, weight) in enumerate(zip(patches, weights, strict=True)):
            if other != index and patch.changed and rival.changed:
                shared = len(patch.changed & rival.changed)
                total += weight * shared / len(patch.changed | rival.changed)
        agreements.append(total / others)
    return agreements
