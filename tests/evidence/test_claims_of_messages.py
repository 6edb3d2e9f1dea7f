"""What an agent's messages claim, at the edges: bounds, places, words that only look alike."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Step
from rematch.evidence.notes import FinalMessage, read_final_message, read_hypotheses

MARKS = ("hypothesis", "suspect", "open", "refuted", "confirmed", "ruled out", "disproved")


def steps(*messages: str) -> tuple[Step, ...]:
    return tuple(Step(number=number, message=text) for number, text in enumerate(messages, 1))


def test_no_steps_and_silent_ones_claim_nothing() -> None:
    assert read_final_message(()) == FinalMessage()
    assert read_final_message(steps("", " \n", "\t")) == FinalMessage()


@pytest.mark.parametrize(("silent", "step"), [(0, 1), (2, 1), (3, 0)])
def test_only_the_last_three_steps_are_an_end(silent: int, step: int) -> None:
    assert read_final_message(steps("It is fixed.", *[""] * silent)).step == step


def test_of_a_long_message_the_end_counts() -> None:
    text = "All tests pass. " + "x" * 50 + " Unfortunately it is incomplete."
    final = read_final_message(steps(text), characters=40)
    assert final.text == text[-40:]
    assert (final.says_tests_pass, final.hedges) == (False, 2)
    assert read_final_message(steps(text)).says_tests_pass


@pytest.mark.parametrize(
    "text",
    [
        "all 12 tests pass",
        "Every check passes.",
        "The tests now pass",
        "all the cases are passing",
        "12 tests passed, 0 failed.",
        "3 tests failed before the change; all tests pass now.",
    ],
)
def test_tests_that_pass_are_claimed_in_many_words(text: str) -> None:
    assert read_final_message(steps(text)).says_tests_pass


@pytest.mark.parametrize(
    "text",
    [
        "I ran all tests. Pass the salt.",
        "The tests failed.",
        "The tests did not pass.",
        "12 tests passed, 1 failed.",
        "Now 3 tests passed and 2 tests failed",
        "bypassing",
    ],
)
def test_other_words_claim_no_pass(text: str) -> None:
    assert not read_final_message(steps(text)).says_tests_pass


@pytest.mark.parametrize("text", ["abandoned", "unfixed", "undone", "dissolved"])
def test_a_claim_is_a_word_of_its_own(text: str) -> None:
    assert not read_final_message(steps(text)).says_done


@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("prefix", ["", "  ", "> ", "# ", "* ", "- **"])
def test_every_mark_opens_a_line_in_any_case_and_indent(mark: str, prefix: str) -> None:
    (found,) = read_hypotheses(steps(f"I think.\n{prefix}{mark.upper()}: the cache is stale"))
    assert (found.text, found.steps) == ("the cache is stale", (1,))


def test_a_number_in_brackets_belongs_to_the_mark() -> None:
    (found,) = read_hypotheses(steps("Hypothesis (1 of 3): the cache is stale"))
    assert found.text == "the cache is stale"


def test_a_mark_without_words_says_nothing() -> None:
    assert read_hypotheses(steps("hypothesis:", "confirmed:   ")) == ()


def test_the_last_verdict_counts_and_each_step_is_named_once() -> None:
    told = steps(
        "hypothesis: a\nopen: a", "refuted: a", "no mark here", "confirmed: a", "suspect: a"
    )
    (found,) = read_hypotheses(told)
    assert (found.fate, found.steps) == ("confirmed", (1, 2, 4, 5))


def test_a_longer_word_is_another_hypothesis() -> None:
    found = read_hypotheses(steps("hypothesis: the cache", "refuted: the cachet"))
    assert [(one.text, one.fate) for one in found] == [
        ("the cache", "open"),
        ("the cachet", "refuted"),
    ]


def test_spaces_and_a_full_stop_make_no_difference() -> None:
    (found,) = read_hypotheses(steps("hypothesis: the  cache.", "confirmed: the cache"))
    assert (found.fate, found.steps) == ("confirmed", (1, 2))


@given(st.integers(1, 12), st.integers(1, 12))
def test_no_more_than_so_many_are_kept_and_those_still_get_their_verdict(
    stated: int, most: int
) -> None:
    lines = [f"hypothesis: cause {number:02d}" for number in range(stated)]
    found = read_hypotheses(steps(*lines, "refuted: cause 00"), most)
    assert len(found) == min(stated, most)
    assert [one.text for one in found] == [f"cause {n:02d}" for n in range(len(found))]
    assert found[0].fate == "refuted"


@given(st.lists(st.text(max_size=60) | st.text("open: hypothesis*\n#.,", max_size=60), max_size=4))
def test_any_message_can_be_read(messages: list[str]) -> None:
    told = steps(*messages)
    numbers = {step.number for step in told}
    assert all(one.text and set(one.steps) <= numbers for one in read_hypotheses(told))
    assert read_final_message(told).step in {0, *numbers}


def test_an_empty_mark_takes_no_other_line() -> None:
    (found,) = read_hypotheses(
        steps("confirmed:\n\n## Next steps\nrefuted:\n- hypothesis: the cache")
    )
    assert (found.text, found.fate) == ("the cache", "open")
