"""Sequential votes sent, against the optimum of an exact dynamic program."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any

from bench.figures import Figure
from bench.makers import TASK, make_entrant
from bench.serving import serve
from rematch.app.building import quiet_dspy
from rematch.data.records import Bracket, Match
from rematch.programs import RTV, Judge, RTVConfig
from rematch.programs.concurrency import gather_all
from rematch.programs.entries import order_ties
from rematch.runs.executor import LocalExecutor
from rematch.runs.models import ModelConfig, build_lm
from rematch.seams import Entrant
from rematch.testing import Endpoint
from rematch.testing import Judge as ScriptedJudge

MATCHES, VOTES, ACCURACY = 800, 8, 0.95


def measure() -> list[Figure]:
    """Half of the pairs are mixed, half are equal; each is also voted on in full."""
    pairs = [_make_pair(number) for number in range(MATCHES)]
    with serve(make_endpoint) as url, quiet_dspy():
        stopped = asyncio.run(_play(url, pairs, early_stop=True))
    with serve(make_endpoint) as url, quiet_dspy():
        full = asyncio.run(_play(url, pairs, early_stop=False))
    sent = sum(len(match.votes) for match in stopped)
    best = sum(map(_find_optimum, pairs))
    same = sum(a.winner_id == b.winner_id for a, b in zip(stopped, full, strict=True))
    told = (
        f"{sent:,} votes sent for {MATCHES} matches; the optimum expects {best:,.0f}; "
        f"all votes: {MATCHES * VOTES:,}",
    )
    return [
        Figure("sequential: votes sent / exact dynamic program", sent / best, 1.02, beside=told),
        Figure("sequential: winners as by the full vote", same / MATCHES, 1.0, at_least=True),
    ]


def make_endpoint() -> Endpoint:
    """A judge that is right on 95 % of mixed pairs and even on equal ones."""
    return Endpoint(judge=ScriptedJudge(accuracy=ACCURACY), keep_messages=False)


def _make_pair(number: int) -> list[Entrant]:
    best = 1 if number % 2 else 2
    return [
        make_entrant(2 * number, f"pair {number} a, quality=1"),
        make_entrant(2 * number + 1, f"pair {number} b, quality={best}"),
    ]


async def _play(url: str, pairs: Sequence[list[Entrant]], *, early_stop: bool) -> list[Match]:
    lm = build_lm("judge", ModelConfig(model="openai/scripted", api_base=url))
    executor = LocalExecutor({"judge": 64})
    rtv = RTV(Judge(lm), RTVConfig(votes=VOTES, early_stop=early_stop), executor=executor)

    async def play(pair: list[Entrant]) -> Match:
        bracket: Bracket = await rtv.acall(task=TASK, entrants=pair)
        return bracket.matches[0]

    jobs: list[Any] = [play(pair) for pair in pairs]
    return await gather_all(jobs)


def _find_optimum(pair: list[Entrant]) -> float:
    """Expected votes of the best rule that never changes a winner: it stops when it may."""
    ranks = order_ties(TASK, pair, None, 0).ranks
    is_mixed = "quality=2" in pair[1].summary.final_outcome
    return count_expected(1 - ACCURACY if is_mixed else 0.5, ranks[0] < ranks[1])


@cache
def count_expected(chance: float, first_wins_ties: bool) -> float:
    """Votes that must be asked before the rest cannot matter, for two entrants.

    Args:
        chance: that a vote goes to the first.
        first_wins_ties: who wins an even vote.
    """

    @cache
    def expect(first: int, second: int) -> float:
        left = VOTES - first - second
        lead = first - second
        # The first is safe when all votes left for the second would not change it, and likewise.
        if lead >= left + (not first_wins_ties) or -lead >= left + first_wins_ties:
            return 0.0
        return 1 + chance * expect(first + 1, second) + (1 - chance) * expect(first, second + 1)

    return expect(0, 0)
