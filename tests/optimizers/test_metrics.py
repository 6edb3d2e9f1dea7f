"""The judge's metric: a score, its parts, and one sentence that names the mistake."""

from __future__ import annotations

import asyncio
from typing import Any

import dspy
import pytest

from rematch.optimizers.examples import JudgeExample
from rematch.optimizers.metrics import Examined, JudgeMetric

PAIR = JudgeExample(
    key="t: a b",
    task_id="t",
    task="Mend it.",
    ids=("a", "b"),
    rewards=(0.0, 1.0),
    orders=((0, 1), (1, 0)),
    candidates=("first a", "first b"),
)


def examine(*slots: int | None, example: JudgeExample = PAIR, shown: str = "") -> Examined:
    problems = ["unreadable reply" if slot is None else "" for slot in slots]
    made = dspy.Prediction(winner=list(slots), reasons=[""] * len(slots), problems=problems)
    return asyncio.run(JudgeMetric().examine(example, made, shown))


@pytest.mark.parametrize(
    ("slots", "score", "consistency", "parsed"),
    [
        ((2, 1), 1.0, 1.0, 1.0),
        ((1, 2), 0.0, 1.0, 1.0),
        ((1, 1), 0.5, 0.0, 1.0),
        ((2, 2), 0.5, 0.0, 1.0),
        ((2, None), 0.5, 0.0, 0.5),
        ((None, None), 0.0, 0.0, 0.0),
        ((99, 1), 0.5, 0.0, 0.5),
        ((0, -1), 0.0, 0.0, 0.0),
    ],
)
def test_right_picks_consistency_and_parsing(
    slots: tuple[int | None, ...], score: float, consistency: float, parsed: float
) -> None:
    examined = examine(*slots)
    assert examined.score == examined.accuracy == score
    assert examined.parts == {"consistency": consistency, "parsed": parsed}


def test_the_sentence_names_the_mistake() -> None:
    assert examine(2, 1).feedback == "Right: Candidate 2 passes the hidden tests."
    wrong = examine(1, 2).feedback
    assert wrong.startswith("Wrong: you named Candidate 1, which does worse")
    assert "Candidate 2" in wrong and "place decided" not in wrong
    biased = examine(1, 1).feedback
    assert biased.startswith("Wrong: you named Candidate 1")
    assert "In every order of the same attempts you named Candidate 1" in biased
    assert examine(None, 1).feedback == (
        "No vote (unreadable reply). Candidate 2 passes the hidden tests."
    )
    assert examine(7, 1).feedback.startswith("No vote (there is no candidate 7).")


def test_the_sentence_speaks_of_the_order_that_is_reflected_on() -> None:
    right = examine(2, 2, shown="first a").feedback
    assert right.startswith("Right: Candidate 2") and "the place decided" in right
    assert examine(2, 2, shown="first b").feedback.startswith("Wrong: you named Candidate 2")
    assert examine(2, 2, shown="another text").feedback.startswith("Wrong")


def test_several_may_be_right() -> None:
    settings: dict[str, Any] = {
        "ids": ("a", "b", "c"),
        "rewards": (1.0, 0.5, 1.0),
        "orders": ((0, 1, 2), (1, 2, 0), (2, 0, 1)),
        "candidates": ("x", "y", "z"),
    }
    three = PAIR.model_copy(update=settings)
    assert examine(1, 3, 2, example=three).score == 1
    assert examine(1, 2, 2, example=three).score == 1
    assert examine(1, 2, 2, example=three).parts["consistency"] == 0
    assert "Candidate 1 or Candidate 3" in examine(2, 3, 2, example=three).feedback
