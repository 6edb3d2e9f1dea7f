"""Who asks says whether a vote's prompt is sure to come again: then a cache may charge for it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Bracket, Task, Vote
from rematch.programs import RTV, RTVConfig
from rematch.seams import Entrant, repeated
from tests.programs.makers import PATCH_TASK, PolicyJudge, draws, make_entrants, run

Asked = tuple[str, tuple[int, ...], int]


class WatchfulJudge(PolicyJudge):
    """Notes of each vote its match, its order, its wave, and whether it is said to be repeated."""

    def __init__(self, *policy: Any) -> None:
        super().__init__(*policy)
        self.asked_for: list[tuple[Asked, bool]] = []
        self._answered: Counter[str] = Counter()

    async def acall(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        match = " ".join(entrant.id for entrant in entrants)
        self.asked_for.append(((match, order, self._answered[match]), repeated.get()))
        for _ in range(3):  # all of a wave are asked before the first of them is answered
            await asyncio.sleep(0)
        self._answered[match] += 1
        return await super().acall(task=task, entrants=entrants, order=order, sample=sample)


def watch(seed: int = 0, size: int = 2, **config: Any) -> list[tuple[Asked, bool]]:
    judge = WatchfulJudge(draws(seed))
    bracket: Bracket = run(
        RTV(judge, RTVConfig(**config)).acall(
            task=PATCH_TASK, entrants=make_entrants(size), seed=seed
        )
    )
    assert bracket.survivors
    return judge.asked_for


@given(
    seed=st.integers(0, 200),
    votes=st.integers(1, 12),
    group_size=st.integers(2, 4),
    early_stop=st.booleans(),
    rotate=st.booleans(),
)
def test_what_is_said_to_come_again_does_and_not_only_beside_itself(
    seed: int, votes: int, group_size: int, early_stop: bool, rotate: bool
) -> None:
    asked = watch(
        seed,
        size=5,
        votes=votes,
        group_size=group_size,
        early_stop=early_stop,
        rotate=rotate,
        warm_cache=True,
    )
    waves: dict[tuple[str, tuple[int, ...]], set[int]] = {}
    for (match, order, wave), _ in asked:
        waves.setdefault((match, order), set()).add(wave)
    for (match, order, _), said in asked:
        if said:
            assert len(waves[match, order]) > 1
    # Of equal prompts all are kept, or none is.
    said_of: dict[tuple[str, tuple[int, ...]], set[bool]] = {}
    for (match, order, _), said in asked:
        said_of.setdefault((match, order), set()).add(said)
    assert all(len(said) == 1 for said in said_of.values())


def test_votes_asked_side_by_side_are_not_repeated() -> None:
    assert not any(said for _, said in watch(votes=8))


def test_a_single_vote_of_each_order_does_not_come_again() -> None:
    assert not any(said for _, said in watch(votes=2, warm_cache=True, early_stop=False))


def test_with_a_warm_cache_the_votes_of_a_full_match_are_repeated() -> None:
    asked = watch(votes=8, warm_cache=True)
    assert len(asked) >= 4
    assert all(said for _, said in asked)


@pytest.mark.parametrize(("rotate", "first"), [(True, 2), (False, 1)])
def test_one_vote_of_each_order_goes_first(rotate: bool, first: int) -> None:
    asked = watch(votes=6, warm_cache=True, early_stop=False, rotate=rotate)
    waves = Counter(wave for (_, _, wave), _ in asked)
    assert waves[0] == first
    assert len({order for (_, order, wave), _ in asked if wave == 0}) == first


def test_nothing_is_said_outside_a_vote() -> None:
    watch(votes=4, warm_cache=True)
    assert repeated.get() is False
