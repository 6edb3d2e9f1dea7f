"""Files as documents: JSON, JSON lines or text, whatever their name says.

A document is what a format is asked about: a JSON value, or the text of a file that is no JSON.
Nothing is kept: a file is read again when it is needed again, a JSON line is found by its offset.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson  # comes with dspy; several times faster than json, and as strict as RFC 8259

from rematch.errors import InputError

HEAD_BYTES = 1 << 16
MAX_BYTES = 1 << 30
"""A document larger than this is refused: reading it takes several times its size."""

_MENDABLE = ("UTF-8", "surrogate", "hex escape")
SWARM_BYTES = 1 << 23

_ARCHIVES = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}
_BOM = b"\xef\xbb\xbf"
_PATCH = re.compile(r"^(?:diff --git |--- [^\n]+\n\+\+\+ )", re.MULTILINE)
_NOT_A_NUMBER = re.compile(r"-?(?:NaN|Inf)")
_LONE_SURROGATE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)


@dataclass(frozen=True, slots=True)
class Document:
    """One JSON value or text of a file; `error` says why a line has no value.

    `offset` is the byte at which a JSON line starts, None where the document is the whole file.
    """

    value: Any
    line: int = 1
    offset: int | None = None
    error: str = ""


def looks_like_patch(text: str) -> bool:
    """Whether a text has the header of a unified diff."""
    return _PATCH.search(text) is not None


def read_documents(path: Path) -> Iterator[Document]:
    """Yields a file's documents in order, one in memory at a time.

    Raises:
        InputError: The file cannot be opened, is empty, binary, or neither JSON nor a patch. The
            message does not name the file.
    """
    with _open(path) as file:
        head = file.read(HEAD_BYTES).removeprefix(_BOM)
        _refuse_binary(head)
        file.seek(0)
        if head.lstrip()[:1] in (b"{", b"["):
            yield from _read_json(file)
        elif looks_like_patch(head.decode("utf-8", "replace")):
            yield Document(_read_all(file).decode("utf-8", "replace"))
        else:
            raise InputError("is neither JSON nor a patch; see docs/formats.md for what is read")


def read_document_at(path: Path, offset: int | None) -> Any:
    """One document again, by the offset that `read_documents` gave it."""
    if offset is None:
        return next(read_documents(path)).value
    with _open(path) as file:
        file.seek(offset)
        return load_json(file.readline())


def load_json(data: bytes) -> Any:
    """Parses JSON; mends invalid UTF-8 and lone surrogates, which agents' tools do write.

    Raises:
        InputError: It is no JSON, with the place.
    """
    data = data.removeprefix(_BOM)
    _refuse_swarm(data)
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        if not any(mark in error.msg for mark in _MENDABLE):
            raise InputError(_explain(error)) from None
    try:
        return orjson.loads(_mend(data))
    except orjson.JSONDecodeError as error:
        raise InputError(_explain(error)) from None


def load_file(path: Path) -> Any:
    """A whole file as JSON.

    Raises:
        InputError: It cannot be opened, or is no JSON.
    """
    with _open(path) as file:
        return load_json(_read_all(file))


def _open(path: Path) -> BinaryIO:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError("is not a regular file")
        return path.open("rb")
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(
            f"cannot be opened ({reason}); check the path and its permissions"
        ) from None


def _refuse_binary(head: bytes) -> None:
    if not head.strip():
        raise InputError("is empty; remove it or record the attempt again")
    for magic, name in _ARCHIVES.items():
        if head.startswith(magic):
            raise InputError(f"is a {name} archive; unpack it first")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError("is UTF-16 text; convert it to UTF-8")
    if b"\0" in head:
        raise InputError("is binary; only JSON and patches are read")


def _read_all(file: BinaryIO) -> bytes:
    data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(f"is larger than {MAX_BYTES >> 20} MB; split it into one file per attempt")
    return data


def _read_json(file: BinaryIO) -> Iterator[Document]:
    """JSON lines where the first line is a value by itself and more follows, else one document."""
    first = file.readline(MAX_BYTES)
    if not file.read(1):
        yield Document(load_json(first))
        return
    try:
        _refuse_swarm(first)
        value = orjson.loads(first.removeprefix(_BOM))
    except orjson.JSONDecodeError:
        del first
        file.seek(0)
        yield Document(load_json(_read_all(file)))
        return
    file.seek(len(first))
    offset, line = len(first), 1
    del first
    later = _read_lines(file, offset)
    second = next(later, None)
    yield Document(value, line, None if second is None else 0)
    del value
    if second is not None:
        yield second
        del second
        yield from later


def _read_lines(file: BinaryIO, offset: int) -> Iterator[Document]:
    for line, data in enumerate(iter(lambda: file.readline(MAX_BYTES), b""), start=2):
        start, offset = offset, offset + len(data)
        if not data.strip():
            continue
        try:
            yield Document(load_json(data.rstrip()), line, start)
        except InputError as error:
            yield Document(None, line, start, str(error))


def _refuse_swarm(data: bytes) -> None:
    """Refuses JSON of countless tiny values, which takes dozens of times its size in memory.

    Inside a string, quotes are escaped and newlines too, so that most of what is counted is not
    text.
    """
    limit = SWARM_BYTES * 16 + 4 * len(data)
    if len(data) < SWARM_BYTES or _weigh(*(data.count(mark) for mark in b'{["')) <= limit:
        return
    objects = sum(data.count(mark) for mark in (b'{"', b"{\n", b"{\r", b"{}"))
    lists = sum(data.count(mark) for mark in (b"[[", b"[]", b"[{", b'["', b"[\n", b"[\r"))
    strings = data.count(b'",') - data.count(b'\\",')
    if _weigh(objects, lists, strings) > limit:
        raise InputError(f"has {objects + lists} objects and lists, far too many for an attempt")


def _weigh(objects: int, lists: int, strings: int) -> int:
    """About the bytes that CPython takes for so many, without their contents."""
    return 184 * objects + 64 * lists + 56 * strings


def _mend(data: bytes) -> bytes:
    """The same JSON without invalid UTF-8 and lone surrogates."""
    return _LONE_SURROGATE.sub(rb"\\ufffd", data.decode("utf-8", "replace").encode())


def _explain(error: orjson.JSONDecodeError) -> str:
    place = f"column {error.colno}" if error.lineno == 1 else f"line {error.lineno}"
    if _NOT_A_NUMBER.match(error.doc[error.pos : error.pos + 4]):
        return f"has NaN or Infinity at {place}, which JSON does not allow; write null instead"
    if "depth" in error.msg:
        return f"is nested too deeply ({place})"
    if "unexpected end" in error.msg:
        return f"is cut off: JSON ends at {place}; copy it again or remove it"
    return f"is not valid JSON ({error.msg}, {place})"
