"""Operators on arithmetic and constants."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rematch.agents.repairer.operators.base import (
    NUMBERS,
    Draft,
    Site,
    grouped,
    operator,
    parenthesize,
)
from rematch.agents.repairer.source import Span

_OFFUTT = "Offutt et al. 1996, five sufficient mutation operators"
_SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.LShift: "<<",
    ast.RShift: ">>",
}
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
_OTHERS: dict[str, tuple[tuple[str, float], ...]] = {
    "+": (("-", 1.0), ("*", 0.4)),
    "-": (("+", 1.0), ("%", 0.2)),
    "*": (("/", 0.7), ("+", 0.5), ("**", 0.4)),
    "/": (("//", 1.2), ("*", 0.8), ("%", 0.3)),
    "//": (("/", 1.2), ("%", 0.8)),
    "%": (("//", 1.0), ("/", 0.4)),
    "**": (("*", 1.0),),
    "&": (("|", 1.0),),
    "|": (("&", 1.0),),
    "<<": ((">>", 1.0),),
    ">>": (("<<", 1.0),),
}


@operator("arithmetic", ast.BinOp, weight=1.8, origin=f"{_OFFUTT}: AOR")
def replace_arithmetic(site: Site) -> Iterator[Draft]:
    """`a + b` becomes `a - b`, ..., or one of its operands."""
    node = site.node
    assert isinstance(node, ast.BinOp)
    if isinstance(node.left, ast.Constant) and isinstance(node.left.value, str | bytes):
        return  # formatting
    sign = _SIGNS.get(type(node.op), "@")
    if site.could_be(node.left, *NUMBERS) and site.could_be(node.right, *NUMBERS):
        for new, weight in _OTHERS.get(sign, ()):
            yield site.between(node.left, node.right, sign, new, weight)
    if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod):
        swapped = f"{grouped(site, node.right)} {sign} {grouped(site, node.left)}"
        yield site.replace(node, parenthesize(site, node, swapped), 0.6)
    for kept in (node.left, node.right):
        is_step = isinstance(node.right, ast.Constant) and kept is node.left
        text = parenthesize(site, node, site.text(kept))
        yield site.replace(node, text, 1.5 if is_step else 0.4)


@operator("augmented", ast.AugAssign, ast.Assign, weight=1.3, origin="cosmic-ray, mutmut")
def replace_augmented(site: Site) -> Iterator[Draft]:
    """`a += b` becomes `a -= b` or `a = b`; `a = b` becomes `a += b`."""
    node = site.node
    if isinstance(node, ast.Assign):
        if len(node.targets) == 1 and not isinstance(node.value, ast.Constant):
            yield site.between(node.targets[0], node.value, "=", "+=", 0.3)
        return
    assert isinstance(node, ast.AugAssign)
    sign = _SIGNS.get(type(node.op), "@")
    for new, weight in _OTHERS.get(sign, ()):
        yield site.between(node.target, node.value, f"{sign}=", f"{new}=", weight)
    yield site.between(node.target, node.value, f"{sign}=", "=", 0.7)


@operator(
    "constant", ast.Constant, weight=1.8, origin="mutmut, cosmic-ray: number replacement; CRP"
)
def replace_constant(site: Site) -> Iterator[Draft]:
    """A number becomes its neighbour, a truth value the other one, a literal one that is told."""
    node = site.node
    assert isinstance(node, ast.Constant)
    if _is_docstring(site, node):
        return
    value = node.value
    if isinstance(value, bool):
        yield site.replace(node, str(not value), 1.5)
    elif isinstance(value, int):
        others = [value + 1, value - 1, 0, 1, -1]
        for rank, other in enumerate(dict.fromkeys(o for o in others if o != value)):
            text = parenthesize(site, node, str(other)) if other < 0 else str(other)
            yield site.replace(node, text, 1.5 if rank < 2 else 0.5)
    elif value is None:
        for text in ("0", "[]", "''", "False", "{}"):
            yield site.replace(node, text, 0.5)
    for text in site.pool.literals:
        told = _read_literal(text)
        if type(told) is type(value) and told != value:
            yield site.replace(node, text, 0.8)


@operator("offset", ast.Call, ast.Slice, ast.Subscript, ast.Return, ast.Compare, weight=1.6,
          origin="TBar FP11 and off-by-one fixes; cosmic-ray")  # fmt: skip
def shift_by_one(site: Site) -> Iterator[Draft]:
    """A bound, an index or a compared length moves by one."""
    for target, weight in _bounds(site.node):
        text = site.text(target)
        if not site.could_be(target, "int"):
            continue
        if isinstance(target, ast.BinOp) and isinstance(target.right, ast.Constant):
            continue  # `constant` and `arithmetic` do that
        for sign in ("+", "-"):
            yield site.replace(target, f"{text} {sign} 1", weight)


@operator("rounding", ast.Call, ast.BinOp, weight=1.2, origin="ours, after TBar FP11 and FP10")
def round_otherwise(site: Site) -> Iterator[Draft]:
    """`int` and `round`, floor and ceiling division, digits of `round`."""
    node = site.node
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.FloorDiv):
            left, right = grouped(site, node.left), grouped(site, node.right)
            yield site.replace(node, parenthesize(site, node, f"-(-{left} // {right})"))
            yield site.replace(node, f"round({left} / {right})", 0.6)
        elif isinstance(node.op, ast.Div):
            yield site.replace(node, f"round({site.text(node)}, 2)", 0.6)
        return
    assert isinstance(node, ast.Call)
    if isinstance(node.func, ast.Name) and len(node.args) >= 1:
        if node.func.id == "int" and len(node.args) == 1:
            yield site.replace(node.func, "round", 1.5)
        elif node.func.id == "round":
            if len(node.args) == 1:
                yield site.replace(node.func, "int", 0.8)
                end = site.source.end(node.args[0])
                for digits, weight in ((2, 1.0), (1, 0.5)):
                    yield Draft((Span(end, end, f", {digits}"),), weight)
            else:
                yield site.replace(node, parenthesize(site, node, site.text(node.args[0])), 0.8)


def _bounds(node: ast.AST) -> Iterator[tuple[ast.expr, float]]:
    """What says how far something goes, with a weight."""
    found: list[ast.expr | None] = []
    weight = 0.5
    if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "range":
        found, weight = [*node.args[:2]], 2.0
    elif isinstance(node, ast.Slice):
        found, weight = [node.lower, node.upper], 1.5
    elif isinstance(node, ast.Subscript):
        found, weight = [node.slice], 0.8
    elif isinstance(node, ast.Return):
        found = [node.value]
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], _ORDERS):
        found = [node.comparators[-1]]
    for bound in found:
        if isinstance(bound, ast.Name | ast.Call | ast.BinOp | ast.Attribute | ast.Subscript):
            yield bound, weight


def _read_literal(text: str) -> object:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None


def _parent(site: Site) -> ast.AST | None:
    return site.source.parents.get(site.node)


def _is_docstring(site: Site, node: ast.Constant) -> bool:
    parents = (ast.Expr, ast.JoinedStr, ast.FormattedValue, ast.MatchValue)
    return isinstance(_parent(site), parents) or node.value is Ellipsis
