"""Formats: trajectory files of other tools, read into records.

A format is a module with `matches(document)` and `read(document)`; the registry asks each in
turn. What marks a format is its content, never a file's name. How to add one:
docs/adding-a-format.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from rematch.data.formats import (
    atif,
    claude_code,
    harbor,
    mini_swe,
    openhands,
    patches,
    predictions,
    swe_agent,
)
from rematch.data.formats.recorded import Recorded
from rematch.data.formats.source import Document, read_document_at, read_documents
from rematch.errors import InputError

is_trial_folder = harbor.is_trial_folder


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of record is recognized and read.

    `spans_lines` means that all JSON lines of a file are one document, a list.
    """

    name: str
    matches: Callable[[Any], bool]
    read: Callable[[Any], Iterator[Recorded]]
    spans_lines: bool = False


FORMATS = (
    Format("harbor-trial", harbor.matches, harbor.read),
    Format("atif", atif.matches, atif.read),
    Format("mini-swe-agent", mini_swe.matches, mini_swe.read),
    Format("swe-agent", swe_agent.matches, swe_agent.read),
    Format("openhands", openhands.matches, openhands.read),
    Format("claude-code", claude_code.matches, claude_code.read, spans_lines=True),
    Format("predictions", predictions.matches, predictions.read),
    Format("patch", patches.matches, patches.read),
)
"""In the order in which they are asked: the more particular first."""

_SIDE_FILES = (
    {"n_total_trials", "stats"},  # Harbor: a job's result
    {"job_name", "jobs_dir"},  # Harbor: a job's configuration
    {"harbor", "trials"},  # Harbor: a job's lock file
    {"agent_class", "llm_config"},  # OpenHands: a run's metadata
)


def find_format(document: Any) -> Format | None:
    """The first format that a document matches."""
    return next((format for format in FORMATS if format.matches(document)), None)


def is_side_file(document: Any) -> bool:
    """Whether a document is known to stand beside rollouts and to hold none."""
    return isinstance(document, dict) and any(keys <= document.keys() for keys in _SIDE_FILES)


def open_documents(path: Path) -> Iterator[tuple[Format | None, Document]]:
    """Yields the documents of a file or Harbor trial folder, each with its format.

    Documents of no format come with None; files known to hold no rollouts yield nothing.

    Raises:
        InputError: The file cannot be read; the message does not name it.
    """
    if path.is_dir():
        yield FORMATS[0], Document(harbor.load_trial(path))
        return
    documents = read_documents(path)
    first = next(documents)
    format = find_format(first.value)
    if format is None and is_side_file(first.value):
        return
    if format is not None and format.spans_lines:
        yield format, Document(_join_lines(chain([first], documents)))
        return
    yield format, first
    del first
    for document in documents:
        yield find_format(document.value), document


def read_again(path: Path, format: Format, offset: int | None) -> Any:
    """A document that `open_documents` found, once more.

    Raises:
        InputError: It is not there any more, or in another format.
    """
    if path.is_dir() or format.spans_lines:
        found, document = next(open_documents(path), (None, Document(None)))
        value = document.value
    else:
        value = read_document_at(path, offset)
        found = format if format.matches(value) else None
    if found is not format:
        raise InputError(f"is no longer in the format {format.name}")
    return value


def _join_lines(documents: Iterator[Document]) -> list[Any]:
    values = []
    for document in documents:
        if document.error:
            raise InputError(f"line {document.line}: {document.error}")
        values.append(document.value)
    return values
