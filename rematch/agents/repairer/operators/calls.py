"""Operators on calls: arguments, sibling functions, casts, keyword arguments."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from rematch.agents.repairer.operators.base import Draft, Site, operator, parenthesize
from rematch.agents.repairer.source import Span

_SIBLINGS = (
    ("strip", "lstrip", "rstrip"),
    ("startswith", "endswith"),
    ("find", "rfind"),
    ("index", "rindex", "find"),
    ("split", "rsplit"),
    ("partition", "rpartition"),
    ("lower", "casefold", "upper"),
    ("append", "extend"),
    ("add", "discard"),
    ("remove", "discard"),
    ("setdefault", "get"),
    ("update", "setdefault"),
    ("pop", "popleft", "get"),
    ("union", "intersection", "difference", "symmetric_difference"),
    ("min", "max"),
    ("any", "all"),
    ("floor", "ceil", "trunc"),
    ("match", "fullmatch", "search"),
    ("isdigit", "isdecimal", "isnumeric", "isalnum"),
    ("title", "capitalize"),
    ("keys", "values", "items"),
    ("lstrip", "removeprefix"),
    ("rstrip", "removesuffix"),
    ("insert", "append"),
    ("copy", "deepcopy"),
    ("list", "tuple", "sorted"),
    ("set", "dict.fromkeys", "list"),
    ("dumps", "dump"),
    ("total_seconds", "seconds"),
    ("heappop", "nlargest"),
    ("bisect_left", "bisect_right"),
    ("zip", "zip_longest"),
    ("sub", "subn"),
    ("islice", "takewhile"),
    ("utcnow", "now"),
)
_CASTS = ("int", "str", "float", "list")
_CASTABLE = {
    "int": ("str", "float", "bool"),
    "float": ("str", "int"),
    "list": ("tuple", "set", "frozenset", "dict", "generator", "map", "filter", "dict_keys", "str"),
}
_ORIGIN = "PAR (Kim et al. 2013): method and parameter replacer; TBar FP10"


@operator("swap-arguments", ast.Call, weight=1.2, origin="PAR, TBar FP10.3; cosmic-ray")
def swap_arguments(site: Site) -> Iterator[Draft]:
    """Two neighbouring arguments change places."""
    node = site.node
    assert isinstance(node, ast.Call)
    for first, second in zip(node.args, node.args[1:], strict=False):
        if ast.dump(first) != ast.dump(second) and not isinstance(second, ast.Starred):
            yield Draft(
                (
                    Span(site.source.start(first), site.source.end(first), site.text(second)),
                    Span(site.source.start(second), site.source.end(second), site.text(first)),
                )
            )


@operator("sibling-call", ast.Call, weight=1.6, origin=_ORIGIN)
def call_sibling(site: Site) -> Iterator[Draft]:
    """A function or method gives way to one of its kind: `strip` to `rstrip`, `min` to `max`."""
    node = site.node
    assert isinstance(node, ast.Call)
    function = node.func
    if isinstance(function, ast.Name):
        name, end = function.id, site.source.end(function)
    elif isinstance(function, ast.Attribute):
        name, end = function.attr, site.source.end(function)
    else:
        return
    others = {
        other: rank
        for group in _SIBLINGS
        if name in group
        for rank, other in enumerate(one for one in group if one != name)
    }
    for other, rank in others.items():
        if "." in other and isinstance(function, ast.Attribute):
            continue
        yield Draft((Span(end - len(name), end, other),), 1.0 / (1 + 0.3 * rank))


@operator(
    "unwrap-call", ast.Call, weight=0.8, origin="TBar FP10; statement deletion for expressions"
)
def unwrap_call(site: Site) -> Iterator[Draft]:
    """`f(x)` becomes `x`, `x.f()` becomes `x`, an argument goes."""
    node = site.node
    assert isinstance(node, ast.Call)
    if isinstance(site.source.parents.get(node), ast.Expr):
        return
    if isinstance(node.func, ast.Name) and len(node.args) == 1 and not node.keywords:
        if not isinstance(node.args[0], ast.Starred | ast.GeneratorExp):
            yield site.replace(node, parenthesize(site, node, site.text(node.args[0])))
    elif isinstance(node.func, ast.Attribute) and not (node.args or node.keywords):
        yield site.replace(node, parenthesize(site, node, site.text(node.func.value)))
    for gone in node.keywords:
        yield _drop_argument(site, node, gone)


@operator("cast", ast.Return, ast.BinOp, ast.Compare, ast.Subscript, ast.Call, weight=0.8,
          origin="PAR: cast insertion; TBar FP1")  # fmt: skip
def cast(site: Site) -> Iterator[Draft]:
    """A value is converted where it is used."""
    for target, weight in _uses(site.node):
        known = site.kinds_of(target)
        for kind in _CASTS:
            if known != {kind} and (kind == "str" or site.could_be(target, *_CASTABLE[kind])):
                yield site.replace(target, f"{kind}({site.text(target)})", weight)


@operator("string-method", ast.Compare, ast.Subscript, ast.Call, ast.Return, ast.Assign, weight=1.1,
          origin="TBar FP10; ours for normalization")  # fmt: skip
def normalize_string(site: Site) -> Iterator[Draft]:
    """A string is stripped or lowered where it is compared, looked up, passed or returned."""
    for target, weight in _uses(site.node):
        if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript | ast.Call):
            continue
        if isinstance(target, ast.Call) and isinstance(target.func, ast.Name):
            continue  # len, int, sorted, ...: seldom a string
        if not site.could_be(target, "str") or _is_ordering(site.node):
            continue
        for method in ("strip", "lower"):
            yield site.replace(target, f"{site.text(target)}.{method}()", weight)


@operator("keyword-argument", ast.Call, weight=1.5, origin="TBar FP10.4: argument adder")
def add_keyword(site: Site) -> Iterator[Draft]:
    """A known option of a library function is given: `encoding=`, `reverse=`, `key=`, ..."""
    node = site.node
    assert isinstance(node, ast.Call)
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    given = {keyword.arg for keyword in node.keywords}
    for keyword, value, weight in _OPTIONS.get(name, ()):
        if keyword not in given:
            yield _add_argument(site, node, f"{keyword}={value}", weight)
    for argument in node.keywords:
        if argument.arg == "reverse" and isinstance(argument.value, ast.Constant):
            yield site.replace(argument.value, str(not argument.value.value), 1.5)


_OPTIONS: dict[str, tuple[tuple[str, str, float], ...]] = {
    "open": (("encoding", '"utf-8"', 2.0), ("newline", '""', 1.0), ("errors", '"replace"', 0.5)),
    "read_text": (("encoding", '"utf-8"', 2.0), ("errors", '"replace"', 0.5)),
    "write_text": (("encoding", '"utf-8"', 2.0),),
    "decode": (("errors", '"replace"', 1.0), ("errors", '"ignore"', 0.5)),
    "encode": (("errors", '"replace"', 1.0),),
    "sorted": (("reverse", "True", 1.5), ("key", "str.lower", 0.8), ("key", "str", 0.5),
               ("key", "len", 0.5)),
    "sort": (("reverse", "True", 1.5), ("key", "str.lower", 0.8), ("key", "len", 0.5)),
    "min": (("default", "None", 1.0), ("default", "0", 0.8), ("key", "len", 0.3)),
    "max": (("default", "None", 1.0), ("default", "0", 0.8), ("key", "len", 0.3)),
    "enumerate": (("start", "1", 1.5),),
    "splitlines": (("keepends", "True", 1.0),),
    "split": (("maxsplit", "1", 1.0),),
    "rsplit": (("maxsplit", "1", 1.0),),
    "zip": (("strict", "True", 0.7),),
    "dumps": (("ensure_ascii", "False", 1.0), ("sort_keys", "True", 1.0)),
    "mkdir": (("exist_ok", "True", 1.0), ("parents", "True", 1.0)),
    "makedirs": (("exist_ok", "True", 1.5),),
}  # fmt: skip


def _is_ordering(node: ast.AST) -> bool:
    orders = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
    return isinstance(node, ast.Compare) and isinstance(node.ops[0], orders)


_VALUES = (ast.Name, ast.Subscript, ast.Attribute, ast.Call)
_PLACES: tuple[tuple[type[ast.AST], tuple[str, ...], tuple[type[ast.AST], ...], float], ...] = (
    (ast.Return, ("value",), (*_VALUES, ast.BinOp), 0.8),
    (ast.BinOp, ("left", "right"), _VALUES, 0.6),
    (ast.Compare, ("left", "comparators"), _VALUES, 1.0),
    (ast.Subscript, ("slice",), (ast.Name, ast.Attribute), 1.0),
    (ast.Assign, ("value",), (ast.Name, ast.Subscript, ast.Call), 0.6),
    (ast.Call, ("args",), (ast.Name, ast.Attribute, ast.Subscript), 0.5),
)


def _uses(node: ast.AST) -> Iterator[tuple[ast.expr, float]]:
    """Values at the places where their type or form matters, with a weight."""
    for kind, fields, values, weight in _PLACES:
        if isinstance(node, kind):
            for name in fields:
                found = getattr(node, name)
                for value in found if isinstance(found, list) else [found]:
                    if isinstance(value, values) and isinstance(value, ast.expr):
                        yield value, weight


def _add_argument(site: Site, node: ast.Call, text: str, weight: float) -> Draft:
    end = site.source.end(node) - 1
    inside = site.source.text[site.source.end(node.func) : end].rstrip()
    if inside.endswith(",") or "\n" in inside:
        return Draft(())
    lone = len(node.args) == 1 and isinstance(node.args[0], ast.GeneratorExp)
    if lone and not site.text(node.args[0]).startswith("(("):
        return Draft(())
    return Draft((Span(end, end, text if inside == "(" else f", {text}"),), weight)


def _drop_argument(site: Site, node: ast.Call, gone: ast.keyword) -> Draft:
    start, end = site.source.start(gone), site.source.end(gone)
    text = site.source.text
    before = text[:start].rstrip()
    if before.endswith(","):
        return Draft((Span(len(before) - 1, end, ""),), 0.6)
    after = text[end:]
    if after.lstrip().startswith(","):
        return Draft((Span(start, len(text) - len(after.lstrip()[1:].lstrip(" ")), ""),), 0.6)
    return Draft((Span(start, end, ""),), 0.6)
