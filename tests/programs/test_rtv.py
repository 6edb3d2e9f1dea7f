"""RTV for all N, G, V, K: what every bracket must be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.data.records import Bracket, Decision, Ending, Match, ResultKind, Vote
from rematch.evidence.judge import EvidenceJudge
from rematch.evidence.scoring import EvidenceScorer
from rematch.programs import RTV, RTVConfig
from rematch.programs.matches import find_problem
from rematch.runs.executor import LocalExecutor
from rematch.seams import Entrant
from tests.programs.makers import (
    PATCH_TASK,
    STATE_TASK,
    PolicyJudge,
    draws,
    first_slot,
    make_entrant,
    make_entrants,
    no_vote,
    prefers,
    run,
)


@dataclass(frozen=True)
class Game:
    entrants: list[Entrant]
    config: RTVConfig
    keep: int
    seed: int

    def play(self, judge: PolicyJudge, executor: LocalExecutor | None = None) -> Bracket:
        rtv = RTV(judge, self.config, executor=executor)
        job = rtv.acall(task=PATCH_TASK, entrants=self.entrants, keep=self.keep, seed=self.seed)
        bracket: Bracket = run(job)
        return bracket


@st.composite
def games(draw: st.DrawFn, patches: tuple[str | None, ...] = ("", "", None, "same")) -> Game:
    """Entrants with a patch of their own, with none, or with one that others have too."""
    size = draw(st.integers(1, 14))
    entrants = [
        make_entrant(
            f"r{index}", patch=draw(st.sampled_from(patches)), tokens=draw(st.integers(0, 2))
        )
        for index in range(size)
    ]
    config = RTVConfig(
        group_size=draw(st.integers(2, 5)),
        votes=draw(st.integers(1, 6)),
        mode=draw(st.sampled_from(["sequential", "batched"])),
        early_stop=draw(st.booleans()),
        merge=draw(st.booleans()),
    )
    return Game(entrants, config, draw(st.integers(1, 6)), draw(st.integers(0, 2**31)))


@settings(max_examples=150)
@given(games(), st.integers(0, 1000))
def test_every_bracket_is_whole(game: Game, votes: int) -> None:
    bracket = game.play(PolicyJudge(draws(votes)))
    merged = {other for others in bracket.merged.values() for other in others}
    assert {*bracket.entrants, *merged} == {entrant.id for entrant in game.entrants}
    alive = Counter(bracket.entrants)
    for round_ in bracket.rounds:
        assert alive.total() > game.keep
        played = [name for match in round_.matches for name in match.entrants]
        assert Counter([*played, *round_.byes]) == alive
        sizes = [len(match.entrants) for match in round_.matches]
        assert all(2 <= size <= game.config.group_size for size in sizes)
        assert sum(size < game.config.group_size for size in sizes) <= 1
        alive = Counter([*(match.winner_id for match in round_.matches), *round_.byes])
    assert alive == Counter(bracket.survivors)
    assert len(bracket.survivors) == min(game.keep, len(bracket.entrants))
    assert bool(bracket.note) == (len(bracket.entrants) < game.keep)


@settings(max_examples=150)
@given(games(), st.integers(0, 1000))
def test_every_match_is_voted_as_configured(game: Game, votes: int) -> None:
    by_id = {entrant.id: entrant for entrant in game.entrants}
    for match in game.play(PolicyJudge(draws(votes))).matches:
        results = [by_id[n].rollout.has_result(ResultKind.PATCH) for n in match.entrants]
        eligible = [i for i, has in enumerate(results) if has or not any(results)]
        if len(eligible) == 1:
            assert (match.winner, match.votes) == (eligible[0], ())
            assert match.decided_by is Decision.NO_RESULT
            continue
        check_votes(match, eligible, game.config)
        assert match.winner in eligible
        top = [i for i in eligible if match.tally[i] == max(match.tally)]
        assert match.winner in top
        undecided = Decision.TIE if any(match.tally) else Decision.NO_VOTE
        assert match.decided_by is (undecided if len(top) > 1 else Decision.VOTES)
        assert bool(match.problem) == (match.decided_by is Decision.NO_VOTE)
        assert bool(match.tie_break) == (len(top) > 1)


def check_votes(match: Match, eligible: list[int], config: RTVConfig) -> None:
    asked = len(match.votes)
    assert match.stopped_early == (asked < config.votes)
    assert not match.stopped_early or (config.early_stop and config.mode == "sequential")
    assert [vote.sample for vote in match.votes] == list(range(asked))
    assert sum(match.tally) + sum(vote.winner is None for vote in match.votes) == asked
    assert all(sorted(vote.order) == eligible for vote in match.votes)
    check_even([vote.order for vote in match.votes], len(eligible))
    for slot in range(len(eligible)):
        check_even([vote.order[slot] for vote in match.votes], len(eligible))


def check_even(used: Sequence[object], kinds: int) -> None:
    counts = list(Counter(used).values())
    counts += [0] * (kinds - len(counts))
    assert max(counts) - min(counts) <= 1


@settings(max_examples=40)
@given(games(), st.integers(0, 1000))
def test_the_same_seed_gives_the_same_bracket_on_any_executor(game: Game, votes: int) -> None:
    alone = game.play(PolicyJudge(draws(votes)))
    for places, delays in ((1, 0), (16, 9), (3, 4)):
        judge = PolicyJudge(draws(votes), delays=delays)
        assert game.play(judge, LocalExecutor({"judge": places})) == alone


@settings(max_examples=100)
@given(games(), st.data())
def test_a_judge_that_is_always_right_picks_a_passing_rollout(
    game: Game, data: st.DataObject
) -> None:
    patched = [e.id for e in game.entrants if e.rollout.patch and e.rollout.patch != "same"]
    passing = set(data.draw(st.lists(st.sampled_from(patched), max_size=3))) if patched else set()
    bracket = game.play(PolicyJudge(prefers(passing)))
    assert len(passing & {*bracket.survivors}) >= min(1, len(passing))


@settings(max_examples=100)
@given(games(), st.integers(0, 1000))
def test_without_result_none_beats_one_with(game: Game, votes: int) -> None:
    patched = {e.id for e in game.entrants if e.rollout.patch}
    bracket = game.play(PolicyJudge(draws(votes)))
    for match in bracket.matches:
        assert match.winner_id in patched or not patched & {*match.entrants}
    if patched:
        assert patched & {*bracket.survivors}


@pytest.mark.parametrize(
    ("group_size", "votes", "early_stop"), [(2, 1, True), (2, 8, True), (3, 3, False), (4, 5, True)]
)
def test_a_judge_that_always_says_slot_1_picks_uniformly(
    group_size: int, votes: int, early_stop: bool
) -> None:
    # Chi-square over 1,000 seeds, 4 degrees of freedom: a uniform pick stays below 23.5 in
    # 9,999 of 10,000 tests, and these seeds are fixed.
    config = RTVConfig(group_size=group_size, votes=votes, early_stop=early_stop)
    entrants = make_entrants(5)
    judge = PolicyJudge(first_slot)

    async def pick_all() -> Counter[str]:
        rtv = RTV(judge, config)
        picks = [
            await rtv.acall(task=PATCH_TASK, entrants=entrants, seed=seed) for seed in range(1_000)
        ]
        return Counter(bracket.survivors[0] for bracket in picks)

    counts = run(pick_all())
    assert sum((counts[e.id] - 200) ** 2 / 200 for e in entrants) < 23.5


def test_no_votes_at_all_leave_the_order_for_ties() -> None:
    entrants = [make_entrant("dear", tokens=900), make_entrant("cheap", tokens=10)]
    bracket = Game(entrants, RTVConfig(votes=3), 1, 0).play(PolicyJudge(no_vote))
    (match,) = bracket.matches
    assert (match.winner_id, match.tally) == ("cheap", (0, 0))
    assert (match.decided_by, match.tie_break) == (Decision.NO_VOTE, "cheaper rollout")
    assert match.problem == "unknown", "this judge gives no reason"


def test_a_judge_that_finds_them_equal_has_voted() -> None:
    """Votes that cancel, and evidence that is equal, are a tie; only silence is none."""
    entrants = [make_entrant("dear", tokens=900), make_entrant("cheap", tokens=10)]
    config = RTVConfig(votes=2, early_stop=False)
    even = Game(entrants, config, 1, 0).play(PolicyJudge(first_slot))
    equal = run(RTV(EvidenceJudge(EvidenceScorer())).acall(task=PATCH_TASK, entrants=entrants))
    for match in (*even.matches, *equal.matches):
        assert (match.decided_by, match.problem) == (Decision.TIE, "")
    assert [vote.margin for vote in equal.matches[0].votes] == [0.0]


def test_the_reason_most_often_met_is_kept() -> None:
    def vote(reasons: str, winner: int | None = None) -> Vote:
        return Vote(sample=0, order=(0, 1), winner=winner, reasons=reasons)

    lost = [vote("no vote: too long"), vote("no vote: unreadable reply"), vote("no vote: too long")]
    assert find_problem(lost) == "too long"
    assert find_problem([*lost, vote("it is better", winner=1)]) == ""


def test_a_deterministic_judge_is_asked_once_per_match() -> None:
    judge = PolicyJudge(first_slot, deterministic=True)
    bracket = Game(make_entrants(4), RTVConfig(votes=8), 1, 0).play(judge)
    assert [len(match.votes) for match in bracket.matches] == [1, 1, 1]


def test_state_tasks_never_merge_and_a_limit_is_no_crash() -> None:
    entrants = [
        make_entrant("limit", patch=None, ending=Ending.LIMIT),
        make_entrant("crash", patch=None, ending=Ending.CRASHED),
    ]
    rtv = RTV(PolicyJudge(first_slot))
    bracket: Bracket = run(rtv.acall(task=STATE_TASK, entrants=entrants))
    assert bracket.survivors == ("limit",)
    assert bracket.matches[0].decided_by is Decision.NO_RESULT


def test_no_entrants_and_equal_ids_are_refused() -> None:
    rtv = RTV(PolicyJudge(first_slot))
    for entrants in ([], [make_entrant("a"), make_entrant("a")]):
        with pytest.raises(ValueError, match="at least one entrant, with distinct ids"):
            run(rtv.acall(task=PATCH_TASK, entrants=entrants))
