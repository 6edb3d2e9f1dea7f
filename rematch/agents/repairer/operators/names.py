"""Operators that put another name in a name's place."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rematch.agents.repairer.operators.base import Draft, Site, operator
from rematch.agents.repairer.source import Span, is_common_name

_MOST = 8


@operator(
    "name", ast.Name, weight=1.5, origin="PAR: parameter replacer; TBar FP13: variable replacer"
)
def replace_name(site: Site) -> Iterator[Draft]:
    """A variable gives way to another one of the function."""
    node, function = site.node, site.source.function_of(site.node)
    assert isinstance(node, ast.Name)
    if function is None or not isinstance(node.ctx, ast.Load) or is_common_name(node.id):
        return
    parent = site.source.parents.get(node)
    if isinstance(parent, ast.Call) and parent.func is node:
        yield from _replace_function(site, node)
        return
    known = site.source.names_of(function)
    if node.id not in known:
        return
    names = [name for name in known if name != node.id]
    for other in sorted(names, key=lambda name: -_likeness(node.id, name))[:_MOST]:
        fit = _fit(site, function.name, node.id, other)
        yield site.replace(node, other, fit * (0.6 + _likeness(node.id, other)))


@operator("attribute", ast.Attribute, weight=1.2, origin="PAR: method replacer; TBar FP13")
def replace_attribute(site: Site) -> Iterator[Draft]:
    """`self.x` gives way to another attribute that the class uses."""
    node, owner = site.node, site.source.class_of(site.node)
    assert isinstance(node, ast.Attribute)
    if owner is None or not isinstance(node.value, ast.Name) or node.value.id != "self":
        return
    called = _is_called(site, node)
    methods = {item.name for item in owner.body if isinstance(item, ast.FunctionDef)}
    used: dict[str, None] = {}
    attributes = [other for other in ast.walk(owner) if isinstance(other, ast.Attribute)]
    for other in attributes:
        if site.text(other.value) == "self" and (other.attr in methods) == called:
            used[other.attr] = None
    end, function = site.source.end(node), site.source.function_of(node)
    place = function.name if function is not None else ""
    others = sorted((a for a in used if a != node.attr), key=lambda a: -_likeness(node.attr, a))
    for other_name in others[:_MOST]:
        fit = _fit(site, place, f"self.{node.attr}", f"self.{other_name}")
        weight = fit * (0.6 + _likeness(node.attr, other_name))
        yield Draft((Span(end - len(node.attr), end, other_name),), weight)


def _replace_function(site: Site, node: ast.Name) -> Iterator[Draft]:
    """A function of the file gives way to another one that takes as many arguments."""
    if site.source.tree is None:
        return
    functions = {
        item.name: len(item.args.args)
        for item in site.source.tree.body
        if isinstance(item, ast.FunctionDef)
    }
    for name, count in functions.items():
        if name != node.id and count == functions.get(node.id):
            yield site.replace(node, name, 0.5 + _likeness(node.id, name))


def _fit(site: Site, function: str, name: str, other: str) -> float:
    """Whether two variables had a type in common in a run: more if so, less if not."""
    known = site.pool.kinds.get(f"{site.source.path}:{function}", {})
    if name not in known or other not in known:
        return 1.0
    return 0.3 if set(known[name]).isdisjoint(known[other]) else 1.5


def _is_called(site: Site, node: ast.Attribute) -> bool:
    parent = site.source.parents.get(node)
    return isinstance(parent, ast.Call) and parent.func is node


def _likeness(one: str, other: str) -> float:
    """How much two names share, 0..1: words, first and last letters."""
    left, right = set(one.lower().split("_")), set(other.lower().split("_"))
    words = len(left & right) / len(left | right)
    return min(1.0, words + 0.2 * (one[:1] == other[:1]) + 0.2 * (one[-1:] == other[-1:]))
