"""The scripted judge asked without a wire: tests of selection compute with what it promises."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.testing import ChatRequest, Judge, hash_quality, marker_quality
from rematch.testing.judge import UNREADABLE
from rematch.testing.prompts import Misunderstood
from rematch.testing.terminals import Terminus1
from tests.testing.client import match, rollout

worths = st.lists(st.integers(-9, 9), min_size=2, max_size=6)
seeds = st.integers(0, 1_000)


def ask(*texts: str) -> ChatRequest:
    return ChatRequest(1, match(*texts))


def vote(judge: Judge, request: ChatRequest, seed: int = 0) -> dict[str, Any]:
    reply = judge.reply(request, random.Random(seed))
    assert not isinstance(reply, str)
    return dict(reply)


@given(worths, seeds)
def test_a_perfect_judge_names_a_best_candidate_and_says_so(found: list[int], seed: int) -> None:
    said = vote(Judge(), ask(*(f"quality={worth}" for worth in found)), seed)
    assert found[said["winner"] - 1] == max(found)
    assert said["reasons"] == (
        f"Candidate {said['winner']} of {len(found)} is preferred at {max(found)}."
    )


@given(worths, seeds)
def test_a_judge_that_is_never_right_names_none_of_the_best(found: list[int], seed: int) -> None:
    said = vote(Judge(0.0), ask(*(f"quality={worth}" for worth in found)), seed)
    is_best = found[said["winner"] - 1] == max(found)
    assert is_best == (len(set(found)) == 1)  # where all are equal, each is right


@given(worths, st.integers(1, 9), seeds)
def test_a_bias_names_its_slot_or_the_last(found: list[int], slot: int, seed: int) -> None:
    judge = Judge(slot_bias=1.0, biased_slot=slot)
    said = vote(judge, ask(*(f"quality={worth}" for worth in found)), seed)
    assert said["winner"] == min(slot, len(found))


@given(seeds)
def test_the_same_seed_gives_the_same_vote(seed: int) -> None:
    judge, request = Judge(0.5, slot_bias=0.2), ask("quality=1", "quality=2", "quality=2")
    assert vote(judge, request, seed) == vote(judge, request, seed)


@given(seeds)
def test_an_unreadable_reply_is_one_of_the_known_ones(seed: int) -> None:
    reply = Judge(unreadable=1.0).reply(ask("quality=1", "quality=2"), random.Random(seed))
    assert reply in UNREADABLE


@pytest.mark.parametrize(("accuracy", "stated"), [(1.0, 0.9), (0.0, 0.4)])
def test_a_computed_confidence_knows_whether_the_vote_is_right(
    accuracy: float, stated: float
) -> None:
    judge = Judge(accuracy, confidence=lambda right, rng: 0.9 if right else 0.4)
    assert vote(judge, ask("quality=1", "quality=2"))["confidence"] == stated


def test_a_match_is_one_of_two_at_least_before_anything_is_drawn() -> None:
    with pytest.raises(Misunderstood, match="a match needs two candidates, this has 1"):
        Judge(unreadable=1.0).reply(ask("quality=1"), random.Random(0))
    with pytest.raises(Misunderstood, match="only 1 of 2 candidates"):
        Judge(slot_bias=1.0).reply(ask("quality=1", "none"), random.Random(0))


def test_it_answers_votes_only() -> None:
    assert Judge().matches(ask("a", "b"))
    assert not Judge().matches(ChatRequest(1, rollout("ls")))
    plain = {"model": "m", "messages": [{"role": "user", "content": "winner, confidence?"}]}
    assert not Judge().matches(ChatRequest(1, plain))
    assert not Terminus1().matches(ask("a", "b"))


@given(st.floats(-99, 99).map(lambda number: round(number, 3)), st.text("ab \n=", max_size=20))
def test_a_marker_is_read_wherever_it_stands(number: float, around: str) -> None:
    assert marker_quality(f"{around} quality={number:.3f} {around}") == number
    assert marker_quality(f"[quality={number:.3f}]{around} quality=5") == number


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_hash_is_a_stable_share(one: str, other: str) -> None:
    assert 0 <= hash_quality(one) < 1
    assert (hash_quality(one) == hash_quality(other)) == (one == other)
