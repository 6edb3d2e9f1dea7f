"""Operators on conditions."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rematch.agents.repairer.operators.base import Draft, Site, grouped, operator, parenthesize
from rematch.agents.repairer.source import Span, list_loaded

_OFFUTT = "Offutt et al. 1996, five sufficient mutation operators"
_RELATIONS: dict[type[ast.cmpop], tuple[tuple[str, float], ...]] = {
    ast.Lt: (("<=", 2.0), (">", 0.7), (">=", 0.7), ("!=", 0.2)),
    ast.LtE: (("<", 2.0), (">=", 0.7), (">", 0.7), ("==", 0.2)),
    ast.Gt: ((">=", 2.0), ("<", 0.7), ("<=", 0.7), ("!=", 0.2)),
    ast.GtE: ((">", 2.0), ("<=", 0.7), ("<", 0.7), ("==", 0.2)),
    ast.Eq: (("!=", 1.0), ("<=", 0.5), (">=", 0.5), ("in", 0.3)),
    ast.NotEq: (("==", 1.0), ("<", 0.4), (">", 0.4)),
    ast.Is: (("==", 0.8), ("is not", 1.0)),
    ast.IsNot: (("!=", 0.8), ("is", 1.0)),
    ast.In: (("not in", 1.0), ("==", 0.5)),
    ast.NotIn: (("in", 1.0), ("!=", 0.3)),
}
_SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
_MOST = 8
_CONDITIONAL = (ast.If, ast.While, ast.IfExp, ast.Assert)


def _test_of(node: ast.AST) -> ast.expr | None:
    return node.test if isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert) else None


@operator("relational", ast.Compare, weight=3.0, origin=f"{_OFFUTT}: ROR")
def replace_relation(site: Site) -> Iterator[Draft]:
    """`a < b` becomes `a <= b`, `a > b`, ..."""
    node = site.node
    assert isinstance(node, ast.Compare)
    operands = [node.left, *node.comparators]
    for left, sign, right in zip(operands, node.ops, node.comparators, strict=False):
        for new, weight in _RELATIONS[type(sign)]:
            yield site.between(left, right, _SIGNS[type(sign)], new, weight)


@operator("logical", ast.BoolOp, weight=2.0, origin=f"{_OFFUTT}: LCR")
def replace_connector(site: Site) -> Iterator[Draft]:
    """`and` becomes `or` and the other way round; or one operand goes."""
    node = site.node
    assert isinstance(node, ast.BoolOp)
    old, new = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
    for left, right in zip(node.values, node.values[1:], strict=False):
        yield site.between(left, right, old, new, 2.0)
    if len(node.values) == 2:
        for kept in node.values:
            yield site.replace(node, parenthesize(site, node, site.text(kept)))
    for left, right in zip(node.values, node.values[1:], strict=False):
        if len(node.values) > 2:
            draft = _group_range(site, node, left, right)
            changed = site.between(left, right, old, new, 1.5)
            yield _combine(site, node, draft, changed)


@operator("negation", *_CONDITIONAL, ast.UnaryOp, weight=1.2, origin=f"{_OFFUTT}: UOI")
def negate(site: Site) -> Iterator[Draft]:
    """A condition gets `not`, or loses it."""
    node = site.node
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not):
            yield site.replace(node, parenthesize(site, node, site.text(node.operand)))
        return
    test = _test_of(node)
    if test is not None and not isinstance(test, ast.Compare | ast.UnaryOp | ast.Constant):
        yield site.replace(test, f"not {grouped(site, test)}")


@operator(
    "none-test", *_CONDITIONAL, ast.BoolOp, weight=1.8, origin="TBar (Liu et al. 2019): FP2 variant"
)
def test_for_none(site: Site) -> Iterator[Draft]:
    """What is tested by its truth is tested for None: `x or d`, `if x`, `if not x`."""
    node = site.node
    if isinstance(node, ast.BoolOp):
        if isinstance(node.op, ast.Or) and isinstance(node.values[0], ast.Name | ast.Attribute):
            value, rest = site.text(node.values[0]), node.values[1:]
            if len(rest) == 1:
                text = f"{value} if {value} is not None else {site.text(rest[0])}"
                yield site.replace(node, f"({text})", 1.5)
        parts: list[ast.expr] = node.values
    else:
        test = _test_of(node)
        parts = [test] if test is not None else []
    for part in parts:
        if isinstance(part, ast.Name | ast.Attribute | ast.Call):
            yield site.replace(part, parenthesize(site, part, f"{site.text(part)} is not None"))
        elif isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not):
            yield site.replace(part, f"{grouped(site, part.operand)} is None")


@operator("precedence", ast.BinOp, ast.BoolOp, weight=1.5, origin="TBar FP11, PAR: expression")
def regroup(site: Site) -> Iterator[Draft]:
    """Parentheses move: `a + b * c` becomes `(a + b) * c`, `a or b and c` `(a or b) and c`."""
    node = site.node
    if isinstance(node, ast.BinOp):
        if isinstance(node.right, ast.BinOp) and _is_bare(site, node.right):
            yield _group_range(site, node, node.left, node.right.left)
        if isinstance(node.left, ast.BinOp) and _is_bare(site, node.left):
            yield _group_range(site, node, node.left.right, node.right)
        if _stands_in_parentheses(site, node):
            start, end = site.source.start(node) - 1, site.source.end(node) + 1
            yield Draft((Span(start, end, site.text(node)),), 0.7)
    elif isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        first, last = node.values[0], node.values[-1]
        if isinstance(last, ast.BoolOp) and _is_bare(site, last):
            yield _group_range(site, node, node.values[-2], last.values[0])
        if isinstance(first, ast.BoolOp) and _is_bare(site, first):
            yield _group_range(site, node, first.values[-1], node.values[1])


@operator("condition", *_CONDITIONAL[:2], weight=1.0, origin="TBar FP6: expression adder; ACS")
def join_condition(site: Site) -> Iterator[Draft]:
    """A condition of elsewhere in the file joins this one by `and` or `or`."""
    test, function = _test_of(site.node), site.source.function_of(site.node)
    if test is None or function is None:
        return
    known = {*site.source.names_of(function), "self", "cls"}
    own = _operand(site, test)
    seen = {own}
    for other in site.source.nodes:
        condition = _test_of(other)
        if len(seen) > _MOST:
            return
        if condition is None or condition.lineno != condition.end_lineno:
            continue
        text = _operand(site, condition)
        if text in seen or not list_loaded(condition) & known:
            continue
        seen.add(text)
        near = 1.5 if site.source.function_of(other) is function else 0.7
        for word in ("and", "or"):
            yield site.replace(test, f"{own} {word} {text}", near)


def _operand(site: Site, node: ast.expr) -> str:
    """A condition's text as it can stand beside `and` and `or`."""
    binds = isinstance(node, ast.Compare | ast.UnaryOp)
    return site.text(node) if binds else grouped(site, node)


def _is_bare(site: Site, node: ast.expr) -> bool:
    """Whether no parentheses stand around a node."""
    text = site.source.text
    return not (
        text[: site.source.start(node)].rstrip()[-1:] == "("
        and text[site.source.end(node) :].lstrip()[:1] == ")"
    )


def _stands_in_parentheses(site: Site, node: ast.expr) -> bool:
    """Whether parentheses stand around a node that are no call's."""
    text, start, end = site.source.text, site.source.start(node), site.source.end(node)
    before = text[: start - 1][-1:]
    is_call = before.isalnum() or before in ("_", "]", ")")
    return text[start - 1 : start] == "(" and text[end : end + 1] == ")" and not is_call


def _combine(site: Site, node: ast.expr, grouping: Draft, change: Draft) -> Draft:
    """`a and b and c` with its second connector changed and grouped: `a and (b or c)`."""
    if not change.spans:
        return change
    span, base = change.spans[0], site.source.start(node)
    text = grouping.spans[0].text
    start, end = span.start - base + 1, span.end - base + 1  # behind the new parenthesis
    return site.replace(node, f"{text[:start]}{span.text}{text[end:]}", change.weight)


def _group_range(site: Site, node: ast.expr, first: ast.expr, last: ast.expr) -> Draft:
    base, whole = site.source.start(node), site.text(node)
    start, end = site.source.start(first) - base, site.source.end(last) - base
    return site.replace(node, f"{whole[:start]}({whole[start:end]}){whole[end:]}")
