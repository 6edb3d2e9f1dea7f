from __future__ import annotations

import pytest

from rematch.evidence.facts import read_facts
from tests.evidence.makers import make_rollout

KEY = "src/a.py:12 compare: x < 1 -> x <= 1"


def fates(*messages: str) -> list[tuple[str, str, tuple[int, ...]]]:
    rollout = make_rollout(*["ls"] * len(messages), messages=messages)
    return [(h.text, h.fate, h.steps) for h in read_facts(rollout).hypotheses]


def test_a_hypothesis_gets_its_fate_and_its_steps() -> None:
    told = fates(f"hypothesis: {KEY}", f"refuted: {KEY}\nhypothesis: b.py:1 op: y -> z")
    assert told == [(KEY, "refuted", (1, 2)), ("b.py:1 op: y -> z", "open", (2,))]


def test_a_verdict_may_go_on_after_its_hypothesis() -> None:
    assert fates(f"hypothesis: {KEY}", f"open: {KEY} (2 of 3 failing tests pass)") == [
        (KEY, "open", (1, 2))
    ]
    assert fates(f"hypothesis: {KEY}", f"confirmed: {KEY}, all pass")[0][1] == "confirmed"


def test_a_verdict_alone_is_a_hypothesis() -> None:
    assert fates("Ruled out: the cache") == [("the cache", "refuted", (1,))]


def test_an_open_word_does_not_reopen() -> None:
    assert fates(f"refuted: {KEY}", f"hypothesis: {KEY}")[0][1] == "refuted"


def test_keys_that_differ_in_case_differ() -> None:
    assert len(fates("hypothesis: a.py:1 op: x -> X", "hypothesis: a.py:1 op: x -> x")) == 2


def test_marks_of_markdown_are_no_part_of_it() -> None:
    assert fates("- **Hypothesis**: the index is off") == [("the index is off", "open", (1,))]
    assert fates("This hypothesis: no") == []


@pytest.mark.parametrize(
    ("text", "done", "tests_pass", "hedges"),
    [
        ("All tests pass. The fix is complete.", True, True, 0),
        (
            "I fixed it, though it should work I could not run the tests; probably fine.",
            True,
            False,
            3,
        ),
        ("", False, False, 0),
    ],
)
def test_final_claims(text: str, done: bool, tests_pass: bool, hedges: int) -> None:
    final = read_facts(make_rollout("ls", "ls", messages=["Nothing", text])).final
    if text:
        assert (final.step, final.text) == (2, text)
        assert (final.says_done, final.says_tests_pass, final.hedges) == (done, tests_pass, hedges)
    else:
        assert final.step == 1  # the last one that says anything
