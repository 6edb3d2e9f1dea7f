"""Formats: trajectory files of other tools, read into records.

A format is a module with NAME, `matches(document)` and `read(document)`; the registry asks each
in turn. What marks a format is its content, never a file's name. How to add one:
docs/adding-a-format.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from rematch.data.formats import atif, harbor, mini_swe
from rematch.data.formats.recorded import Recorded


class Format(Protocol):
    """What a module of this room offers."""

    NAME: str

    def matches(self, document: Any) -> bool:
        """Whether a document (a JSON value or a text) is of this format."""

    def read(self, document: Any) -> Iterator[Recorded]:
        """Yields the attempts of a document that matches."""


FORMATS: tuple[Format, ...] = (harbor, atif, mini_swe)
"""In the order in which they are asked: the more particular first."""


def find_format(document: Any) -> Format | None:
    """The first format that a document matches."""
    return next((format for format in FORMATS if format.matches(document)), None)
