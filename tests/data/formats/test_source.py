"""Documents: JSON, JSON lines, text; and what cannot be read, in one line each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rematch.data.formats import source
from rematch.data.formats.source import load_json, read_document_at, read_documents
from rematch.errors import InputError
from tests.data.formats.wording import PATCH


def documents(path: Path, data: bytes) -> list[Any]:
    path.write_bytes(data)
    return [document.value for document in read_documents(path)]


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (b'{"a": 1}', [{"a": 1}]),
        (b'\xef\xbb\xbf{"a": 1}\n', [{"a": 1}]),
        (b'{\n "a": 1\n}\n', [{"a": 1}]),
        (b'[\n {"a": 1}\n]', [[{"a": 1}]]),
        (b'{"a": 1}\n\n{"b": 2}\r\n  \n', [{"a": 1}, {"b": 2}]),
        (b'{"a": 1}\n\n', [{"a": 1}]),
        (PATCH.encode(), [PATCH]),
    ],
)
def test_kinds_are_told_by_content(tmp_path: Path, data: bytes, values: list[Any]) -> None:
    assert documents(tmp_path / "any.name", data) == values


def test_a_line_is_found_again_by_its_offset(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_bytes('{"a": "é"}\n\n{"b": 2}\nbroken\n{"c": 3}'.encode())
    found = list(read_documents(path))
    assert [document.line for document in found] == [1, 3, 4, 5]
    assert "is not valid JSON" in found[2].error
    for document in found[:2] + found[3:]:
        assert read_document_at(path, document.offset) == document.value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b" \n\t ", "is empty"),
        (b"PK\x03\x04rest", "is a zip archive; unpack it first"),
        (b"\x1f\x8b\x08", "is a gzip archive; unpack it first"),
        (b"\xff\xfe{\x00", "is UTF-16 text; convert it to UTF-8"),
        (b"\x7fELF\x00\x01", "is binary"),
        (b"hello", "is neither JSON nor a patch"),
        (b'"text"', "is neither JSON nor a patch"),
        (b"NaN", "is neither JSON nor a patch"),
        (b'{"a": [1, 2', "is cut off: JSON ends at column 12"),
        (b'{\n"a": "b', "is cut off: JSON ends at line 2"),
        (b'{"reward": NaN}', "has NaN or Infinity at column 12"),
        (b'{"reward": -Infinity}', "has NaN or Infinity at column 1"),
        (b"{'a': 1}", "is not valid JSON"),
        (b'{"a":' * 5000, "is nested too deeply"),
        (b"[" * 100_000, "is nested too deeply"),
    ],
)
def test_what_cannot_be_read_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        documents(tmp_path / "any.name", data)
    assert str(caught.value).startswith(reason)
    assert "\n" not in str(caught.value)


def test_invalid_utf_8_and_lone_surrogates_are_mended() -> None:
    assert load_json(b'"\xff\xed"') == "\ufffd\ufffd"
    assert load_json(rb'"a\ud800b \udc00"') == "a\ufffdb \ufffd"
    assert load_json(rb'"\ud83d\ude00"') == "\U0001f600"
    assert load_json(rb'["\ud83d\ude00", "\ud83d"]') == ["\U0001f600", "\ufffd"]


def test_huge_numbers_are_numbers() -> None:
    [value] = load_json(str([10**40]).encode())
    assert isinstance(value, float)


def test_folders_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a regular file"):
        list(read_documents(tmp_path))
    with pytest.raises(InputError, match="cannot be opened \\(no such file"):
        list(read_documents(tmp_path / "nothing"))


def test_documents_have_a_greatest_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MAX_BYTES", 1 << 20)
    path = tmp_path / "big.json"
    path.write_text(json.dumps({"a": ["x" * 100] * 20_000}, indent=1))
    with pytest.raises(InputError, match="is larger than 1 MB"):
        list(read_documents(path))


@pytest.mark.parametrize("item", ["[]", "{}", '{"a":0}', '{\n"a":0}', '"a"'])
def test_swarms_of_tiny_values_are_refused(monkeypatch: pytest.MonkeyPatch, item: str) -> None:
    monkeypatch.setattr(source, "SWARM_BYTES", 1 << 10)
    with pytest.raises(InputError, match="far too many for an attempt"):
        load_json(f"[{','.join([item] * 20_000)}]".encode())


def test_text_that_looks_like_a_swarm_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "SWARM_BYTES", 1 << 10)
    value = {"output": '{"a": [1, "b", {"c": "d"}]}' * 2_000}
    assert load_json(json.dumps(value).encode()) == value
