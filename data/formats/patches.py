"""Plain patches: a `.diff` or `.patch`, nothing else of the attempt is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rematch.data.formats.recorded import ONLY_PATCH, Recorded
from rematch.data.formats.source import looks_like_patch


def matches(document: Any) -> bool:
    """Whether this is a text with the header of a unified diff."""
    return isinstance(document, str) and looks_like_patch(document)


def read(document: Any) -> Iterator[Recorded]:
    """Yields the one attempt, of which only the patch is known."""
    yield Recorded(trajectory=ONLY_PATCH, patch=document)
