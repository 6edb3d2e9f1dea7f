"""How votes are shown, counted and stopped. Pure functions (ours; see docs/paper.md)."""

from __future__ import annotations

import random
from collections.abc import Sequence

NO_VOTE = "no vote: "
"""How the reasons of a vote for nobody begin; why there is none follows."""


def rotate_orders(eligible: Sequence[int], votes: int, rng: random.Random) -> list[tuple[int, ...]]:
    """The order in which each vote shows the entrants: rotations of one seeded order.

    Over any number of votes from the first, how often each order is used differs by at most
    one, so every entrant stands in every slot equally often and slot bias cancels.
    """
    base = list(eligible)
    rng.shuffle(base)
    rotations = [tuple(base[turn:] + base[:turn]) for turn in range(len(base))]
    return [rotations[vote % len(rotations)] for vote in range(votes)]


def leader(tally: Sequence[int], ranks: Sequence[int]) -> int:
    """The entrant ahead: most votes, then the best (lowest) rank in the order for ties."""
    return min(range(len(tally)), key=lambda index: (-tally[index], ranks[index]))


def is_decided(tally: Sequence[int], ranks: Sequence[int], votes_left: int) -> bool:
    """Whether no outcome of the votes left can change the winner.

    The tie order is fixed before the first vote, so a tie in the leader's favour counts.
    """
    ahead = leader(tally, ranks)
    return all(
        (tally[index] + votes_left, -ranks[index]) < (tally[ahead], -ranks[ahead])
        for index in range(len(tally))
        if index != ahead
    )


def count_needed(tally: Sequence[int], ranks: Sequence[int], votes_left: int) -> int:
    """How many more votes must be asked, whatever they say, before the match can be decided.

    Fewest are needed where all of them go to the entrant ahead. So many votes can be asked side
    by side, and none of them is sent for a match that was decided without it.
    """
    ahead = leader(tally, ranks)
    for needed in range(votes_left + 1):
        after = [count + needed * (index == ahead) for index, count in enumerate(tally)]
        if is_decided(after, ranks, votes_left - needed):
            return needed
    return votes_left
