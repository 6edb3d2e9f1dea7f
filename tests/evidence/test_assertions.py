"""What a claim asserts: only what a record could confirm or refute, and nothing when in doubt."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.evidence.assertions import read_assertions


def read(text: str) -> list[tuple[str, str]]:
    return [(one.kind, one.value) for one in read_assertions(text)]


@pytest.mark.parametrize(
    ("text", "asserted"),
    [
        ("All tests pass.", [("tests-pass", "")]),
        ("20 passed, 0 failed", [("tests-pass", "20")]),
        ("1 failed, 20 passed", [("tests-fail", "1")]),
        ("The test suite is green", [("tests-pass", "")]),
        ("Two of the checks fail", [("tests-fail", "")]),
        ("Edited src/a.py and docs/b.md", [("edit", "src/a.py"), ("edit", "docs/b.md")]),
        ("Fixed `pkg/mod.py`; removed old.js", [("edit", "pkg/mod.py"), ("edit", "old.js")]),
        ("The command exited with code 3", [("exit-code", "3")]),
        ("exit status: -9", [("exit-code", "-9")]),
        ("Ran pytest on it", [("runs", "pytest")]),
        ("It submitted its work", [("submitted", "")]),
        ("It never submitted anything", [("not-submitted", "")]),
        ("It ended with an empty patch", [("no-patch", "")]),
        ("No patch was made", [("no-patch", "")]),
    ],
)
def test_a_plain_statement_is_an_assertion(text: str, asserted: list[tuple[str, str]]) -> None:
    assert read(text) == asserted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The tests should pass",
        "The tests did not pass",
        "Tests would fail without it",
        "Plan: run pytest and edit a.py",
        "Let me edit src/a.py",
        "It could be submitted",
        "Initially all tests failed",
        "a.py is the module at fault",
        "It replaced Node.js",  # a product, no file
        "It changed version 1.2.3",
        "Updated e.g. this",
    ],
)
def test_wishes_plans_and_negations_assert_nothing(text: str) -> None:
    assert read(text) == []


def test_clauses_are_read_one_by_one() -> None:
    text = "It should work; all tests pass. Edited a.py, but the tests in b.py were not run"
    assert read(text) == [("tests-pass", ""), ("edit", "a.py")]
    found = read_assertions("All tests pass. Edited a.py")
    assert [one.clause for one in found] == ["All tests pass", "Edited a.py"]


def test_a_point_within_a_name_ends_no_clause() -> None:
    assert read("Edited pkg/a.b.py. Done") == [("edit", "pkg/a.b.py")]


@pytest.mark.parametrize("path", ["a.py", "./a.py", "x/y-z/a_b.test.ts", "Makefile.in", "conf.yml"])
def test_paths_of_many_kinds_are_seen(path: str) -> None:
    found = read(f"Modified {path} today")
    assert [kind for kind, _ in found] == ["edit"] if not path.startswith("./") else True
    assert all(value and value in path for _, value in found)


@given(st.text(max_size=300) | st.text("tests pasfiled 0123/.;,\n-", max_size=300))
def test_any_text_is_read(text: str) -> None:
    for one in read_assertions(text):
        assert one.clause in text
        assert one.value.lower() in one.clause.lower()


@pytest.mark.parametrize("unit", ["a/", "test ", "passed with ", "1 ", "(", "-", "a.py ", "exit "])
def test_hostile_text_takes_no_time(unit: str) -> None:
    start = time.process_time()
    read_assertions(unit * 50_000)
    assert time.process_time() - start < 1
