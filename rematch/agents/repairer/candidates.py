"""All changes worth a try, each with its weight."""

from __future__ import annotations

import ast
import dataclasses
import math
import sys
from collections.abc import Iterator, Mapping

from rematch.agents.repairer.changes import Change, make_change
from rematch.agents.repairer.localize import Place
from rematch.agents.repairer.operators import CATALOGUE, Draft, Operator, Pool, Site
from rematch.agents.repairer.operators.syntax import repair_syntax
from rematch.agents.repairer.source import FunctionNode, Source

_MOST_LINES = 150
_FLOOR = 0.02  # lines of less suspicion than this part of the most suspicious one do not count


def list_candidates(
    sources: Mapping[str, Source],
    suspicion: Mapping[Place, float],
    factors: Mapping[str, float],
    pool: Pool,
) -> list[Change]:
    """Changes of suspicious lines, in the order of the files, no two with one key.

    A change's weight is the square of its line's suspicion, times its operator's weight and
    factor, times its own; what an operator proposes for one line shares by the square root of
    how much that is, so that a line with many names does not drown the others.
    """
    top = max(suspicion.values(), default=0.0)
    ranked = sorted(suspicion.items(), key=lambda item: (-item[1], item[0]))[:_MOST_LINES]
    lines = {place: score for place, score in ranked if score >= _FLOOR * top}
    changes: dict[str, Change] = {}
    for path in sorted(sources):
        source = sources[path]
        if source.tree is None:
            for line, spans in repair_syntax(source):
                _enter(changes, make_change(source, line, "syntax", spans, 10.0))
            continue
        for site, score in _find_sites(source, lines, pool):
            for operator in _OPERATORS.get(type(site.node), ()):
                for change in _propose(site, operator, score**2 * factors.get(operator.name, 1.0)):
                    _enter(changes, change)
    return list(changes.values())


def _list_operators() -> dict[type[ast.AST], list[Operator]]:
    found: dict[type[ast.AST], list[Operator]] = {}
    for operator in CATALOGUE.values():
        for node in operator.nodes:
            found.setdefault(node, []).append(operator)
    return found


_OPERATORS = _list_operators()


def _find_sites(
    source: Source, lines: Mapping[Place, float], pool: Pool
) -> Iterator[tuple[Site, float]]:
    for node in source.nodes:
        if type(node) in _OPERATORS and not _is_misplaced(source, node):
            score = _score(source, node, lines)
            if score > 0:
                yield Site(source, node, pool), score


def _is_misplaced(source: Source, node: ast.AST) -> bool:
    """Whether Python gives wrong positions for a node: in f-strings, before 3.12."""
    if sys.version_info >= (3, 12):
        return False
    return any(isinstance(around, ast.JoinedStr) for around in source.ancestors(node))


def _score(source: Source, node: ast.AST, lines: Mapping[Place, float]) -> float:
    """A node's suspicion: its own lines', a definition's: the most suspicious of its lines."""
    if isinstance(node, FunctionNode | ast.ClassDef):
        span = range(node.lineno, (node.end_lineno or node.lineno) + 1)
        part = 0.5 if isinstance(node, ast.ClassDef) else 0.8
        return part * max((lines.get((source.path, line), 0.0) for line in span), default=0.0)
    first = _line(node)
    own = lines.get((source.path, first), 0.0)
    if own:
        return own
    statement = source.statement_of(node)  # Python blames lines of a long statement unevenly
    if statement is None or hasattr(statement, "body"):
        return 0.0
    span = range(statement.lineno, (statement.end_lineno or statement.lineno) + 1)
    return max((lines.get((source.path, line), 0.0) for line in span), default=0.0)


def _line(node: ast.AST) -> int:
    if isinstance(node, ast.comprehension):
        return node.iter.lineno
    return int(getattr(node, "lineno", 1))


def _propose(site: Site, operator: Operator, weight: float) -> list[Change]:
    drafts = [draft for draft in operator.function(site) if _is_real(site.source, draft)]
    share = weight * operator.weight / math.sqrt(len(drafts) or 1)
    return [
        make_change(site.source, _line(site.node), operator.name, d.spans, share * d.weight)
        for d in drafts
    ]


def _is_real(source: Source, draft: Draft) -> bool:
    return any(source.text[s.start : s.end] != s.text for s in draft.spans)


def _enter(changes: dict[str, Change], change: Change) -> None:
    """Enter a change; one that does the same adds nothing, one that reads the same is marked."""
    number = 1
    while change.key in changes:
        if changes[change.key].spans == change.spans or number > 9:
            return
        number += 1
        change = dataclasses.replace(change, mark=f"#{number}")
    changes[change.key] = change
