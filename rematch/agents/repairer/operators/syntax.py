"""Repairs of files that do not parse (ours): what compilers suggest, tried at the error's line."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator

from rematch.agents.repairer.source import Source, Span, parse

_BLOCKS = ("if", "elif", "else", "for", "while", "def", "class", "try", "except", "finally", "with")


def find_syntax_error(text: str) -> tuple[int, str]:
    """Line and message of a text's first syntax error; line 1 where Python does not say."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except SyntaxError as error:
            return error.lineno or 1, error.msg
        except (ValueError, RecursionError, MemoryError) as error:
            return 1, str(error)
    return 1, ""


def repair_syntax(source: Source) -> Iterator[tuple[int, tuple[Span, ...]]]:
    """Line and spans of each repair after which the file parses."""
    where, _ = find_syntax_error(source.text)
    for line in dict.fromkeys((where, where - 1, where - 2)):
        if not 1 <= line <= len(source.lines):
            continue
        start = source.line_start(line)
        for text in _variants(source.lines[line - 1]):
            span = Span(start, start + len(source.lines[line - 1]), text)
            if parse(source.apply((span,))) is not None:
                yield line, (span,)


def _variants(line: str) -> Iterator[str]:
    bare, stripped = line.rstrip(), line.strip()
    first = stripped.split(" ")[0].rstrip(":(")
    if first in _BLOCKS and not bare.endswith(":"):
        yield f"{bare}:"
        yield f"{bare}):"
    if first in ("if", "elif", "while") and " = " in line:
        yield line.replace(" = ", " == ", 1)
    for closing in (")", "]", "}", '"', "'", "))", "])", ","):
        yield bare + closing
        if bare.endswith(":"):
            yield f"{bare[:-1]}{closing}:"
    if bare[-1:] in ")]}":
        yield bare[:-1]
    for step in (4, -4, 1, -1, 2, -2):
        indent = len(line) - len(line.lstrip()) + step
        if stripped and indent >= 0:
            yield " " * indent + stripped
    yield ""
