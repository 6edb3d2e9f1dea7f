"""What records compute of themselves: tallies, winners, costs, results; and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rematch.data.records import (
    NO_VERDICT,
    Bracket,
    Ending,
    Grade,
    Match,
    Pick,
    ResultKind,
    Rollout,
    Round,
    Step,
    Task,
    Trajectory,
    Usage,
    Vote,
    name_rollout,
)

entrants = st.lists(st.sampled_from("abcdefgh"), min_size=2, max_size=6, unique=True).map(tuple)


def vote(winner: int | None, cost: float | None = 0.0) -> Vote:
    return Vote(sample=0, order=(0, 1), winner=winner, usage=Usage(calls=1, cost_usd=cost))


@given(entrants, st.data())
def test_a_tally_counts_every_vote_that_names_an_entrant(
    names: tuple[str, ...], data: st.DataObject
) -> None:
    slots = st.none() | st.integers(0, len(names) - 1)
    winners = data.draw(st.lists(slots, max_size=12))
    match = Match(entrants=names, votes=tuple(map(vote, winners)), winner=0)
    assert len(match.tally) == len(names)
    assert sum(match.tally) == len([winner for winner in winners if winner is not None])
    assert all(match.tally[slot] == winners.count(slot) for slot in range(len(names)))


def test_a_match_without_votes_has_a_winner_all_the_same() -> None:
    match = Match(entrants=("a", "b", "c"), winner=2)
    assert match.tally == (0, 0, 0)
    assert match.winner_id == "c"


@pytest.mark.parametrize("names", [(), ("a",)])
def test_a_match_wants_two(names: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError, match="entrants"):
        Match(entrants=names, winner=0)


def make_bracket(*costs: float | None) -> Bracket:
    first = tuple(Match(entrants=("a", "b"), votes=(vote(0, cost),), winner=0) for cost in costs)
    last = Match(entrants=("a", "c"), winner=1)
    rounds = (Round(matches=first, byes=("c",)), Round(matches=(last,)))
    return Bracket(task_id="t", entrants=("a", "b", "c"), rounds=rounds, survivors=("c",))


def test_a_bracket_has_all_matches_first_round_first_and_what_they_cost() -> None:
    bracket = make_bracket(0.25, 0.5)
    assert [match.winner_id for match in bracket.matches] == ["a", "a", "c"]
    assert bracket.usage == Usage(calls=2, cost_usd=0.75)


def test_one_unknown_price_makes_a_brackets_unknown() -> None:
    usage = make_bracket(0.25, None, 0.5).usage
    assert (usage.calls, usage.cost_usd) == (3, None)


def test_a_bracket_that_nobody_played_costs_nothing() -> None:
    bracket = Bracket(task_id="t", entrants=("a",), survivors=("a",))
    assert bracket.matches == ()
    assert bracket.usage == Usage()


@pytest.mark.parametrize("status", ["graded", "timeout", "patch-failed", "no-result"])
def test_an_attempt_that_failed_its_grading_has_a_verdict(status: str) -> None:
    assert Grade(task_id="t", rollout_id="r", reward=0, status=status).is_verdict


@pytest.mark.parametrize("status", NO_VERDICT)
def test_a_grading_that_could_not_be_done_is_none(status: str) -> None:
    assert not Grade(task_id="t", rollout_id="r", reward=0, status=status).is_verdict


@pytest.mark.parametrize(
    ("record", "values", "place"),
    [
        (Grade, {"task_id": "t", "rollout_id": "r", "reward": 1.5}, "reward"),
        (Grade, {"task_id": "t", "rollout_id": "r", "reward": -0.1}, "reward"),
        (Pick, {"task_id": "t", "rollout_id": "r", "probability": 2}, "probability"),
        (Vote, {"sample": 0, "order": [0, 1], "confidence": 1.01}, "confidence"),
        (Vote, {"sample": 0, "order": [0, 1], "margin": -1}, "margin"),
        (Vote, {"sample": 0, "order": [0, 1], "attempts": 0}, "attempts"),
        (Step, {"number": 0}, "number"),
        (Task, {"id": "", "problem": "p"}, "id"),
        (Rollout, {"id": "r", "task_id": ""}, "task_id"),
        (Rollout, {"id": "r", "task_id": "t", "seconds": -1}, "seconds"),
        (Usage, {"output_tokens": -1}, "output_tokens"),
    ],
)
def test_what_cannot_be_is_refused_where_it_stands(
    record: Any, values: dict[str, Any], place: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        record.model_validate(values)
    assert [error["loc"] for error in caught.value.errors()] == [(place,)]


@pytest.mark.parametrize("patch", ["", " ", "\n\n"])
def test_an_empty_patch_is_no_result_but_of_a_state_the_ending_decides(patch: str) -> None:
    rollout = Rollout(id="r", task_id="t", patch=patch)
    assert not rollout.has_result(ResultKind.PATCH)
    assert rollout.has_result(ResultKind.STATE)
    crashed = Trajectory(ending=Ending.CRASHED)
    assert not Rollout(id="r", task_id="t", trajectory=crashed).has_result(ResultKind.STATE)


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 9))
def test_names_of_a_runs_rollouts_sort_as_they_were_made(a: int, b: int, iteration: int) -> None:
    one, other = name_rollout("t", iteration, a), name_rollout("t", iteration, b)
    assert (one < other) == (a < b)
    assert (one == other) == (a == b)


def test_a_hundredth_attempt_has_a_name_too() -> None:
    assert name_rollout("t", 0, 3) == "t-t0-03"
    assert name_rollout("t", 1, 100) == "t-t1-100"
