"""The registry: each attempt is read by its own format, and the docs name them all."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from rematch.data.formats import FORMATS, find_format, is_side_file
from tests.data.formats.samples import ONE_DOCUMENT, claude_code
from tests.data.formats.wording import PATCH

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.mark.parametrize("name", sorted(ONE_DOCUMENT))
def test_each_sample_is_of_its_format(name: str) -> None:
    format = find_format(ONE_DOCUMENT[name]())
    assert format is not None
    assert format.name == name.removesuffix("-sdk")


def test_lines_and_texts_have_formats_too() -> None:
    names = [getattr(find_format(document), "name", "") for document in [*claude_code(), PATCH]]
    assert names == ["claude-code"] * len(claude_code()) + ["patch"]


@pytest.mark.parametrize(
    "document", [None, 1, "text", [], {}, [1], {"steps": []}, {"messages": []}, {"trajectory": []}]
)
def test_other_documents_have_none(document: Any) -> None:
    assert find_format(document) is None
    assert not is_side_file(document)


def test_names_are_unique_and_all_in_the_docs() -> None:
    names = [format.name for format in FORMATS]
    assert len(set(names)) == len(names)
    rows = re.findall(r"^\| `([a-z-]+)` \|", (DOCS / "formats.md").read_text(), re.MULTILINE)
    assert rows == names
