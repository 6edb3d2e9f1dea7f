"""What a claim's text asserts that a record could confirm or refute. Careful: unsure is nothing.

Wishes, plans, conditions and negated statements assert nothing here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "tests-pass",
    "tests-fail",
    "edit",
    "exit-code",
    "runs",
    "submitted",
    "not-submitted",
    "no-patch",
]

_UNSURE = re.compile(
    r"\b(?:should|would|could|may|might|must|needs?|expect\w*|will|if|whether|until|unless|before"
    r"|plan\w*|try|tried|want\w*|hope\w*|ensure|make sure|to (?:verify|check|confirm|see)|claims?"
    r"|let me|let's|going to|now to|initially|originally|previously|at first"
    r"|without|suggest\w*|recommend\w*)\b",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|never|no|none|cannot|unable|nothing|neither|nor|without|instead)\b|n't\b",
    re.IGNORECASE,
)
_TESTS = r"(?:tests?|test (?:suite|cases?|files?|runs?)|suite|checks?)"
_PASS = re.compile(
    rf"\b{_TESTS}\b[^.;]{{0,40}}?\b(?:pass(?:es|ed|ing)?|succeed(?:s|ed)?|green)\b"
    rf"|\b(\d+)(?:/\d+)? (?:\w+ )?(?:{_TESTS} )?pass(?:ed|ing)?\b",
    re.IGNORECASE,
)
_FAIL = re.compile(
    rf"\b{_TESTS}\b[^.;]{{0,40}}?\b(?:fail(?:s|ed|ing)?|red)\b"
    rf"|\b(\d+)(?:/\d+)? (?:\w+ )?(?:{_TESTS} )?fail(?:ed|ures?|ing)\b",
    re.IGNORECASE,
)
_EDIT = re.compile(
    r"\b(?:edited|modified|changed|updated|patched|rewrote|created|wrote|added|fixed|replaced"
    r"|refactored|implemented|inserted|removed|deleted)\b",
    re.IGNORECASE,
)
_SUFFIXES = (
    "pyi?|pyx|ipynb|jsx?|mjs|cjs|tsx?|vue|go|rs|c|h|cc|cpp|cxx|hpp|java|kts?|rb|php|cs|swift|scala"
    "|sh|bash|R|jl|mli?|hs|lua|p[lm]|sql|html?|s?css|json|ya?ml|toml|ini|cfg|conf|md|rst|txt|csv|tsv"
    "|xml|proto|cmake|gradle|tex|red|in"
)
_PATH = re.compile(rf"(?<![\w./-])((?:[\w.+-]+/)*[\w+-][\w.+-]*\.(?:{_SUFFIXES}))(?![\w/.]\w|\w)")
_PRODUCT = re.compile(r"^[A-Z][A-Za-z0-9]*\.js$")
_EXIT = re.compile(
    r"\b(?:exit ?(?:code|status)|return ?code)(?: of| was| is|[=:])? ?(-?\d{1,3})\b"
    r"|\bexit(?:ed|s) with (?:code |status )?(-?\d{1,3})\b",
    re.IGNORECASE,
)
_RUNS = re.compile(
    r"\b(?:ran|running|run|executed|passe[sd]|with|via|using|by)\b[^.;]{0,30}?"
    r"\b(pytest|tox|nox|unittest|nosetests|cargo test|go test|npm test|jest|mocha|vitest|ctest|mypy"
    r"|ruff|flake8|eslint)\b",
    re.IGNORECASE,
)
_SUBMITTED = re.compile(
    r"\bsubmitted\b|\bsubmits? (?:its|the|a) (?:patch|work|solution|fix)\b", re.IGNORECASE
)
_NO_PATCH = re.compile(
    r"\b(?:no|empty) patch\b|\bpatch (?:is|was) empty\b|\bwithout (?:a |any )?patch\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Assertion:
    """One assertion: its kind, the path, runner or number that it names, and its clause."""

    kind: Kind
    value: str = ""
    clause: str = ""


def read_assertions(text: str) -> list[Assertion]:
    """What a claim asserts, clause by clause."""
    found: list[Assertion] = []
    for clause in re.split(
        r"(?<=[\w)`'\"])[.;](?:\s+|$)|\n|, (?:but|and then|then|so) ", text[:4_000]
    ):
        if not clause or not clause.strip():
            continue
        negated, unsure = bool(_NOT.search(clause)), bool(_UNSURE.search(clause))
        if _NO_PATCH.search(clause):
            found.append(Assertion("no-patch", "", clause))
        elif _SUBMITTED.search(clause) and not unsure:
            found.append(Assertion("not-submitted" if negated else "submitted", "", clause))
        if not (negated or unsure):
            found += _read_plain(clause)
    return found


def _read_plain(clause: str) -> list[Assertion]:
    found: list[Assertion] = []
    passes, fails = list(_PASS.finditer(clause)), list(_FAIL.finditer(clause))
    # "1 failed, 20 passed" is a red run; "20 passed, 0 failed" a green one.
    bad = [m for m in fails if m.group(1) != "0"]
    if bad:
        found.append(Assertion("tests-fail", _number(bad), clause))
    elif passes:
        found.append(Assertion("tests-pass", _number(passes), clause))
    found += [
        Assertion("exit-code", match.group(1) or match.group(2), clause)
        for match in _EXIT.finditer(clause)
    ]
    if _EDIT.search(clause):
        paths = dict.fromkeys(m.group(1) for m in _PATH.finditer(clause))
        found += [Assertion("edit", p, clause) for p in paths if not _PRODUCT.match(p)]
    found += [Assertion("runs", m.group(1).lower(), clause) for m in _RUNS.finditer(clause)]
    return found


def _number(matches: list[re.Match[str]]) -> str:
    return next((match.group(1) for match in matches if match.group(1)), "")
