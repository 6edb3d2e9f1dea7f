"""Operators on collections: order, slices, look-ups, copies."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rematch.agents.repairer.operators.base import (
    COLLECTIONS,
    Draft,
    Site,
    grouped,
    operator,
)
from rematch.agents.repairer.source import Span

_REFERENCES = (ast.Name, ast.Attribute, ast.Subscript)


@operator("sorted", ast.Return, ast.For, ast.comprehension, ast.Call, weight=1.0,
          origin="ours, after TBar FP10: missing call")  # fmt: skip
def sort(site: Site) -> Iterator[Draft]:
    """What is returned, walked over or joined is sorted; a sort key is compared otherwise."""
    node = site.node
    if isinstance(node, ast.Return):
        value = node.value
        if isinstance(value, ast.Call) and site.text(value.func) in ("list", "tuple", "set"):
            yield site.replace(value, f"sorted({', '.join(map(site.text, value.args))})", 1.5)
        is_many = site.could_be(value, *COLLECTIONS) if value is not None else False
        if is_many and isinstance(value, ast.Name | ast.Attribute | ast.ListComp | ast.Call):
            yield site.replace(value, f"sorted({site.text(value)})")
            yield site.replace(value, f"sorted({site.text(value)}, reverse=True)", 0.6)
            yield site.replace(value, f"{site.text(value)}[::-1]", 0.5)
    elif isinstance(node, ast.For | ast.comprehension):
        if isinstance(node.iter, ast.Name | ast.Attribute | ast.Call):
            yield site.replace(node.iter, f"sorted({site.text(node.iter)})")
            yield site.replace(node.iter, f"list({site.text(node.iter)})", 0.6)
            yield site.replace(node.iter, f"reversed({site.text(node.iter)})", 0.4)
    elif isinstance(node, ast.Call):
        yield from _change_key(site, node)


@operator("slice", ast.Subscript, weight=1.0, origin="cosmic-ray: slice; mutmut: index")
def slice_otherwise(site: Site) -> Iterator[Draft]:
    """The first instead of the last, a bound less, the other way round."""
    node = site.node
    assert isinstance(node, ast.Subscript)
    if not isinstance(node.ctx, ast.Load):
        return
    part = node.slice
    if isinstance(part, ast.Slice):
        bare = site.text(part)
        for bound in (part.lower, part.upper):
            if bound is not None:
                yield site.replace(bound, "")
        if part.step is None and bare == ":":
            yield site.replace(part, "::-1", 0.5)
        if isinstance(part.upper, ast.Name | ast.Constant) and part.lower is None:
            yield site.replace(part, f"-{site.text(part.upper)}:", 0.7)
        if isinstance(part.lower, ast.Name | ast.Constant) and part.upper is None:
            yield site.replace(part, f":{site.text(part.lower)}", 0.5)
    elif isinstance(part, ast.Constant) and part.value == 0:
        yield site.replace(part, "-1", 1.5)
    elif isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.USub):
        yield site.replace(part, "0", 1.5)


@operator("lookup", ast.Subscript, ast.Call, weight=1.2, origin="PAR: key check; TBar FP3-FP5")
def look_up(site: Site) -> Iterator[Draft]:
    """`d[k]` becomes `d.get(k)`, with or without a default; and the other way round."""
    node = site.node
    if isinstance(node, ast.Subscript):
        if not site.could_be(node.value, "dict", "defaultdict", "Counter", "OrderedDict"):
            return
        is_key = isinstance(node.slice, ast.Name | ast.Attribute) or (
            isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)
        )
        if is_key and isinstance(node.ctx, ast.Load):
            owner, key = grouped(site, node.value), site.text(node.slice)
            yield site.replace(node, f"{owner}.get({key})", 1.2)
            for default in ("0", "[]", "''", "{}", key):
                yield site.replace(node, f"{owner}.get({key}, {default})", 0.6)
        return
    assert isinstance(node, ast.Call)
    if isinstance(node.func, ast.Attribute) and node.func.attr in ("get", "pop"):
        owner = grouped(site, node.func.value)
        if len(node.args) == 1:
            end = site.source.end(node.args[0])
            for default in ("None",) if node.func.attr == "pop" else ("0", "[]", "''", "{}"):
                yield Draft((Span(end, end, f", {default}"),), 0.7)
        if node.args and node.func.attr == "get":
            yield site.replace(node, f"{owner}[{site.text(node.args[0])}]", 0.7)


@operator("copy", ast.Assign, ast.Return, ast.Call, ast.For, weight=1.2,
          origin="ours: aliasing; after TBar FP10")  # fmt: skip
def copy(site: Site) -> Iterator[Draft]:
    """What is stored or handed out is a copy: `self.x = x` becomes `self.x = list(x)`."""
    for target, weight in _shared(site):
        text = site.text(target)
        for kind in ("list", "dict", "set"):
            if site.could_be(target, kind):
                yield site.replace(target, f"{kind}({text})", weight)
        if site.could_be(target, "list"):
            yield site.replace(target, f"[list(row) for row in {text}]", weight * 0.3)
        if site.could_be(target, *COLLECTIONS):
            yield site.replace(target, f"{text}.copy()", weight * 0.6)
    node = site.node
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and not node.args:
        owner = site.text(node.func.value)
        if node.func.attr == "copy":
            yield site.replace(node, f"__import__('copy').deepcopy({owner})", 0.6)


@operator("in-place", ast.Expr, ast.AugAssign, ast.Assign, weight=0.7, origin="ours: aliasing")
def avoid_in_place(site: Site) -> Iterator[Draft]:
    """A list that is changed in place is made anew, and the other way round."""
    node = site.node
    if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.BitOr):
        sign = "+" if isinstance(node.op, ast.Add) else "|"
        target = site.text(node.target)
        yield site.replace(node, f"{target} = {target} {sign} {grouped(site, node.value)}")
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name):
            owner, arguments = call.func.value.id, ", ".join(map(site.text, call.args))
            if call.func.attr == "sort" and not call.args:
                options = "".join(f", {site.text(k)}" for k in call.keywords)
                yield site.replace(node, f"{owner} = sorted({owner}{options})", 1.5)
            elif call.func.attr == "append" and arguments:
                yield site.replace(node, f"{owner} = {owner} + [{arguments}]")
            elif call.func.attr == "extend" and arguments:
                yield site.replace(node, f"{owner} = {owner} + list({arguments})")
            elif call.func.attr == "update" and arguments:
                yield site.replace(node, f"{owner} = {{**{owner}, **{arguments}}}")
            elif call.func.attr == "reverse":
                yield site.replace(node, f"{owner} = {owner}[::-1]")


def _shared(site: Site) -> Iterator[tuple[ast.expr, float]]:
    node, function = site.node, site.source.function_of(site.node)
    if isinstance(node, ast.Assign):
        if isinstance(node.value, _REFERENCES):
            stores = isinstance(node.targets[0], ast.Attribute | ast.Subscript)
            yield node.value, 1.5 if stores else 0.8
    elif isinstance(node, ast.Return):
        if isinstance(node.value, _REFERENCES):
            yield node.value, 1.3 if isinstance(node.value, ast.Attribute) else 0.5
    elif isinstance(node, ast.Call) and function is not None:
        names = site.source.names_of(function)
        if isinstance(node.func, ast.Attribute) and node.func.attr in (
            "append",
            "setdefault",
            "add",
        ):
            for argument in node.args:
                is_own = isinstance(argument, ast.Name) and argument.id in names
                if is_own or isinstance(argument, ast.Attribute):
                    yield argument, 1.0


def _change_key(site: Site, node: ast.Call) -> Iterator[Draft]:
    """The key of a sort, `min` or `max`: its tuple turned round, its sign, another element."""
    for keyword in node.keywords:
        if keyword.arg != "key" or not isinstance(keyword.value, ast.Lambda):
            continue
        body = keyword.value.body
        if isinstance(body, ast.Tuple) and len(body.elts) == 2:
            first, second = map(site.text, body.elts)
            yield site.replace(body, f"({second}, {first})", 1.5)
            for index, element in enumerate(body.elts):
                parts = [first, second]
                parts[index] = _negate(site, element)
                yield site.replace(body, f"({parts[0]}, {parts[1]})", 1.2)
        elif _is_negative(body):
            yield site.replace(body, _negate(site, body))
        else:
            yield site.replace(body, _negate(site, body), 0.6)
            if keyword.value.args.args:
                name = keyword.value.args.args[0].arg
                yield site.replace(body, f"({site.text(body)}, {name})", 0.8)
                yield site.replace(body, f"({_negate(site, body)}, {name})", 0.8)


def _is_negative(node: ast.expr) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)


def _negate(site: Site, node: ast.expr) -> str:
    """The text with a minus before it, or without the one that it has."""
    return site.text(node)[1:] if _is_negative(node) else f"-{grouped(site, node)}"
