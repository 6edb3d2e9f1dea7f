from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.evidence.results import read_result

COUNTS = [
    ("===== 3 failed, 5 passed, 1 warning in 0.12s =====", 5, 3, "red"),
    ("....\n4 passed in 0.01s", 4, 0, "green"),
    ("=== 2 errors in 0.10s ===", 0, 2, "red"),
    ("= 374 passed, 2 skipped, 1 xfailed in 61.20s (0:01:01) =", 374, 0, "green"),
    ("Ran 12 tests in 0.003s\n\nOK", 12, 0, "green"),
    ("Ran 12 tests in 0.003s\n\nFAILED (failures=2, errors=1)", 9, 3, "red"),
    (
        "test result: ok. 5 passed; 0 failed; 0 ignored\ntest result: FAILED. 1 passed; 2 failed",
        6,
        2,
        "red",
    ),
    ("Tests:       1 failed, 7 passed, 8 total", 7, 1, "red"),
    ("Tests:       7 passed, 7 total", 7, 0, "green"),
    ("  5 passing (10ms)\n  1 failing", 5, 1, "red"),
    ("100% tests passed, 0 tests failed out of 9", 9, 0, "green"),
    ("Tests run: 5, Failures: 1, Errors: 1, Skipped: 0", 3, 2, "red"),
    ("8 examples, 1 failures", 7, 1, "red"),
    ("tests finished: 41 passed, 1 failed, in 5.2 seconds", 41, 1, "red"),
    ("--- PASS: TestA (0.00s)\n--- FAIL: TestB (0.00s)\nFAIL", 1, 1, "red"),
    ("ok  \tpkg\t0.01s", 1, 0, "green"),
    ('report: {"ran": 4, "failing": 1, "quick": true}', 3, 1, "red"),
]


@pytest.mark.parametrize(("output", "passed", "failed", "verdict"), COUNTS)
def test_printed_counts_are_read(output: str, passed: int, failed: int, verdict: str) -> None:
    result = read_result(output, 0, masked=True)
    assert (result.passed, result.failed, result.verdict) == (passed, failed, verdict)


def test_the_last_summary_counts() -> None:
    assert read_result("1 failed in 0.1s\n2 passed in 0.1s", 0, masked=False).verdict == "green"


def test_a_bad_exit_code_of_its_own_outweighs_green_counts() -> None:
    assert read_result("2 passed in 0.1s", 1, masked=False).verdict == "red"
    assert read_result("2 passed in 0.1s", 1, masked=True).verdict == "green"


@pytest.mark.parametrize(
    ("output", "code", "masked", "verdict"),
    [
        ("done", 0, False, "green"),
        ("done", 1, False, "red"),
        ("done", None, False, "unknown"),
        ("done", 0, True, "unknown"),
        ("Test 1 PASSED\nTest 2 FAILED: x", 0, False, "red"),
        ("0 failed\nALL OK", 0, True, "green"),
        ("All tests passed!", 0, True, "green"),
        ("Traceback (most recent call last):\n  x\nValueError: y", 0, True, "red"),
        ("No module named pytest", 1, False, "unknown"),
        ("collected 0 items", 5, False, "unknown"),
        ("no output", 124, False, "unknown"),
        ("no output", -1, False, "unknown"),
    ],
)
def test_without_counts_words_and_codes_tell(
    output: str, code: int | None, masked: bool, verdict: str
) -> None:
    assert read_result(output, code, masked).verdict == verdict


@given(st.text(), st.none() | st.integers(-20, 255), st.booleans())
def test_any_output_has_a_result(output: str, code: int | None, masked: bool) -> None:
    result = read_result(output, code, masked)
    assert result.verdict in ("green", "red", "unknown")
    assert (result.passed is None) is (result.failed is None)
