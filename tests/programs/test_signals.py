"""What is read off a bracket, at its edges, and what a judge sees of odd attempts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Bracket, Decision, Ending, Match, Round, Vote
from rematch.programs.calibration import SIGNALS, Calibration, Kind, SignalWeight, read_signals
from rematch.programs.excerpt import estimate_tokens
from rematch.programs.rendering import render_summary
from rematch.programs.views import JudgeConfig, PatchView, TrajectoryView, represent_summary
from tests.programs.makers import make_entrant

Cast = Sequence[tuple[int | None, float | None]]
"""The entrant that each vote names, and its confidence."""


def make_match(
    cast: Cast,
    *,
    winner: int = 0,
    names: tuple[str, ...] = ("a", "b"),
    decided_by: Decision = Decision.VOTES,
    margin: float | None = None,
) -> Match:
    votes = tuple(
        Vote(sample=n, order=(0, 1), winner=named, confidence=sure, margin=margin)
        for n, (named, sure) in enumerate(cast)
    )
    return Match(entrants=names, votes=votes, winner=winner, decided_by=decided_by)


def make_bracket(*matches: Match, survivors: tuple[str, ...] = ("a",)) -> Bracket:
    rounds = tuple(Round(matches=(match,)) for match in matches)
    return Bracket(task_id="t", entrants=("a", "b", "c"), rounds=rounds, survivors=survivors)


def calibrate(kind: Kind, intercept: float = 0.0, **weights: float) -> Calibration:
    return Calibration(
        kind=kind,
        intercept=intercept,
        weights=tuple(
            SignalWeight(name=name.replace("_", " "), weight=weight, centre=0.0)
            for name, weight in weights.items()
        ),
        fitted_on=4,
    )


def read(*matches: Match, survivors: tuple[str, ...] = ("a",)) -> dict[str, float]:
    found = read_signals(make_bracket(*matches, survivors=survivors), "votes")
    assert found is not None
    return dict(found)


def test_a_tie_that_a_rule_settled_has_no_lead() -> None:
    tie = make_match([(0, 0.9), (1, 0.9)], decided_by=Decision.TIE)
    assert read(tie) == {"least lead": 0.0, "mean lead": 0.0, "confidence": 0.9}


def test_among_three_the_runner_up_counts() -> None:
    match = make_match([(0, None)] * 4 + [(1, None)] * 3 + [(2, None)], names=("a", "b", "c"))
    assert read(match)["least lead"] == (4 - 3) / 8


def test_confidence_is_that_of_votes_for_the_winner_and_a_half_where_none_says_any() -> None:
    assert read(make_match([(0, 0.75), (0, None), (1, 0.1)]))["confidence"] == 0.75
    assert read(make_match([(0, None), (0, None)]))["confidence"] == 0.5
    both = (make_match([(0, 0.5)]), make_match([(0, 1.0), (0, 1.0), (0, 1.0)]))
    assert read(*both)["confidence"] == 0.875, "over votes, not over matches"


def test_matches_of_others_say_nothing_of_the_pick() -> None:
    own, other = make_match([(0, 0.8)] * 3), make_match([(0, 0.5), (1, 0.5)], names=("b", "c"))
    assert read(own, other) == read(own)


def test_of_several_survivors_the_first_is_the_pick() -> None:
    one, two = make_match([(0, None)] * 2), make_match([(0, None), (1, None)], names=("b", "c"))
    assert read(one, two, survivors=("a", "b"))["least lead"] == 1.0
    assert read(one, two, survivors=("b", "a"))["least lead"] == 0.0


def test_a_walkover_beside_votes_is_no_lead() -> None:
    walkover = make_match([(0, 1.0)], names=("a", "c"), decided_by=Decision.NO_RESULT)
    won = make_match([(0, 0.5), (0, 0.5), (1, 0.5)])
    assert read(walkover, won) == read(won)


@pytest.mark.parametrize("kind", ["votes", "evidence"])
def test_mixed_judges_are_neither_kind(kind: Kind) -> None:
    mixed = make_bracket(make_match([(0, None)]), make_match([(0, None)], margin=0.5))
    assert read_signals(mixed, kind) is None
    assert calibrate(kind).predict(mixed) is None


def test_no_margin_at_all_is_the_least_there_is() -> None:
    tied = make_bracket(make_match([(0, None)], margin=0.0), make_match([(0, None)], margin=1.0))
    assert read_signals(tied, "evidence") == {"least margin": 0.0, "mean margin": 0.25}


CASTS = st.lists(
    st.tuples(st.sampled_from([0, 1, None]), st.none() | st.floats(0, 1)), min_size=1, max_size=7
)


@given(st.lists(CASTS, min_size=1, max_size=4))
def test_signals_of_votes_are_bounded_and_the_least_is_least(casts: list[Cast]) -> None:
    signals = read(*map(make_match, casts))
    assert tuple(signals) == SIGNALS["votes"]
    assert -1 <= signals["least lead"] <= signals["mean lead"] + 1e-12
    assert signals["mean lead"] <= 1
    assert 0 <= signals["confidence"] <= 1


@given(st.lists(st.floats(0, 1e300), min_size=1, max_size=5))
def test_signals_of_margins_lie_in_0_to_1_however_large(margins: list[float]) -> None:
    bracket = make_bracket(*(make_match([(0, None)], margin=margin) for margin in margins))
    signals = read_signals(bracket, "evidence")
    assert signals is not None
    assert 0 <= signals["least margin"] <= signals["mean margin"] + 1e-12
    assert signals["mean margin"] <= 1


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6), CASTS)
def test_a_probability_is_one_whatever_the_weights(
    intercept: float, weight: float, cast: Cast
) -> None:
    found = calibrate("votes", intercept, least_lead=weight).predict(make_bracket(make_match(cast)))
    assert found is not None and 0 < found < 1


def test_at_the_centres_the_intercept_is_all() -> None:
    calibration = calibrate("votes", math.log(3), least_lead=5.0)
    even = make_bracket(make_match([(0, None), (1, None)]))
    assert calibration.predict(even) == pytest.approx(0.75)
    assert calibrate("votes", math.log(3)).predict(make_bracket()) == pytest.approx(0.75)


def test_a_crash_is_seen_in_either_view() -> None:
    entrant = make_entrant("r", ending=Ending.CRASHED, steps=2)
    for view in (TrajectoryView(2_000), PatchView(2_000)):
        assert view(entrant).startswith("Ended: crashed.\n")


def test_an_attempt_without_a_step_is_still_shown() -> None:
    assert TrajectoryView(2_000)(make_entrant("r", steps=0)).startswith("Ended: submitted.\n")


def test_the_summary_is_shown_as_it_is_rendered_and_nothing_else() -> None:
    entrant = make_entrant("secret-name", says="Two tests fail.", patch="+ secret-patch")
    assert represent_summary(entrant) == render_summary(entrant.summary)
    assert "Two tests fail." in represent_summary(entrant)
    assert "secret" not in represent_summary(entrant)


@given(st.text(min_size=1).filter(str.strip), st.integers(200, 600))
def test_a_patch_of_any_script_fits(line: str, tokens: int) -> None:
    shown = PatchView(tokens)(make_entrant("r", patch=line * 400))
    assert estimate_tokens(shown) <= tokens + estimate_tokens("Ended: submitted.\n") + 1


def test_a_patch_keeps_its_own_indentation() -> None:
    patch = "@@ -1 +1 @@\n-    old\n+\tnew  \n unchanged"
    assert PatchView(500)(make_entrant("r", patch=f"\n{patch}\n\n")).endswith(f".\n{patch}")


def test_a_window_that_shows_nothing_is_no_setting() -> None:
    assert JudgeConfig(input_tokens=1_000).input_tokens == 1_000
    with pytest.raises(ValueError, match="greater than or equal to 1000"):
        JudgeConfig(input_tokens=999)
