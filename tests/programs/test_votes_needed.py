"""Votes asked side by side are those that asking one by one would have asked: none more."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Bracket, Task, Vote
from rematch.programs import RTV, RTVConfig
from rematch.programs.ballots import count_needed, is_decided
from rematch.seams import Entrant
from tests.programs.makers import PATCH_TASK, PolicyJudge, draws, first_slot, make_entrants, run


@st.composite
def matches(draw: st.DrawFn) -> tuple[list[int | None], list[int]]:
    """All the votes of a match, None for no vote, and its order for ties."""
    size = draw(st.integers(2, 5))
    votes = st.lists(st.none() | st.integers(0, size - 1), min_size=1, max_size=12)
    return draw(votes), draw(st.permutations(range(size)))


@given(matches())
def test_side_by_side_asks_what_one_by_one_asks(match: tuple[list[int | None], list[int]]) -> None:
    votes, ranks = match

    def tally(asked: int) -> list[int]:
        counts = Counter(votes[:asked])
        return [counts[index] for index in range(len(ranks))]

    one_by_one = 0
    while not is_decided(tally(one_by_one), ranks, len(votes) - one_by_one):
        one_by_one += 1
    asked = 0
    while needed := count_needed(tally(asked), ranks, len(votes) - asked):
        asked += needed
    assert asked == one_by_one


class SlowJudge(PolicyJudge):
    """Knows how many of its votes are under way together."""

    most = 0
    under_way = 0

    async def acall(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await asyncio.sleep(0.001)
        self.under_way -= 1
        return await super().acall(task=task, entrants=entrants, order=order, sample=sample)


@pytest.mark.parametrize(("warm_cache", "most"), [(False, 4), (True, 2)])
def test_the_first_votes_go_side_by_side(warm_cache: bool, most: int) -> None:
    judge = SlowJudge(lambda *_: 0)
    config = RTVConfig(votes=8, warm_cache=warm_cache)
    entrants = make_entrants(2)
    bracket: Bracket = run(RTV(judge, config).acall(task=PATCH_TASK, entrants=entrants))
    # The tie order may ask for one more vote than half of them.
    assert most <= judge.most <= most + 1
    assert len(bracket.matches[0].votes) in (4, 5)
    assert bracket.matches[0].stopped_early


@pytest.mark.parametrize("seed", range(20))
def test_early_stop_changes_no_winner(seed: int) -> None:
    entrants = make_entrants(7)

    def play(early_stop: bool) -> Bracket:
        rtv = RTV(PolicyJudge(draws(seed)), RTVConfig(votes=6, early_stop=early_stop))
        bracket: Bracket = run(rtv.acall(task=PATCH_TASK, entrants=entrants, seed=seed))
        return bracket

    full, stopped = play(False), play(True)
    assert [m.winner_id for m in full.matches] == [m.winner_id for m in stopped.matches]
    for whole, part in zip(full.matches, stopped.matches, strict=True):
        assert whole.votes[: len(part.votes)] == part.votes


def test_a_lost_vote_is_followed_by_the_next() -> None:
    judge = PolicyJudge(lambda _, order, sample: None if sample < 2 else first_slot(_, order, 0))
    entrants = make_entrants(2)
    bracket: Bracket = run(RTV(judge, RTVConfig(votes=8)).acall(task=PATCH_TASK, entrants=entrants))
    assert sum(vote.winner is None for vote in bracket.matches[0].votes) == 2
