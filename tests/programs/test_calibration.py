"""From a bracket to a probability: what is read, what it may not do, and files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Bracket, Decision, Match, Round, Vote
from rematch.errors import InputError
from rematch.programs import RTV, Rematch, RTVConfig
from rematch.programs.calibration import (
    SIGNALS,
    Calibration,
    SignalWeight,
    read_calibration,
    read_signals,
)
from tests.programs.makers import (
    PATCH_TASK,
    EchoSummarizer,
    PolicyJudge,
    follows,
    make_rollout,
    run,
)

BY_VOTES = Calibration(
    kind="votes",
    intercept=0.0,
    weights=(SignalWeight(name="least lead", weight=2.0, centre=0.5),),
    fitted_on=10,
)


def match(winner: int, *votes: int | None, names: tuple[str, ...] = ("a", "b")) -> Match:
    cast = tuple(
        Vote(
            sample=n,
            order=(0, 1),
            winner=vote,
            confidence=None if vote is None else 0.5 + n % 5 / 10,
        )
        for n, vote in enumerate(votes)
    )
    return Match(entrants=names, votes=cast, winner=winner)


def bracket(*matches: Match, survivor: str = "a") -> Bracket:
    rounds = tuple(Round(matches=(one,)) for one in matches)
    return Bracket(task_id="t", entrants=("a", "b", "c"), rounds=rounds, survivors=(survivor,))


def margin(value: float) -> Match:
    return Match(entrants=("a", "b"), winner=0, votes=(Vote(sample=0, order=(0, 1), margin=value),))


def test_leads_are_of_the_matches_that_the_pick_won() -> None:
    lost = match(1, 1, 1, names=("b", "c"))
    won, narrow = match(0, 0, 0, 0, 0), match(0, 0, 1, 0, 0, names=("a", "c"))
    signals = read_signals(bracket(lost, won, narrow), "votes")
    assert signals is not None
    assert (signals["least lead"], signals["mean lead"]) == (0.5, 0.75)
    assert signals["confidence"] == pytest.approx((0.5 + 0.6 + 0.7 + 0.8 + 0.5 + 0.7 + 0.8) / 7)


def test_a_vote_for_nobody_makes_a_lead_smaller() -> None:
    signals = read_signals(bracket(match(0, 0, None, None, None)), "votes")
    assert signals is not None and signals["least lead"] == 0.25


def test_margins_lie_between_0_and_1() -> None:
    signals = read_signals(bracket(margin(1.0), margin(3.0)), "evidence")
    assert signals == {"least margin": 0.5, "mean margin": 0.625}


@pytest.mark.parametrize("kind", ["votes", "evidence"])
def test_a_pick_that_met_nobody_has_no_signal(kind: str) -> None:
    alone = Match(entrants=("a", "b"), winner=0, decided_by=Decision.NO_RESULT)
    for one in (bracket(), bracket(alone)):
        found = read_signals(one, "votes" if kind == "votes" else "evidence")
        assert found is not None and set(found.values()) == {0.0}


def test_another_kind_of_judge_gets_no_probability() -> None:
    assert BY_VOTES.predict(bracket(margin(2.0))) is None
    by_margin = BY_VOTES.model_copy(update={"kind": "evidence", "weights": ()})
    assert by_margin.predict(bracket(match(0, 0, 0))) is None
    assert by_margin.predict(bracket(margin(2.0))) == 0.5


@given(st.lists(st.sampled_from([0, 1]), min_size=1, max_size=9))
def test_more_votes_for_the_pick_never_make_it_less_likely(votes: list[int]) -> None:
    before = BY_VOTES.predict(bracket(match(0, *votes)))
    after = BY_VOTES.predict(bracket(match(0, *votes, 0)))
    assert before is not None and after is not None
    assert 0 <= before <= after + 1e-12 and after <= 1


def test_a_program_rates_its_picks() -> None:
    rollouts = [make_rollout(name, patch=f"+ {name}") for name in ("a", "b")]
    judge = PolicyJudge(follows([0, 0, 0, 1]))
    rtv = RTV(judge, RTVConfig(votes=4, early_stop=False))
    rated = Rematch(EchoSummarizer(), rtv, calibration=BY_VOTES)
    plain = Rematch(EchoSummarizer(), rtv)
    outcome = run(rated.acall(task=PATCH_TASK, rollouts=rollouts))
    assert outcome.pick.probability == 0.5, "a lead of a half, which is the centre"
    other = run(plain.acall(task=PATCH_TASK, rollouts=rollouts)).pick
    assert other.probability is None
    assert other.rollout_id == outcome.pick.rollout_id, "it changes no pick"


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    file.write_text(BY_VOTES.model_dump_json())
    assert read_calibration(file) == BY_VOTES


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "is no calibration (kind"),
        ("no json", "is no calibration"),
        (BY_VOTES.model_dump_json().replace("least lead", "luck"), "unknown signal 'luck'"),
        (BY_VOTES.model_dump_json().replace('2.0,"centre"', '-2.0,"centre"'), "weights.0.weight"),
        (BY_VOTES.model_dump_json().replace('sion":1', 'sion":9'), "update rematch-agents"),
    ],
)
def test_a_file_that_is_none_is_one_line(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "c.json"
    file.write_text(text)
    with pytest.raises(InputError) as error:
        read_calibration(file)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_calibration(tmp_path / "none.json")


def test_signals_have_a_name_each() -> None:
    found = read_signals(bracket(match(0, 0, 0)), "votes")
    assert found is not None and tuple(found) == SIGNALS["votes"]
