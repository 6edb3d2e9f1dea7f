"""Orders and stopping, for every sequence of votes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.programs.ballots import is_decided, leader, rotate_orders
from rematch.programs.entries import TieOrder
from rematch.programs.matches import VotingConfig, play_match
from rematch.seeds import derive_random
from tests.programs.makers import PATCH_TASK, PolicyJudge, follows, make_entrants, run

Tally = tuple[int, ...]
NO_VOTE = None


def after(tally: Tally, vote: int | None) -> Tally:
    return tuple(count + (index == vote) for index, count in enumerate(tally))


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("votes", range(1, 9))
def test_stopping_is_right_and_at_the_first_decided_moment(size: int, votes: int) -> None:
    """Every sequence passes through its tallies; each tally's reachable winners are enumerated."""
    for ranks in permutations(range(size)):

        @cache
        def reachable(tally: Tally, left: int, ranks: tuple[int, ...] = ranks) -> frozenset[int]:
            if left == 0:
                return frozenset({leader(tally, ranks)})
            nexts = (after(tally, vote) for vote in (NO_VOTE, *range(size)))
            return frozenset().union(*(reachable(following, left - 1) for following in nexts))

        for used in range(votes + 1):
            for tally in tallies(size, used):
                winners = reachable(tally, votes - used)
                assert is_decided(tally, ranks, votes - used) == (len(winners) == 1)
                if len(winners) == 1:
                    assert winners == {leader(tally, ranks)}


def tallies(size: int, used: int) -> Iterator[Tally]:
    """All tallies that `used` votes can make; what is missing to their sum was no vote."""
    return (t for t in product(range(used + 1), repeat=size) if sum(t) <= used)


@pytest.mark.parametrize(("size", "votes"), [(2, 7), (3, 5)])
def test_a_stopped_match_has_the_full_votes_winner(size: int, votes: int) -> None:
    entrants = make_entrants(size)
    ties = TieOrder(tuple(reversed(range(size))), ((0.0, 0.0, 0.0, 0),) * size)

    async def play_all() -> None:
        for script in product((NO_VOTE, *range(size)), repeat=votes):
            full, stopped = [
                await play_match(
                    PATCH_TASK,
                    entrants,
                    ties,
                    judge=PolicyJudge(follows(script)),
                    config=VotingConfig(votes=votes, early_stop=early_stop),
                    executor=None,
                    seed=0,
                )
                for early_stop in (False, True)
            ]
            assert len(full.votes) == votes
            assert stopped.winner == full.winner
            assert stopped.votes == full.votes[: len(stopped.votes)]

    run(play_all())


@given(st.integers(2, 6), st.integers(1, 40), st.integers())
def test_orders_are_rotations_used_equally_often_at_every_moment(
    size: int, votes: int, seed: int
) -> None:
    eligible = [3 * index for index in range(size)]
    orders = rotate_orders(eligible, votes, derive_random(seed))
    doubled = (*orders[0], *orders[0])
    rotations = {doubled[turn : turn + size] for turn in range(size)}
    assert set(orders) <= rotations
    for moment in range(1, votes + 1):
        uses = Counter(orders[:moment])
        assert max(uses.values()) - min(uses[rotation] for rotation in rotations) <= 1


def test_the_first_order_is_drawn_by_the_seed() -> None:
    firsts = Counter(rotate_orders([0, 1], 1, derive_random(s))[0] for s in range(400))
    assert set(firsts) == {(0, 1), (1, 0)}
    # A fair coin stays within 200 +- 40 (four standard deviations); the seeds are fixed.
    assert 160 < firsts[0, 1] < 240


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.integers())
def test_the_leader_has_most_votes_and_then_the_best_rank(tally: list[int], seed: int) -> None:
    ranks = list(range(len(tally)))
    derive_random(seed).shuffle(ranks)
    ahead = leader(tally, ranks)
    assert tally[ahead] == max(tally)
    assert ranks[ahead] == min(
        r for r, votes in zip(ranks, tally, strict=True) if votes == max(tally)
    )
