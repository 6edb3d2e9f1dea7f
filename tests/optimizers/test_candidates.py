"""Candidates: told apart by their prompts, complete when all that decide are scored, best kept."""

from __future__ import annotations

import copy
import threading

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.errors import HaltError
from rematch.optimizers.candidates import Candidate, Candidates
from rematch.programs.saved import load_predictor
from rematch.signatures import CompareRollouts


def make(instruction: str, *demos: dspy.Example) -> dspy.Predict:
    predictor = dspy.Predict(CompareRollouts.with_instructions(instruction))
    predictor.demos = list(demos)
    return predictor


def test_equal_prompts_are_one_candidate() -> None:
    candidates = Candidates(["a"])
    demo = dspy.Example(task="t", candidates="c", winner=1)
    names = [
        candidates.name(predictor)
        for predictor in (make("one"), make("one"), make("two"), make("one", demo))
    ]
    assert names[0] == names[1]
    assert len(set(names)) == candidates.count == 3


def test_a_candidate_counts_when_every_deciding_example_is_scored() -> None:
    ended: list[Candidate] = []
    candidates = Candidates(["a", "b"], ended.append)
    name = candidates.name(make("one"))
    candidates.note(name, "a", 1.0)
    candidates.note(name, "training", 0.0)
    assert (candidates.best, ended) == (None, [])
    candidates.note(name, "b", 0.5)
    assert candidates.best is not None and candidates.best.mean == 0.75
    assert [one.mean for one in ended] == [0.75]
    candidates.note(name, "b", 0.5)
    assert len(ended) == 1, "scored again, told once"


def test_the_best_is_kept_and_of_equals_the_first() -> None:
    candidates = Candidates(["a"])
    for text, score in (("start", 0.5), ("worse", 0.25), ("equal", 0.5)):
        candidates.note(candidates.name(make(text)), "a", score)
    assert candidates.best is not None
    assert candidates.best.state.signature.instructions == "start"
    candidates.note(candidates.name(make("better")), "a", 0.75)
    best = candidates.best
    assert best is not None and best.number == 3
    assert load_predictor(make("start"), best.state).signature.instructions == "better"


def test_after_the_end_nobody_asks_any_more() -> None:
    candidates = Candidates(["a"])
    candidates.name(make("one"))
    candidates.stop("the budget is spent")
    with pytest.raises(HaltError, match="the budget is spent"):
        candidates.name(make("one"))


def test_copies_of_a_student_share_the_list() -> None:
    candidates = Candidates(["a"])
    assert copy.deepcopy(candidates) is candidates
    assert candidates.best is None


def test_scores_from_many_threads_are_all_counted() -> None:
    keys = [str(number) for number in range(64)]
    candidates = Candidates(keys)
    name = candidates.name(make("one"))

    def score(part: list[str]) -> None:
        for key in part:
            candidates.note(name, key, 1.0)

    threads = [threading.Thread(target=score, args=(keys[first::4],)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert candidates.best is not None and candidates.best.mean == 1.0


@given(st.lists(st.lists(st.floats(0, 1), min_size=3, max_size=3), min_size=1, max_size=6))
def test_no_complete_candidate_beats_the_best(rows: list[list[float]]) -> None:
    keys = ["a", "b", "c"]
    candidates = Candidates(keys)
    for number, row in enumerate(rows):
        name = candidates.name(make(f"prompt {number}"))
        for key, score in zip(reversed(keys), row, strict=True):
            candidates.note(name, key, score)
    best = candidates.best
    assert best is not None and best.mean is not None
    assert best.mean == pytest.approx(max(sum(row) / 3 for row in rows))
