"""Operators on errors: which one is raised, which one is caught."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rematch.agents.repairer.operators.base import Draft, Site, operator

_COMMON = ("ValueError", "KeyError", "TypeError", "IndexError", "AttributeError", "LookupError")


@operator(
    "exception-type", ast.ExceptHandler, ast.Raise, weight=1.6, origin="TBar; PAR: ours for types"
)
def change_exception(site: Site) -> Iterator[Draft]:
    """Another error is raised or caught, or one more is caught."""
    node = site.node
    if isinstance(node, ast.Raise):
        error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        if isinstance(error, ast.Name):
            for name, weight in _list_errors(site, {error.id}):
                yield site.replace(error, name, weight)
        return
    assert isinstance(node, ast.ExceptHandler)
    caught = node.type
    if isinstance(caught, ast.Name):
        for name, weight in _list_errors(site, {caught.id}):
            yield site.replace(caught, name, weight)
            yield site.replace(caught, f"({caught.id}, {name})", weight)
        yield site.replace(caught, "Exception", 0.5)
    elif isinstance(caught, ast.Tuple):
        names = [*map(site.text, caught.elts)]
        for name, weight in _list_errors(site, set(names)):
            inner = ", ".join(names)
            yield site.replace(caught, f"({inner}, {name})", weight)


@operator(
    "raise-instead", ast.Return, ast.Pass, ast.Continue, weight=0.9, origin="TBar FP12 variant"
)
def raise_instead(site: Site) -> Iterator[Draft]:
    """What ended quietly raises an error that the tests or the issue name; or raises again."""
    node = site.node
    in_handler = any(isinstance(a, ast.ExceptHandler) for a in site.source.ancestors(node))
    if in_handler:
        yield site.replace(node, "raise", 1.5)
    for name in site.pool.errors[:3]:
        tail = " from None" if in_handler else ""
        yield site.replace(node, f'raise {name}("not valid"){tail}', 1.0)


@operator(
    "catch", ast.Return, ast.Assign, ast.Expr, weight=0.5, origin="TBar FP8 variant: try and catch"
)
def catch(site: Site) -> Iterator[Draft]:
    """An error that the failing tests show is caught: the function returns None, or goes on."""
    node = site.node
    assert isinstance(node, ast.stmt)
    indent = site.source.indent(node)
    is_line = node.lineno == node.end_lineno and site.source.stands_alone(node)
    if indent is None or not is_line or site.source.function_of(node) is None:
        return
    for name in site.pool.errors[:2]:
        for rescue in (
            ("return None", "pass") if not isinstance(node, ast.Return) else ("return None",)
        ):
            text = (
                f"try:\n{indent}    {site.text(node)}\n{indent}except {name}:\n{indent}    {rescue}"
            )
            yield site.replace(node, text)


def _list_errors(site: Site, known: set[str]) -> list[tuple[str, float]]:
    """Names of errors to try beside the known ones: told ones, the file's own, common ones."""
    own = [
        node.name
        for node in (site.source.tree.body if site.source.tree else ())
        if isinstance(node, ast.ClassDef) and node.name.endswith(("Error", "Exception"))
    ]
    weights = {name: 0.5 for name in _COMMON}
    weights |= {name: 1.0 for name in own}
    weights |= {name: 2.0 for name in site.pool.errors}
    return [(name, weight) for name, weight in weights.items() if name not in known]
