"""A Python file, its syntax tree, and edits of its text by the tree's positions."""

from __future__ import annotations

import ast
import builtins
import contextlib
import functools
import keyword
import warnings
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
ScopeNode = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
_CODE_NAMES = frozenset(dir(builtins)) | frozenset(keyword.kwlist)


@dataclass(frozen=True, order=True)
class Span:
    """Characters `start` to `end` (exclusive) of a file, and what shall stand there."""

    start: int
    end: int
    text: str


def parse(text: str) -> ast.Module | None:
    """The text's syntax tree; None where it has none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


class Source:
    """One file of the project.

    Attributes:
        path: relative to the work folder.
        text: the content, with Unix line ends.
        tree: None where the file does not parse.
    """

    def __init__(self, path: str, text: str) -> None:
        self.path = path
        self.text = text
        self.tree = parse(text)
        self.lines = text.split("\n")
        self._names: dict[ast.AST, list[str]] = {}
        self._starts = [0]
        for line in self.lines:
            self._starts.append(self._starts[-1] + len(line) + 1)

    @functools.cached_property
    def parents(self) -> dict[ast.AST, ast.AST]:
        """Each node's parent."""
        return {child: node for node in self.nodes for child in ast.iter_child_nodes(node)}

    @functools.cached_property
    def nodes(self) -> list[ast.AST]:
        """All nodes, those of outer blocks first."""
        return [] if self.tree is None else list(ast.walk(self.tree))

    @functools.cached_property
    def _shape(self) -> str:
        return "" if self.tree is None else ast.dump(self.tree)

    def offset(self, line: int, column: int) -> int:
        """The character at a line (from 1) and a column in UTF-8 bytes, as `ast` counts."""
        text = self.lines[line - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode(errors="replace"))
        return self._starts[line - 1] + column

    def start(self, node: ast.AST) -> int:
        """Where a node begins."""
        return self.offset(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """Where a node ends, exclusive."""
        return self.offset(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def segment(self, node: ast.AST) -> str:
        """A node's text."""
        return self.text[self.start(node) : self.end(node)]

    def line_of(self, offset: int) -> int:
        """The line (from 1) that a character stands in."""
        return min(bisect_right(self._starts, offset), len(self.lines))

    def line_start(self, line: int) -> int:
        """The first character of a line (from 1)."""
        return self._starts[line - 1]

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes around a node, innermost first."""
        parent = self.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)

    def function_of(self, node: ast.AST) -> FunctionNode | None:
        """The innermost function around a node."""
        return next((a for a in self.ancestors(node) if isinstance(a, FunctionNode)), None)

    def class_of(self, node: ast.AST) -> ast.ClassDef | None:
        """The innermost class around a node."""
        return next((a for a in self.ancestors(node) if isinstance(a, ast.ClassDef)), None)

    def statement_of(self, node: ast.AST) -> ast.stmt | None:
        """The innermost statement that a node is or belongs to."""
        chain = (node, *self.ancestors(node))
        return next((a for a in chain if isinstance(a, ast.stmt)), None)

    def indent(self, statement: ast.stmt) -> str | None:
        """The white space before a statement; None if it does not begin its line."""
        before = self.lines[statement.lineno - 1].encode()[: statement.col_offset].decode()
        return before if not before.strip() else None

    def stands_alone(self, statement: ast.stmt) -> bool:
        """Whether no other statement shares this one's lines."""
        rest = self.lines[(statement.end_lineno or 1) - 1].encode()
        tail = rest[statement.end_col_offset or 0 :].decode().strip()
        return self.indent(statement) is not None and (not tail or tail.startswith("#"))

    def names_of(self, scope: ast.AST) -> list[str]:
        """Names that a function's parameters and assignments bind, in order of appearance."""
        if scope not in self._names:
            names: dict[str, None] = {}
            for node in ast.walk(scope):
                if isinstance(node, ast.arg):
                    names[node.arg] = None
                elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    names[node.id] = None
            self._names[scope] = [name for name in names if name not in ("self", "cls", "_")]
        return self._names[scope]

    def apply(self, spans: tuple[Span, ...]) -> str:
        """The text with all spans replaced; they must not overlap."""
        text = self.text
        for span in sorted(spans, reverse=True):
            text = text[: span.start] + span.text + text[span.end :]
        return text

    def becomes_other(self, text: str) -> bool:
        """Whether the text compiles, and is not the same program in another spelling."""
        tree = parse(text)
        if tree is None:
            return False
        with warnings.catch_warnings(), contextlib.suppress(RecursionError):
            warnings.simplefilter("ignore")
            try:
                compile(tree, self.path, "exec", dont_inherit=True)
            except (SyntaxError, ValueError):
                return False
            return ast.dump(tree) != self._shape
        return text != self.text  # nested too deeply to be looked at here


def list_loaded(node: ast.AST) -> set[str]:
    """Names that a piece of code reads."""
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}


def is_common_name(name: str) -> bool:
    """Whether every Python program knows the name."""
    return name in _CODE_NAMES
