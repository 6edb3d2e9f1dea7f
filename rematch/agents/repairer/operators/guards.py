"""Operators that insert checks: of None, of emptiness, of bounds, of zero."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from rematch.agents.repairer.operators.base import (
    NUMBERS,
    Draft,
    Site,
    first_statement,
    grouped,
    operator,
)
from rematch.agents.repairer.source import FunctionNode

_EMPTY = ("None", "[]", "''", "0", "{}", "False")


@operator("null-check", ast.FunctionDef, ast.Expr, ast.Assign, ast.AugAssign, weight=1.0,
          origin="PAR: null pointer checker; TBar FP2")  # fmt: skip
def check_none(site: Site) -> Iterator[Draft]:
    """A parameter that is None ends the function early; a use of it is skipped."""
    node = site.node
    if isinstance(node, ast.FunctionDef):
        first = first_statement(node)
        for name in _parameters(node):
            weight = 0.6 if "NoneType" in _kinds(site, node, name, "NoneType") else 0.1
            for value in _results(node):
                yield site.insert_before(
                    first, [f"if {name} is None:", f"    return {value}"], weight
                )
        return
    assert isinstance(node, ast.stmt)
    if node.lineno != node.end_lineno:
        return
    for owner in _owners(node):
        text = f"if {owner} is not None:\n{site.source.indent(node)}    {site.text(node)}"
        if site.source.stands_alone(node):
            yield site.replace(node, text, 0.8)


@operator(
    "empty-check", ast.FunctionDef, weight=1.2, origin="PAR: collection size checker; TBar FP2"
)
def check_empty(site: Site) -> Iterator[Draft]:
    """An empty argument ends the function early, or is an error."""
    node = site.node
    assert isinstance(node, ast.FunctionDef)
    first = first_statement(node)
    for name in _parameters(node):
        is_many = set(_kinds(site, node, name, "list")) - set(NUMBERS)
        for rank, value in enumerate(dict.fromkeys((*_results(node), name))):
            weight = (1.0 if is_many else 0.3) / (1 + 0.4 * rank)
            yield site.insert_before(first, [f"if not {name}:", f"    return {value}"], weight)
        for error in site.pool.errors[:3]:
            lines = [f"if not {name}:", f"    raise {error}({name!r})"]
            yield site.insert_before(first, lines, 0.8)
            lines = [f"if {name} < 0:", f"    raise {error}({name!r})"]
            yield site.insert_before(first, lines, 0.5)


@operator("zero-check", ast.BinOp, weight=0.6, origin="TBar FP2 variant: division by zero")
def check_zero(site: Site) -> Iterator[Draft]:
    """A quotient is 0 where its divisor is."""
    node = site.node
    assert isinstance(node, ast.BinOp)
    if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod):
        divisor = site.text(node.right)
        if not isinstance(node.right, ast.Constant):
            yield site.replace(node, f"({site.text(node)} if {divisor} else 0)")
            yield site.replace(node.right, f"max({divisor}, 1)", 0.5)


@operator(
    "range-check", ast.Subscript, ast.While, weight=0.6, origin="PAR: range checker; TBar FP3"
)
def check_range(site: Site) -> Iterator[Draft]:
    """A loop also ends at the end of the sequence that it indexes."""
    node = site.node
    if isinstance(node, ast.While):
        pairs = {
            (site.text(sub.value), site.text(sub.slice))
            for sub in ast.walk(node)
            if isinstance(sub, ast.Subscript) and isinstance(sub.slice, ast.Name)
        }
        for owner, index in sorted(pairs):
            yield site.replace(node.test, f"{index} < len({owner}) and {grouped(site, node.test)}")
        return
    assert isinstance(node, ast.Subscript)
    is_index = isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int)
    if is_index and isinstance(node.ctx, ast.Load):
        for value in ("None", "''", "0"):
            yield site.replace(
                node, f"({site.text(node)} if {site.text(node.value)} else {value})", 0.6
            )


@operator("clamp", ast.Return, ast.Assign, weight=0.5, origin="ours, after PAR: range checker")
def clamp(site: Site) -> Iterator[Draft]:
    """A result does not fall below zero."""
    value = getattr(site.node, "value", None)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Sub):
        yield site.replace(value, f"max(0, {site.text(value)})")


def _kinds(site: Site, function: FunctionNode, name: str, default: str) -> Sequence[str]:
    """Types that a parameter had in a run; the default where that is not known."""
    known = site.pool.kinds.get(f"{site.source.path}:{function.name}", {})
    return known.get(name, [default])


def _parameters(function: FunctionNode) -> list[str]:
    arguments = [*function.args.posonlyargs, *function.args.args]
    return [a.arg for a in arguments if a.arg not in ("self", "cls")][:4]


def _results(function: FunctionNode) -> list[str]:
    """Empty results, those first that look like what the function returns elsewhere."""
    likely: dict[str, None] = {}
    for node in ast.walk(function):
        value = node.value if isinstance(node, ast.Return) else None
        if isinstance(value, ast.List | ast.ListComp):
            likely["[]"] = None
        elif isinstance(value, ast.Dict | ast.DictComp):
            likely["{}"] = None
        elif isinstance(value, ast.JoinedStr):
            likely["''"] = None
        elif isinstance(value, ast.BinOp):
            likely["0"] = None
        elif isinstance(value, ast.Compare | ast.BoolOp):
            likely["False"] = None
        elif isinstance(value, ast.Constant):
            likely[repr(value.value)] = None
    return list(dict.fromkeys((*likely, *_EMPTY)))[:4]


def _owners(statement: ast.stmt) -> list[str]:
    """Names whose attributes or methods the statement uses."""
    found: dict[str, None] = {}
    for node in ast.walk(statement):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            text = ast.unparse(node.value)
            if text not in ("self", "cls"):
                found[text] = None
    return list(found)[:3]
