"""Test runners, recognised by the command that starts them, as their own documentation has it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rematch.evidence.shell import Segment

_PYTHON = r"(?:\S*/)?python[\d.]*(?:\s+-[bBEIsuvX]+|\s+-[WX]\s*\S+)*\s+"
_NPM = r"(?:npm|yarn|pnpm|bunx?)"
_TARGET = r"(?:tests?|check)(?:[-_]\w+)*"
_TEST_FILE = r"(?:\S*/)?(?:tests?/\S+|test_?\w*|\w*_tests?|run_?tests?|tests)"
_RUNNERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("pytest", rf"(?:{_PYTHON}-m\s+)?(?:\S*/)?(?:pytest|py\.test)(?:\s|$)"),
        ("unittest", rf"{_PYTHON}-m\s+(?:unittest|django\s+test|twisted\.trial|trial)\b"),
        ("unittest", rf"(?:{_PYTHON})?(?:\S*/)?manage\.py\s+test\b"),
        ("nose", rf"(?:{_PYTHON}-m\s+nose2?\b|(?:\S*/)?(?:nosetests|nose2)\b)"),
        ("tox", rf"(?:{_PYTHON}-m\s+)?(?:\S*/)?(?:tox|nox)(?:\s|$)"),
        ("go test", r"(?:\S*/)?go\s+test\b"),
        ("cargo test", r"(?:\S*/)?cargo\s+(?:\+\S+\s+)?(?:test|nextest)\b"),
        ("npm test", rf"{_NPM}\s+(?:--?\S+\s+)*(?:run\s+)?(?:test|t)(?::\S+)?(?:\s|$)"),
        ("jest", rf"(?:(?:npx|{_NPM})\s+)?(?:\S*/)?(?:jest|vitest|mocha|ava|karma)(?:\s|$)"),
        ("node --test", r"node\s+(?:--\S+\s+)*--test\b"),
        ("make test", rf"(?:\S*/)?(?:make|ninja|just)\s+(?:\S+\s+)*{_TARGET}(?:\s|$)"),
        ("ctest", r"(?:\S*/)?ctest(?:\s|$)"),
        ("maven", r"(?:\S*/)?mvnw?\s+(?:\S+\s+)*(?:test|verify)\b"),
        ("gradle", r"(?:\S*/)?gradlew?\s+(?:\S+\s+)*(?::\S+:)?(?:test|check)\b"),
        ("dotnet test", r"dotnet\s+test\b"),
        ("rspec", r"(?:\S*/)?(?:rspec|rake\s+(?:test|spec))(?:\s|$)"),
        ("phpunit", r"(?:php\s+)?(?:\S*/)?phpunit\b"),
        ("prove", r"(?:\S*/)?(?:prove|bats)\s"),
        ("bazel test", r"bazel(?:isk)?\s+test\b"),
        ("swift test", r"(?:swift|mix|sbt|dune|zig\s+build|deno|lein|cabal)\s+(?:run)?test\b"),
        ("bin/test", rf"(?:{_PYTHON})?(?:\S*/)?bin/(?:test|doctest)(?:\s|$)"),
        ("script", rf"{_PYTHON}{_TEST_FILE}(?:\.py)(?:\s|$)"),
        ("script", rf"(?:ba|z)?sh\s+(?:-\w+\s+)*{_TEST_FILE}\.sh(?:\s|$)"),
        ("script", rf"(?:node|ruby|perl|php|Rscript|lua)\s+{_TEST_FILE}\.\w+(?:\s|$)"),
        ("script", r"\.?/?(?:\S*/)?(?:run_?tests?|tests?)(?:\.sh|\.py)?(?:\s|$)"),
    )
)
_MAYBE = re.compile(
    r"tests?\b|test[_.]|check|tox|nox|nose|spec|jest|mocha|karma|\bava\b|trial|prove|bats|verify|phpunit"
)
_NOT_RUN = re.compile(r"--(?:version|help|collect-only|co)\b|\s-h(?:\s|$)|^test\s")


@dataclass(frozen=True, slots=True)
class Launch:
    """A test runner at work: its name, its own command, and whether the line's exit code is hidden.

    It is hidden where a pipe, `;` or `||` follows: the code is then not the runner's own.
    """

    runner: str
    command: str
    masked: bool


def find_runner(segments: list[Segment]) -> Launch | None:
    """The first test runner among a line's commands."""
    for index, segment in enumerate(segments):
        program = segment.program
        if not _MAYBE.search(program) or _NOT_RUN.search(program):
            continue
        for name, pattern in _RUNNERS:
            if pattern.match(program):
                masked = any(part.then not in ("&&", "") for part in segments[index:-1])
                return Launch(name, program, masked)
    return None
