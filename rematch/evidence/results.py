"""Test outcomes read out of a runner's output: counts where they are printed, else a verdict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["green", "red", "unknown"]

_TAIL, _HEAD = 6_000, 500

_PYTEST = re.compile(
    r"^[= \t]*((?:\d+ (?:failed|passed|errors?|skipped|deselected|xfailed|xpassed|warnings?|rerun"
    r"|subtests? passed)(?:, )?)+)(?: in [\d.:]+\s?s?\b.*)?$",
    re.MULTILINE,
)
_UNITTEST = re.compile(r"^Ran (\d+) tests? in .*\n+(OK|FAILED)(?: \(([^)\n]*)\))?", re.MULTILINE)
_CARGO = re.compile(r"test result: \w+\. (\d+) passed; (\d+) failed")
_JEST = re.compile(
    r"^[ \t]*Tests:?\s+(?:(\d+) failed[,|\s]+)?(?:\d+ \w+[,|\s]+)*?(\d+) passed", re.MULTILINE
)
_JEST_FAILED = re.compile(r"^[ \t]*Tests:?\s+(\d+) failed", re.MULTILINE)
_CTEST = re.compile(r"(\d+)% tests passed, (\d+) tests failed out of (\d+)")
_MAVEN = re.compile(r"Tests run: (\d+), Failures: (\d+), Errors: (\d+)")
_REPORT = re.compile(r'"ran": (\d+), "failing": (\d+)')  # the offline repairer's own
_RSPEC = re.compile(r"(\d+) (?:examples|runs|tests),(?: \d+ assertions,)? (\d+) failures")
_SYMPY = re.compile(r"tests finished: (\d+) passed(?:.*?(\d+) failed)?")
_MOCHA = re.compile(r"^[ \t]*(\d+) passing\b", re.MULTILINE)
_MOCHA_FAILED = re.compile(r"^[ \t]*(\d+) failing\b", re.MULTILINE)
_COUNT = re.compile(r"(\d+) (failed|passed|errors?|failures?)")
_GO_FAILED = re.compile(r"^[ \t]*--- FAIL: ", re.MULTILINE)
_GO_PASSED = re.compile(r"^(?:[ \t]*--- PASS: |ok\s+\S+\s)", re.MULTILINE)
_GO_BROKEN = re.compile(r"^FAIL\b", re.MULTILINE)

_SAID_FAILED = re.compile(
    r"^(?!.*\b(?:0|no) (?:failed|failures|fail)\b)"
    r".*(?:\bFAIL(?:ED|URE)?\b|✗|✘|❌|\bAssertionError\b)",
    re.MULTILINE,
)
_SAID_PASSED = re.compile(
    r"\bPASS(?:ED)?\b|✓|✔|✅|\ball (?:\w+ )?(?:tests|checks) (?:have )?(?:passed|pass|ok)\b|\bOK\b$"
    r"|\bSUCCESS\b|All tests successful|Result: PASS",
    re.MULTILINE | re.IGNORECASE,
)
_BROKE = re.compile(
    r"^Traceback \(most recent call last\)|^\w*(?:Error|Exception)(?::|$)|^error(?:\[E\d+\])?:"
    r"|^make(?:\[\d+\])?: \*\*\*|Segmentation fault|panicked at",
    re.MULTILINE,
)
_NOT_THERE = re.compile(
    r"No module named '?(?:pytest|nose|tox)'?|command not found|no tests ran|collected 0 items"
)


@dataclass(frozen=True, slots=True)
class Result:
    """One test run's outcome; counts are None where the output does not print them."""

    passed: int | None = None
    failed: int | None = None
    verdict: Verdict = "unknown"


def read_result(output: str, exit_code: int | None, masked: bool) -> Result:
    """Read a test run's outcome.

    Args:
        output: what the command printed; its tail is read.
        exit_code: the command's, None when not recorded.
        masked: whether the exit code is not the runner's own.
    """
    text = output if len(output) <= _TAIL + _HEAD else output[:_HEAD] + "\n" + output[-_TAIL:]
    if _NOT_THERE.search(text) and not _COUNT.search(text):
        return Result()
    counts = _count(text)
    if counts is not None:
        passed, failed = counts
        if failed:
            return Result(passed, failed, "red")
        # An exit code of its own can still say that something around the tests failed.
        bad = exit_code not in (0, None) and not masked
        return Result(passed, failed, "red" if bad else "green" if passed else "unknown")
    return Result(verdict=_judge(text, exit_code, masked))


def _judge(text: str, exit_code: int | None, masked: bool) -> Verdict:
    if (exit_code is not None and exit_code < 0) or exit_code in (124, 137):
        return "unknown"
    if _SAID_FAILED.search(text) or _BROKE.search(text):
        return "red"
    if not masked and exit_code is not None:
        return "green" if exit_code == 0 else "red"
    return "green" if _SAID_PASSED.search(text) else "unknown"


def _count(text: str) -> tuple[int, int] | None:
    """Passed and failed, from whichever runner's summary is printed."""
    for reader in (_count_python, _count_sums, _count_javascript, _count_go):
        counts = reader(text)
        if counts is not None:
            return counts
    return None


def _count_python(text: str) -> tuple[int, int] | None:
    lines = _PYTEST.findall(text)
    if lines:
        counts = [(int(n), kind) for n, kind in _COUNT.findall(lines[-1])]
        passed = sum(n for n, kind in counts if kind == "passed")
        failed = sum(n for n, kind in counts if kind != "passed")
        if passed or failed:
            return passed, failed
    ran = _UNITTEST.findall(text)
    if ran:
        total, word, detail = ran[-1]
        bad = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", detail))
        bad = max(bad, 1) if word == "FAILED" else 0
        return max(int(total) - bad, 0), bad
    finished = _SYMPY.findall(text)
    if finished:
        return int(finished[-1][0]), int(finished[-1][1] or 0)
    return None


def _count_sums(text: str) -> tuple[int, int] | None:
    cargo = _CARGO.findall(text)
    if cargo:
        return sum(int(p) for p, _ in cargo), sum(int(f) for _, f in cargo)
    ctest = _CTEST.findall(text)
    if ctest:
        _, failed, total = ctest[-1]
        return int(total) - int(failed), int(failed)
    maven = _MAVEN.findall(text)
    if maven:
        total, failures, errors = (int(n) for n in maven[-1])
        return total - failures - errors, failures + errors
    totals = _RSPEC.findall(text) or _REPORT.findall(text)
    if totals:
        total, failed = (int(n) for n in totals[-1])
        return max(total - failed, 0), failed
    return None


def _count_javascript(text: str) -> tuple[int, int] | None:
    passed = _JEST.findall(text)
    failed = _JEST_FAILED.findall(text)
    if passed or failed:
        return int(passed[-1][1]) if passed else 0, int(failed[-1]) if failed else 0
    passing = _MOCHA.findall(text)
    failing = _MOCHA_FAILED.findall(text)
    if passing or failing:
        return int(passing[-1]) if passing else 0, int(failing[-1]) if failing else 0
    return None


def _count_go(text: str) -> tuple[int, int] | None:
    passed, failed = len(_GO_PASSED.findall(text)), len(_GO_FAILED.findall(text))
    if not passed and not failed:
        return None
    return passed, failed or int(bool(_GO_BROKEN.search(text)))
