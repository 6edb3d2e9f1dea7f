"""Which lines are to blame: spectrum-based fault localization, tracebacks, names in the issue.

Jones & Harrold, "Empirical evaluation of the Tarantula automatic fault-localization technique"
(ASE 2005); Abreu, Zoeteweij, van Gemund, "On the accuracy of spectrum-based fault localization"
(TAIC PART 2007), whose Ochiai coefficient is used. The weights beside it are ours.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Collection, Mapping

from rematch.agents.repairer.reports import Failure, Report
from rematch.agents.repairer.source import FunctionNode, Source

Place = tuple[str, int]

_IMPORTED = 0.25  # lines that only the import ran
_UNKNOWN = 0.15  # lines of which nothing is known
_TRACEBACK = 0.5  # the innermost line of a traceback; lines above it get less
_NAMED = 1.5  # functions that the issue names


def score_ochiai(failed: int, passed: int, all_failed: int) -> float:
    """Ochiai's coefficient of a line that `failed` of `all_failed` failing tests ran."""
    if not failed:
        return 0.0
    return failed / math.sqrt(all_failed * (failed + passed))


def localize(
    sources: Mapping[str, Source],
    report: Report | None,
    failures: Collection[Failure],
    names: Collection[str],
) -> dict[Place, float]:
    """Suspicion of each line, larger is worse.

    Args:
        sources: files that may be changed.
        report: a run with coverage; None where there was none.
        failures: the tests that still fail (the report may hold more).
        names: what the issue names.
    """
    suspicion: dict[Place, float] = {}
    if report is not None and report.lines:
        _add_spectrum(suspicion, sources, report, {failure.id for failure in failures})
    if not suspicion:
        for path, source in sources.items():
            for line in range(1, len(source.lines) + 1):
                suspicion[path, line] = _UNKNOWN
    for failure in failures:
        frames = [frame for frame in failure.frames if frame[0] in sources]
        for depth, place in enumerate(reversed(frames)):
            bonus = _TRACEBACK / (1 + depth) / len(failures)
            suspicion[place] = suspicion.get(place, 0.0) + bonus
    _raise_named(suspicion, sources, set(names))
    return suspicion


def _add_spectrum(
    suspicion: dict[Place, float], sources: Mapping[str, Source], report: Report, wanted: set[str]
) -> None:
    bits = sum(1 << n for n, failure in enumerate(report.failures) if failure.id in wanted)
    count = bits.bit_count()
    for path in sources:
        for line, mask, passed in report.lines.get(path, ()):
            score = score_ochiai((mask & bits).bit_count(), passed, count)
            if score:
                suspicion[path, line] = score
    if suspicion:
        base = _IMPORTED * score_ochiai(count, report.passing, count)
        for path in sources:
            for line in report.imported.get(path, ()):
                suspicion.setdefault((path, line), base)


def _raise_named(
    suspicion: dict[Place, float], sources: Mapping[str, Source], names: set[str]
) -> None:
    for path, source in sources.items():
        if source.tree is None:
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, FunctionNode) and node.name in names:
                for line in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                    if (path, line) in suspicion:
                        suspicion[path, line] *= _NAMED
