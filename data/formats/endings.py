"""Agents' exit statuses in our terms (records.Ending)."""

from __future__ import annotations

import re

from rematch.data.records import Ending

_RULES = (
    # Of the machinery, although some of these names contain "limit" or "timeout".
    (
        Ending.CRASHED,
        r"(?:^|_|\b)api|ratelimit|usagelimit|memory|environment|setup|sandbox|healthcheck"
        r"|connection|authenti|timeoutexpired|^timeout$|cancelled",
    ),
    # Before "submit": `submitted (exit_cost)` is what SWE-agent submits when the money is spent.
    (
        Ending.LIMIT,
        r"limit|exceeded|time_?out|timed out|exit_cost|context|budget|execution_time|max_?turns"
        r"|max_?iteration|max_?steps|maximum|stuck in a loop",
    ),
    (Ending.GAVE_UP, r"forfeit|reject|gave.?up|give.?up|refus"),
    (Ending.UNKNOWN, r"interrupt"),
    (Ending.CRASHED, r"error|exception|exit_format|early_exit|skipped|crash|fail|killed"),
    (Ending.SUBMITTED, r"submit|finish|complete|success|end_turn|^done$"),
)
_COMPILED = tuple((ending, re.compile(marks, re.IGNORECASE)) for ending, marks in _RULES)


def read_ending(status: str) -> Ending:
    """What an agent's own exit status or error says; UNKNOWN where it says nothing we know."""
    return next((ending for ending, marks in _COMPILED if marks.search(status)), Ending.UNKNOWN)
