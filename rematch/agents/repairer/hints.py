"""Which operators fit the way in which tests fail (ours, after TBar's and PAR's fix patterns)."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from rematch.agents.repairer.reports import Failure

_BY_KIND: dict[str, dict[str, float]] = {
    "IndexError": {"offset": 3, "empty-check": 3, "range-check": 3, "slice": 2, "relational": 1.5},
    "KeyError": {"lookup": 4, "exception-type": 2, "string-method": 2, "null-check": 1.5},
    "AttributeError": {"null-check": 3, "lookup": 1.5, "attribute": 2, "none-test": 1.5},
    "TypeError": {"cast": 3, "null-check": 2.5, "swap-arguments": 2, "lookup": 1.5},
    "ZeroDivisionError": {"zero-check": 5, "empty-check": 4, "raise-instead": 1.5},
    "ValueError": {"empty-check": 2, "keyword-argument": 2, "exception-type": 2, "catch": 2},
    "UnicodeDecodeError": {"keyword-argument": 6},
    "UnicodeEncodeError": {"keyword-argument": 6},
    "NameError": {"name": 5},
    "UnboundLocalError": {"name": 4, "move-statement": 3},
    "RecursionError": {"relational": 2, "constant": 2, "arithmetic": 2, "empty-check": 2},
    "TooSlowError": {"relational": 2, "augmented": 2, "constant": 1.5, "reuse-statement": 1.5},
    "RuntimeError": {"sorted": 3, "copy": 2},
    "FileExistsError": {"keyword-argument": 5},
    "StopIteration": {"empty-check": 2, "catch": 2},
}
_NOT_RAISED = {"exception-type": 3.0, "raise-instead": 4.0, "empty-check": 2.5, "relational": 1.5}
_UNEQUAL = re.compile(r"^(.*?) != (.*?)(?:$| : |\n| within )", re.DOTALL)


def weigh_operators(failures: Collection[Failure]) -> dict[str, float]:
    """Factors of operators' weights; those not named have 1."""
    found = [_read_failure(failure) for failure in failures]
    names = {name for hints in found for name in hints}
    return {name: max(hints.get(name, 1.0) for hints in found) for name in names}


def _read_failure(failure: Failure) -> dict[str, float]:
    if "not raised" in failure.message or "DID NOT RAISE" in failure.message:
        return _NOT_RAISED
    if failure.kind in ("AssertionError", "Failed"):
        return _compare_values(failure.message)
    return _BY_KIND.get(failure.kind, {})


def _compare_values(message: str) -> dict[str, float]:
    """Hints from how the two values of a failed comparison differ."""
    if message.startswith(("True is not false", "False is not true")):
        return {"relational": 2, "logical": 2, "negation": 2, "return-value": 1.5, "condition": 1.5}
    match = _UNEQUAL.match(message.removeprefix("Lists differ: "))
    if match is None:
        return {}
    try:
        got, wanted = ast.literal_eval(match[1]), ast.literal_eval(match[2])
        return _compare(got, wanted) or _compare(wanted, got)
    except (ValueError, TypeError, SyntaxError, OverflowError, RecursionError, MemoryError):
        return {}


def _compare(got: object, wanted: object) -> dict[str, float]:
    if got is None or wanted is None:
        return {"return-value": 2.5, "lookup": 2, "none-test": 2, "null-check": 1.5}
    if isinstance(got, bool) and isinstance(wanted, bool):
        return {"relational": 2, "logical": 2, "negation": 2}
    if isinstance(got, str) and isinstance(wanted, str):
        return _compare_strings(got, wanted)
    if isinstance(got, int | float) and isinstance(wanted, int | float):
        return _compare_numbers(got, wanted)
    if isinstance(got, list | tuple) and isinstance(wanted, list | tuple):
        return _compare_lists(list(got), list(wanted))
    return {}


def _compare_strings(got: str, wanted: str) -> dict[str, float]:
    if got.strip().casefold() == wanted.strip().casefold():
        return {"string-method": 4, "sibling-call": 2, "unwrap-call": 2}
    if got in wanted or wanted in got:
        return {"slice": 2, "sibling-call": 2, "constant": 1.5, "offset": 1.5}
    return {}


def _compare_numbers(got: float, wanted: float) -> dict[str, float]:
    hints = {"cast": 0.3, "string-method": 0.3, "exception-type": 0.5, "arithmetic": 1.5}
    if got == -wanted:
        return hints | {"arithmetic": 2, "swap-arguments": 2}
    if abs(got - wanted) == 1:
        return hints | {"offset": 2, "constant": 2, "relational": 1.5, "rounding": 1.5}
    if abs(got - wanted) < 1:
        return hints | {"rounding": 3, "precedence": 1.5}
    return hints | {"precedence": 1.5}


def _compare_lists(got: list[object], wanted: list[object]) -> dict[str, float]:
    if sorted(map(repr, got)) == sorted(map(repr, wanted)):
        return {"sorted": 4, "keyword-argument": 2.5, "sibling-call": 1.5, "slice": 1.5}
    if abs(len(got) - len(wanted)) == 1:
        return {"offset": 2, "slice": 2, "relational": 2, "constant": 1.5, "move-statement": 1.5}
    if len(got) > len(wanted):
        return {"mutable-default": 1.5, "copy": 1.5, "condition": 1.5}
    return {}
