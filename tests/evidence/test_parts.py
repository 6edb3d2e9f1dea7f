"""Patches, test runners, features and words of the evidence."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Ending
from rematch.evidence.facts import read_facts
from rematch.evidence.features import BY_NAME, FEATURES, GROUPS, measure
from rematch.evidence.patches import PatchFacts, read_patch
from rematch.evidence.runners import find_runner
from rematch.evidence.shell import split_segments
from rematch.evidence.wording import explain_difference
from tests.evidence.makers import SUBMIT, make_patch, make_rollout


def test_a_patch_of_several_files_is_counted_by_lines() -> None:
    patch = make_patch("src/a.py", "-x = 1", "+x = 2", "+y") + make_patch("tests/b.py", "+z")
    facts = read_patch(patch)
    assert facts.files == ("src/a.py", "tests/b.py")
    assert (facts.added, facts.removed, facts.size) == (3, 1, 4)
    assert facts.changed == {"-src/a.py:x=1", "+src/a.py:x=2", "+src/a.py:y", "+tests/b.py:z"}


def test_a_changed_line_that_looks_like_a_files_is_a_line() -> None:
    patch = make_patch("a.sql", "--- old comment", "++++ sign", "-- x", "+-- new")
    facts = read_patch(patch)
    assert facts.files == ("a.sql",)
    assert (facts.added, facts.removed) == (2, 2)


def test_new_and_deleted_files_have_one_name() -> None:
    new = "--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x\n"
    gone = "--- a/g.py\t2020-01-01\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"
    assert read_patch(new).files == ("n.py",)
    assert read_patch(gone).files == ("g.py",)


@pytest.mark.parametrize(
    ("files", "tests_only", "litter"),
    [
        (("tests/test_a.py",), True, ()),
        (("src/a.py", "tests/test_a.py"), False, ()),
        (("reproduce.py", "tests/test_a.py"), True, ("reproduce.py",)),
        (("out.log", "src/a.py"), False, ("out.log",)),
    ],
)
def test_tests_and_scratch_files_are_told_apart(
    files: tuple[str, ...], tests_only: bool, litter: tuple[str, ...]
) -> None:
    facts = read_patch("".join(make_patch(path, "+x") for path in files))
    assert (facts.tests_only, facts.litter) == (tests_only, litter)


@pytest.mark.parametrize("patch", [None, "", " \n"])
def test_no_patch_has_no_facts(patch: str | None) -> None:
    assert read_patch(patch) == PatchFacts()
    assert not read_patch(patch).tests_only


@given(st.text(max_size=200) | st.text("+-@ ab/\n\t", max_size=200))
def test_any_text_is_a_patch(text: str) -> None:
    facts = read_patch(text)
    assert facts.size >= len({line for line in facts.changed if line}) - len(facts.changed)
    assert all(facts.files)


def launch(line: str) -> tuple[str, bool] | None:
    found = find_runner(split_segments(line))
    return None if found is None else (found.runner, found.masked)


@pytest.mark.parametrize(
    ("line", "runner"),
    [
        ("python -bb -W error -m pytest -x", "pytest"),
        (".venv/bin/pytest tests", "pytest"),
        ("uv run --frozen pytest", "pytest"),
        ("python manage.py test app", "unittest"),
        ("tox -e py311", "tox"),
        ("cargo +nightly test --all", "cargo test"),
        ("npm run test:unit", "npm test"),
        ("npx vitest run", "jest"),
        ("make -C build check", "make test"),
        ("./gradlew :core:test", "gradle"),
        ("mvn -q verify", "maven"),
        ("python tests/runtests.py admin", "script"),
        ("bash run_tests.sh", "script"),
        ("./runtests.sh", "script"),
    ],
)
def test_runners_are_known_by_their_command(line: str, runner: str) -> None:
    assert launch(line) == (runner, False)
    assert launch(f"cd x && {line}") == (runner, False)
    assert launch(f"{line} | tail -5") == (runner, True)
    assert launch(f"{line} || true") == (runner, True)


@pytest.mark.parametrize(
    "line",
    ["pytest --version", "pytest --collect-only", "test -f a", "cat tests/test_a.py", "make all",
     "pip install pytest", "cargo build", "grep -rn pytest .", "ls tests", ""],
)  # fmt: skip
def test_what_runs_no_tests_is_no_runner(line: str) -> None:
    assert launch(line) is None


def test_features_are_named_once_with_what_they_mean() -> None:
    assert len(BY_NAME) == len(FEATURES)
    assert {feature.group for feature in FEATURES} == set(GROUPS)
    for feature in FEATURES:
        assert feature.meaning and feature.reason
        assert feature.scale > 0
        assert feature.prior >= 0


def test_features_are_relative_to_the_tasks_median() -> None:
    short, middle, long = (
        read_facts(make_rollout(*["ls"] * n, SUBMIT, id=str(n), tokens=10 * n)) for n in (1, 3, 7)
    )
    rows = measure([short, middle, long], [1, 1, 1])
    assert [row["fewer_steps"] for row in rows] == pytest.approx(
        [math.log(5 / 3), 0.0, math.log(5 / 9)]
    )
    assert rows[0]["fewer_tokens"] > 0 == rows[1]["fewer_tokens"] > rows[2]["fewer_tokens"]
    assert all(row.keys() == BY_NAME.keys() for row in rows)


def test_what_is_not_recorded_counts_nothing() -> None:
    known = read_facts(make_rollout(("false", "", 1), id="a", tokens=5))
    unknown = read_facts(make_rollout(("false", "", None), id="b"))
    row = measure([known, unknown], [1, 1])[1]
    assert (row["fewer_tokens"], row["fewer_failures"]) == (0.0, 0.0)
    assert measure([], []) == []


def test_an_end_by_submission_speaks_for_an_attempt() -> None:
    rollouts = [make_rollout("ls", id=end.value, ending=end) for end in Ending]
    facts = [read_facts(rollout) for rollout in rollouts]
    rows = dict(zip(Ending, measure(facts, [1] * len(facts)), strict=True))
    best = max(row["submitted"] for row in rows.values())
    assert [end for end, row in rows.items() if row["submitted"] == best] == [Ending.SUBMITTED]


def test_a_difference_is_explained_by_its_largest_parts() -> None:
    better = {
        "submitted": 0.5,
        "fewer_steps": 0.3,
        "reported": 0.2,
        "settled": 0.1,
        "same_end": -0.2,
    }
    worse = {"submitted": 0.1, "fewer_steps": 0.3}
    text = explain_difference(better, worse, most=2)
    assert text == (
        f"{BY_NAME['submitted'].reason} (+0.40); {BY_NAME['reported'].reason} (+0.20); "
        "against it: same end (-0.20)"
    )
    assert explain_difference({"reported": 0.2}, {}) == f"{BY_NAME['reported'].reason} (+0.20)"


def test_equal_parts_are_named_in_a_fixed_order() -> None:
    parts = {"settled": 0.1, "reported": 0.1, "submitted": 0.1}
    assert explain_difference(parts, {}) == explain_difference(dict(reversed(parts.items())), {})
