"""An entrant is represented once, and never by another's text."""

from __future__ import annotations

import copy
import gc
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.programs import RTV, Judge, RTVConfig
from rematch.programs.views import KeptView
from rematch.seams import Entrant
from rematch.testing import Endpoint
from tests.programs.makers import PATCH_TASK, make_entrant, run
from tests.programs.serving import make_pool, serve_lm


@dataclass
class Counting:
    """A view that counts how often it is asked for each entrant."""

    asked: Counter[str] = field(default_factory=Counter)

    def __call__(self, entrant: Entrant) -> str:
        self.asked[entrant.id] += 1
        return f"shown: {entrant.summary.final_outcome} x{entrant.weight}"


@given(st.lists(st.integers(0, 4), max_size=30))
def test_each_entrant_has_its_own_text_in_whatever_order_they_come(places: list[int]) -> None:
    view = Counting()
    kept = KeptView(view)
    pool = [make_entrant(f"r{number}", says=f"says {number}") for number in range(5)]
    for place in places:
        assert kept(pool[place]) == Counting()(pool[place])
    assert view.asked == Counter({f"r{place}": 1 for place in places})


def test_equal_names_with_other_summaries_are_told_apart() -> None:
    kept = KeptView(Counting())
    first = make_entrant("r", says="it failed")
    again = Entrant(first.rollout, first.summary.model_copy(update={"final_outcome": "it ran"}))
    assert kept(first) != kept(again)
    assert kept(replace(first, weight=3)).endswith("x3")


def test_entrants_that_come_and_go_leave_no_text_behind() -> None:
    """Their places in memory are taken by others at once."""
    kept = KeptView(Counting())
    for number in range(200):
        entrant = make_entrant(f"r{number}", says=f"says {number}")
        assert f"says {number} " in kept(entrant)
    del entrant
    gc.collect()
    assert not kept._kept


def test_a_view_that_fails_is_asked_again() -> None:
    answers: Iterator[ValueError | str] = iter([ValueError("broken"), "whole"])

    def view(_: Entrant) -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    kept, entrant = KeptView(view), make_entrant("r")
    with pytest.raises(ValueError, match="broken"):
        kept(entrant)
    assert kept(entrant) == "whole"


def test_a_copy_of_a_judge_represents_for_itself() -> None:
    view, entrant = Counting(), make_entrant("r")
    judge = Judge(represent=view)
    text = judge.represent(entrant)
    copied = judge.deepcopy()
    assert copied.represent(entrant) == text == copy.deepcopy(judge.represent)(entrant)
    assert view.asked["r"] == 3


def test_a_tournament_represents_each_entrant_once() -> None:
    view = Counting()
    with Endpoint() as endpoint:
        judge = Judge(serve_lm(endpoint), view)
        rtv = RTV(judge, RTVConfig(votes=4, early_stop=False))
        run(rtv.acall(task=PATCH_TASK, entrants=make_pool(4), seed=1, keep=1))
        assert len(endpoint.log) > 4
    assert len(view.asked) == 4
    assert set(view.asked.values()) == {1}


def test_what_is_kept_is_no_part_of_a_program() -> None:
    judge = Judge(represent=Counting())
    judge.represent(make_entrant("r"))
    assert [name for name, _ in judge.named_parameters()] == ["compare"]
    assert isinstance(judge.compare, dspy.Predict)
