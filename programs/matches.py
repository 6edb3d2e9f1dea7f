"""One match: who may win, V votes in rotated orders, plurality, and the order for ties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Literal, TypeVar

from pydantic import Field

from rematch.data.records import Decision, Match, Task, Vote
from rematch.programs.ballots import NO_VOTE, count_needed, leader, rotate_orders
from rematch.programs.concurrency import gather_all
from rematch.programs.entries import TieOrder
from rematch.seams import Entrant, Executor, Judge, asker, repeated, same_requests
from rematch.seeds import derive_random
from rematch.settings import Settings

T = TypeVar("T")
AskVote = Callable[[int], Coroutine[Any, Any, Vote]]


class VotingConfig(Settings):
    """How a match is voted on."""

    votes: int = Field(default=8, ge=1)
    """V, votes per match; a deterministic judge casts one."""
    mode: Literal["sequential", "batched"] = "sequential"
    """`sequential` asks each vote by itself, only those side by side that are needed whatever
    they say, and may stop early; `batched` asks all votes of one order in one request where the
    provider allows; of Anthropic's models, one first, then the others, which read its prompt in the
    cache."""
    early_stop: bool = True
    """Stop a sequential match when no outcome of its remaining votes can change the winner."""
    warm_cache: bool = False
    """Ask one vote of each order first, so that the others find their prompt in the provider's
    cache: cheaper where cached tokens are, and a little slower. Of Anthropic's models, only so are
    whole prompts kept."""
    rotate: bool = True
    """Show the entrants in rotated orders, so that slot bias cancels."""


async def play_match(
    task: Task,
    entrants: Sequence[Entrant],
    ties: TieOrder,
    *,
    judge: Judge,
    config: VotingConfig,
    executor: Executor | None,
    seed: int,
) -> Match:
    """Play one match. An entrant without result can win only against its like.

    Args:
        task: the task.
        entrants: 2..G entrants.
        ties: the fixed order for ties among them.
        judge: casts the votes.
        config: votes, mode, early stop, rotation.
        executor: bounds how many votes are asked at once.
        seed: the run's seed.
    """
    ids = tuple(entrant.id for entrant in entrants)
    eligible = [i for i, e in enumerate(entrants) if e.rollout.has_result(task.asks_for)]
    eligible = eligible or list(range(len(entrants)))
    if len(eligible) == 1:
        return Match(entrants=ids, winner=eligible[0], decided_by=Decision.NO_RESULT)
    count = 1 if judge.deterministic else config.votes
    rng = derive_random(seed, task.id, "orders", *ids)
    orders = rotate_orders(eligible, count, rng)
    if not config.rotate:
        orders = [orders[0]] * count

    ranks = [ties.ranks[index] for index in eligible]
    certain = count_needed([0] * len(ranks), ranks, count) if config.early_stop else count
    turns = len(set(orders))

    async def vote(sample: int) -> Vote:
        # Two matches may show the same texts; their votes are independent all the same.
        asking = asker.set(" ".join(ids))
        keeping = repeated.set(config.warm_cache and sample % turns + turns < certain)
        try:
            return await judge.acall(
                task=task, entrants=entrants, order=orders[sample], sample=sample
            )
        finally:
            repeated.reset(keeping)
            asker.reset(asking)

    def count_next(votes: Sequence[Vote]) -> int:
        left = count - len(votes)
        needed = count_needed(_tally(votes, eligible), ranks, left) if config.early_stop else left
        return min(needed, turns) if config.warm_cache and not votes else needed

    if config.mode == "batched":
        votes = await _ask_batched(vote, orders, executor)
    else:
        votes = await _ask_in_turn(vote, count_next, executor)
    return _decide(ids, eligible, votes, ties, stopped_early=len(votes) < count)


def _tally(votes: Sequence[Vote], eligible: Sequence[int]) -> list[int]:
    """Votes for each of those that may win."""
    counts = Counter(vote.winner for vote in votes)
    return [counts[index] for index in eligible]


def _decide(
    ids: tuple[str, ...],
    eligible: Sequence[int],
    votes: Sequence[Vote],
    ties: TieOrder,
    *,
    stopped_early: bool,
) -> Match:
    """The match that these votes make; where none is ahead, the order for ties settles it."""
    ranks = [ties.ranks[index] for index in eligible]
    counts = _tally(votes, eligible)
    ahead = leader(counts, ranks)
    rivals = [i for i, votes_for in enumerate(counts) if votes_for == counts[ahead] and i != ahead]
    rival = min(rivals, key=ranks.__getitem__, default=None)
    problem = find_problem(votes)
    undecided = Decision.NO_VOTE if problem else Decision.TIE
    return Match(
        entrants=ids,
        votes=tuple(votes),
        winner=eligible[ahead],
        decided_by=Decision.VOTES if rival is None else undecided,
        problem=problem,
        tie_break="" if rival is None else ties.reason(eligible[ahead], eligible[rival]),
        stopped_early=stopped_early,
    )


def find_problem(votes: Sequence[Vote]) -> str:
    """Why no vote came, in most cases; "" where one did: also one for equal evidence."""
    if any(vote.winner is not None or vote.margin is not None for vote in votes):
        return ""
    problems = Counter(vote.reasons.removeprefix(NO_VOTE) or "unknown" for vote in votes)
    return problems.most_common(1)[0][0]


async def _ask_in_turn(
    vote: AskVote, count_next: Callable[[Sequence[Vote]], int], executor: Executor | None
) -> list[Vote]:
    """Ask what is needed whatever it says, look, and ask on; no vote for a decided match."""
    votes: list[Vote] = []
    while needed := count_next(votes):
        samples = range(len(votes), len(votes) + needed)
        votes += await gather_all(_place(executor, partial(vote, sample)) for sample in samples)
    return votes


async def _ask_batched(
    vote: AskVote,
    orders: Sequence[tuple[int, ...]],
    executor: Executor | None,
) -> list[Vote]:
    """All votes at once; equal orders make equal prompts, which an engine may send as one.

    So the votes of one order are one job: an executor that let in only some of them would
    split their request.
    """
    samples: dict[tuple[int, ...], list[int]] = {}
    for sample, order in enumerate(orders):
        samples.setdefault(order, []).append(sample)

    async def ask_same(same: list[int]) -> list[Vote]:
        same_requests.set(len(same))
        return await gather_all(vote(sample) for sample in same)

    batches = await gather_all(
        _place(executor, partial(ask_same, same)) for same in samples.values()
    )
    return sorted((vote for batch in batches for vote in batch), key=lambda vote: vote.sample)


async def _place(executor: Executor | None, job: Callable[[], Awaitable[T]]) -> T:
    return await (executor.run("judge", job) if executor else job())
