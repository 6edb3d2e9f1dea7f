"""Operators on definitions: default arguments, shared class attributes, caches."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rematch.agents.repairer.operators.base import Draft, Site, first_statement, operator
from rematch.agents.repairer.source import Span

_MUTABLE = (ast.List, ast.Dict, ast.Set)
_CACHES = ("lru_cache", "cache", "cached_property")


@operator(
    "mutable-default", ast.FunctionDef, weight=4.0, origin="flake8-bugbear B006; ours as a fix"
)
def renew_default(site: Site) -> Iterator[Draft]:
    """A default that all calls share becomes None and is made anew in each call."""
    node = site.node
    assert isinstance(node, ast.FunctionDef)
    given = node.args
    named = [*given.posonlyargs, *given.args]
    pairs = [*zip(named[len(named) - len(given.defaults) :], given.defaults, strict=True)]
    pairs += [(a, d) for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True) if d]
    first = first_statement(node)
    for argument, default in pairs:
        if isinstance(default, _MUTABLE) or _makes_new(default):
            lines = [f"if {argument.arg} is None:", f"    {argument.arg} = {site.text(default)}"]
            inserted = site.insert_before(first, lines)
            if inserted.spans:
                yield Draft((*site.replace(default, "None").spans, *inserted.spans))


@operator(
    "shared-attribute", ast.ClassDef, weight=4.0, origin="flake8-bugbear, RUF012; ours as a fix"
)
def own_attribute(site: Site) -> Iterator[Draft]:
    """A list, dict or set that all objects of a class share is made for each of them."""
    node = site.node
    assert isinstance(node, ast.ClassDef)
    start = next(
        (i for i in node.body if isinstance(i, ast.FunctionDef) and i.name == "__init__"), None
    )
    for item in node.body:
        if not isinstance(item, ast.Assign | ast.AnnAssign) or item.value is None:
            continue
        target = item.targets[0] if isinstance(item, ast.Assign) else item.target
        if not isinstance(target, ast.Name) or not isinstance(item.value, _MUTABLE):
            continue
        line = f"self.{target.id} = {site.text(item.value)}"
        if start is not None:
            yield site.insert_before(first_statement(start), [line])
        elif not node.decorator_list:
            yield site.insert_after(item, ["", "def __init__(self):", f"    {line}"])


@operator("drop-decorator", ast.FunctionDef, weight=1.0, origin="cosmic-ray: RemoveDecorator")
def drop_decorator(site: Site) -> Iterator[Draft]:
    """A decorator goes; one that keeps old results more likely."""
    node = site.node
    assert isinstance(node, ast.FunctionDef)
    for decorator in node.decorator_list:
        start = site.source.line_start(decorator.lineno)
        end = site.source.line_start((decorator.end_lineno or decorator.lineno) + 1)
        weight = 2.0 if any(word in site.text(decorator) for word in _CACHES) else 0.4
        yield Draft((Span(start, end, ""),), weight)


def _makes_new(node: ast.expr) -> bool:
    """Whether a default is a call whose result should differ from call to call."""
    if not isinstance(node, ast.Call):
        return False
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return name in (
        "list",
        "dict",
        "set",
        "now",
        "today",
        "time",
        "defaultdict",
        "Counter",
        "utcnow",
    )
