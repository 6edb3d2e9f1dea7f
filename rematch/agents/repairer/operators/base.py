"""What an operator is, and what it works with."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from rematch.agents.repairer.source import FunctionNode, Source, Span


@dataclass(frozen=True)
class Draft:
    """A change proposed by an operator; `weight` compares it with others of the same operator."""

    spans: tuple[Span, ...]
    weight: float = 1.0


@dataclass(frozen=True)
class Pool:
    """What is known beyond the file.

    Attributes:
        literals: numbers and strings that the issue and failing tests mention.
        errors: names of errors that they mention.
        kinds: for each `path:function` the names of types that its variables had in a run.
    """

    literals: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    kinds: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Site:
    """A node that an operator looks at."""

    source: Source
    node: ast.AST
    pool: Pool = field(default_factory=Pool)

    def text(self, node: ast.AST) -> str:
        """A node's text."""
        return self.source.segment(node)

    def kinds_of(self, node: ast.AST) -> frozenset[str]:
        """Names of the types that an expression had in a run; none where that is not known."""
        if isinstance(node, ast.Constant):
            return frozenset({type(node.value).__name__})
        function = self.source.function_of(node)
        if function is None or not isinstance(node, ast.Name | ast.Attribute):
            return frozenset()
        known = self.pool.kinds.get(f"{self.source.path}:{function.name}", {})
        return frozenset(known.get(self.text(node), ()))

    def could_be(self, node: ast.AST, *kinds: str) -> bool:
        """Whether an expression had one of these types in a run, or is not known."""
        found = self.kinds_of(node)
        return not found or not found.isdisjoint(kinds)

    def replace(self, node: ast.AST, text: str, weight: float = 1.0) -> Draft:
        """A node's text becomes another one."""
        return Draft((Span(self.source.start(node), self.source.end(node), text),), weight)

    def between(self, left: ast.AST, right: ast.AST, old: str, new: str, weight: float) -> Draft:
        """The operator between two operands, `old`, becomes `new`."""
        start, end = self.source.end(left), self.source.start(right)
        gap = self.source.text[start:end]
        place = gap.find(old)
        if place < 0 or "#" in gap:
            return Draft(())
        return Draft((Span(start + place, start + place + len(old), new),), weight)

    def insert_before(self, statement: ast.stmt, lines: list[str], weight: float = 1.0) -> Draft:
        """Lines (with their indent relative to the statement) stand before a statement."""
        indent = self.source.indent(statement)
        if indent is None:
            return Draft(())
        first = min([statement.lineno, *(d.lineno for d in _decorators(statement))])
        start = self.source.line_start(first)
        return Draft((Span(start, start, "".join(f"{indent}{line}\n" for line in lines)),), weight)

    def insert_after(self, statement: ast.stmt, lines: list[str], weight: float = 1.0) -> Draft:
        """Lines stand after a statement."""
        indent = self.source.indent(statement)
        if indent is None or not self.source.stands_alone(statement):
            return Draft(())
        line = statement.end_lineno or statement.lineno
        end = self.source.line_start(line) + len(self.source.lines[line - 1])
        return Draft((Span(end, end, "".join(f"\n{indent}{one}" for one in lines)),), weight)

    def delete(self, statement: ast.stmt, weight: float = 1.0) -> Draft:
        """A statement goes, with its lines; `pass` takes the place of a block's only one."""
        if not self.source.stands_alone(statement):
            return Draft(())
        if is_alone_in_block(self.source, statement):
            return self.replace(statement, "pass", weight)
        start = self.source.line_start(statement.lineno)
        last = statement.end_lineno or statement.lineno
        end = min(self.source.line_start(last + 1), len(self.source.text))
        return Draft((Span(start, end, ""),), weight)


Function = Callable[[Site], Iterator[Draft]]


@dataclass(frozen=True)
class Operator:
    """A named operator of the catalogue.

    Attributes:
        name: as it stands in messages.
        nodes: the syntax nodes it looks at.
        weight: how often faults of its kind are met, beside other operators (ours).
        origin: where it is published.
        function: yields what it proposes; drafts without spans do not count.
    """

    name: str
    nodes: tuple[type[ast.AST], ...]
    weight: float
    origin: str
    function: Function


CATALOGUE: dict[str, Operator] = {}

NUMBERS = ("int", "float", "bool", "complex", "Decimal", "Fraction")
COLLECTIONS = ("list", "tuple", "set", "frozenset", "dict", "deque", "defaultdict", "Counter")


def operator(
    name: str, *nodes: type[ast.AST], weight: float, origin: str
) -> Callable[[Function], Function]:
    """Enter a function into the catalogue."""

    def enter(function: Function) -> Function:
        CATALOGUE[name] = Operator(name, nodes, weight, origin, function)
        return function

    return enter


def is_alone_in_block(source: Source, statement: ast.stmt) -> bool:
    """Whether a block would be empty without the statement."""
    return len(block_of(source, statement)) == 1


def block_of(source: Source, statement: ast.stmt) -> list[ast.stmt]:
    """The statements of the block that a statement stands in."""
    parent = source.parents.get(statement)
    for name in ("body", "orelse", "finalbody"):
        block = getattr(parent, name, None)
        if isinstance(block, list) and statement in block:
            return block
    return [statement]


def first_statement(function: FunctionNode) -> ast.stmt:
    """The statement before which a check stands: the first one that is no docstring."""
    body = function.body
    has_docstring = isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant)
    return body[1] if has_docstring and len(body) > 1 else body[0]


def parenthesize(site: Site, node: ast.AST, text: str) -> str:
    """The text, in parentheses where what stands around the node would tear it apart."""
    parent = site.source.parents.get(node)
    binding = (ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.Attribute, ast.Await, ast.IfExp)
    tears = isinstance(parent, binding) or (
        isinstance(parent, ast.Subscript | ast.Call)
        and node is getattr(parent, "value", getattr(parent, "func", None))
    )
    return f"({text})" if tears else text


def grouped(site: Site, node: ast.AST) -> str:
    """A node's text, in parentheses unless it holds together by itself."""
    simple = (ast.Name, ast.Constant, ast.Call, ast.Attribute, ast.Subscript)
    held = (*simple, ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp)
    text = site.text(node)
    return text if isinstance(node, held) or text.startswith("(") else f"({text})"


def _decorators(statement: ast.stmt) -> list[ast.expr]:
    return list(getattr(statement, "decorator_list", []))
