"""Operators on whole statements: deletion, return values, jumps, moves, reuse."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator
from typing import TypeGuard

from rematch.agents.repairer.operators.base import Draft, Site, block_of, grouped, operator
from rematch.agents.repairer.source import FunctionNode, Source, Span, list_loaded

_SIMPLE = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Delete, ast.AnnAssign)
_MOST = 10
_GENPROG = "GenProg (Le Goues et al. 2012): the plastic surgery hypothesis (Barr et al. 2014)"


@operator("delete-statement", *_SIMPLE, ast.If, ast.Break, ast.Continue, weight=0.8,
          origin="statement deletion (SDL); GenProg: delete")  # fmt: skip
def delete_statement(site: Site) -> Iterator[Draft]:
    """A statement goes."""
    node = site.node
    assert isinstance(node, ast.stmt)
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
        is_elif = isinstance(node, ast.If) and site.source.segment(node).startswith("elif")
        if not is_elif:
            yield site.delete(node)


@operator(
    "return-value", ast.Return, ast.Expr, weight=1.0, origin="TBar FP12: return replacer; mutmut"
)
def change_return(site: Site) -> Iterator[Draft]:
    """A result is negated, emptied or another variable; a last expression is returned."""
    node = site.node
    function = site.source.function_of(node)
    if function is None:
        return
    if isinstance(node, ast.Expr):
        if node is function.body[-1] and isinstance(node.value, ast.Call | ast.Name | ast.BinOp):
            start = site.source.start(node)
            yield Draft((Span(start, start, "return "),), 1.5)
        return
    assert isinstance(node, ast.Return)
    if node.value is None:
        for text in ("[]", "False", "0", "''"):
            yield site.replace(node, f"return {text}", 0.5)
        return
    if not isinstance(node.value, ast.Constant):
        yield site.replace(node.value, f"not {grouped(site, node.value)}", 0.6)
        for text, weight in (("None", 0.7), ("[]", 0.4), ("0", 0.3)):
            yield site.replace(node.value, text, weight)
    for name in site.source.names_of(function)[:_MOST]:
        if site.text(node.value) != name:
            yield site.replace(node.value, name, 0.7)


@operator(
    "jump", ast.Break, ast.Continue, ast.Return, ast.Pass, weight=1.0, origin="cosmic-ray, mutmut"
)
def change_jump(site: Site) -> Iterator[Draft]:
    """`break` and `continue` change places; a `return` in a loop becomes one of them."""
    node = site.node
    assert isinstance(node, ast.stmt)
    around = itertools.takewhile(
        lambda one: not isinstance(one, FunctionNode | ast.ClassDef), site.source.ancestors(node)
    )
    in_loop = any(isinstance(one, ast.For | ast.While) for one in around)
    for kind, word in ((ast.Break, "break"), (ast.Continue, "continue")):
        if in_loop and not isinstance(node, kind):
            yield site.replace(node, word, 1.0 if not isinstance(node, ast.Return) else 0.5)


@operator("move-statement", *_SIMPLE, ast.If, weight=1.2, origin="TBar FP14: move statement")
def move_statement(site: Site) -> Iterator[Draft]:
    """The last statement of a block leaves it; a statement changes places with the next one."""
    node = site.node
    assert isinstance(node, ast.stmt)
    source = site.source
    block, parent = block_of(source, node), source.parents.get(node)
    indent = source.indent(node)
    if indent is None or not source.stands_alone(node) or node not in block:
        return
    place = block.index(node)
    if place + 1 < len(block):
        draft = _swap(source, node, block[place + 1])
        if draft is not None:
            yield draft
    is_inner = isinstance(parent, ast.For | ast.While | ast.If | ast.With)
    if is_inner and len(block) > 1 and node is block[-1] and isinstance(parent, ast.stmt):
        outer = source.indent(parent)
        if outer is not None and parent.end_lineno == node.end_lineno:
            yield _shift(source, node, outer, 1.5)
    if place > 0 and isinstance(block[place - 1], ast.For | ast.While | ast.If | ast.With):
        inner = source.indent(block[place - 1].body[-1])  # type: ignore[attr-defined]
        if inner is not None and not getattr(block[place - 1], "orelse", []):
            yield _shift(source, node, inner, 0.8)


@operator("reuse-statement", *_SIMPLE, ast.If, ast.For, ast.While, weight=1.0, origin=_GENPROG)
def reuse_statement(site: Site) -> Iterator[Draft]:
    """A statement of elsewhere in the file stands before or after this one as well."""
    node, source = site.node, site.source
    function = source.function_of(node)
    if function is None or not isinstance(node, ast.stmt):
        return
    owner = source.class_of(node)
    seen = {site.text(one) for one in block_of(source, node)}
    line = node.lineno
    others: list[ast.stmt] = [one for one in source.nodes if _is_reusable(one, source)]
    for other in sorted(others, key=lambda one: abs(one.lineno - line)):
        text = site.text(other)
        if text in seen or not _fits(source, other, function):
            continue
        if "self" in list_loaded(other) and source.class_of(other) is not owner:
            continue
        seen.add(text)
        near = 1.5 if owner is not None and source.class_of(other) is owner else 0.8
        if not isinstance(node, ast.Return | ast.Raise):
            yield site.insert_after(node, [text], near)
        yield site.insert_before(node, [text], near * 0.8)
        if len(seen) > _MOST:
            return


def _is_reusable(node: ast.AST, source: Source) -> TypeGuard[ast.stmt]:
    """Whether it is a simple statement on one line, with an effect."""
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Delete):
        return False
    if isinstance(node, ast.Expr) and not isinstance(node.value, ast.Call):
        return False
    return node.lineno == node.end_lineno and source.stands_alone(node)


def _fits(source: Source, node: ast.AST, function: FunctionNode) -> bool:
    """Whether it is of a function, of whose variables it reads only such as this one has too."""
    home = source.function_of(node)
    if home is None:
        return False
    return set(source.names_of(home)) & list_loaded(node) <= set(source.names_of(function))


def _swap(source: Source, first: ast.stmt, second: ast.stmt) -> Draft | None:
    kinds = (ast.Return, ast.Raise, ast.FunctionDef, ast.ClassDef, ast.Break, ast.Continue)
    if isinstance(second, kinds) or not source.stands_alone(second):
        return None
    return Draft(
        (
            Span(source.start(first), source.end(first), source.segment(second)),
            Span(source.start(second), source.end(second), source.segment(first)),
        ),
        0.5,
    )


def _shift(source: Source, node: ast.stmt, indent: str, weight: float) -> Draft:
    """The statement's lines with another indent."""
    old = source.indent(node) or ""
    start = source.line_start(node.lineno)
    lines = source.text[start : source.end(node)].split("\n")
    moved = [indent + line[len(old) :] if line.startswith(old) else line for line in lines]
    return Draft((Span(start, source.end(node), "\n".join(moved)),), weight)
