"""Fitting probabilities on picks with a known truth, and telling how far they hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.data.records import Bracket, Match, Round, Vote
from rematch.errors import InputError
from rematch.optimizers.calibration import Judged, fit_calibration, measure_reliability
from rematch.seeds import derive_random

VOTES = 9


def make_pick(votes_for: int, reward: float, confidence: float = 0.5) -> Judged:
    votes = tuple(
        Vote(sample=n, order=(0, 1), winner=int(n >= votes_for), confidence=confidence)
        for n in range(VOTES)
    )
    match = Match(entrants=("a", "b"), votes=votes, winner=0)
    rounds = (Round(matches=(match,)),)
    return Judged(Bracket(task_id="t", entrants=("a",), rounds=rounds, survivors=("a",)), reward)


def draw(count: int, seed: int, *, telling: bool) -> list[Judged]:
    """Picks that are right as often as their votes say, or always with probability 0.7."""
    rng = derive_random(seed, "picks")
    picks = []
    for _ in range(count):
        votes_for = rng.randint(5, VOTES)
        truth = (votes_for - 4) / 6 if telling else 0.7
        picks.append(make_pick(votes_for, float(rng.random() < truth)))
    return picks


def mean(picks: list[Judged]) -> float:
    return sum(pick.reward for pick in picks) / len(picks)


def test_telling_votes_become_probabilities_that_hold_on_other_tasks() -> None:
    fitted, other = draw(1_500, 1, telling=True), draw(1_500, 2, telling=True)
    calibration = fit_calibration(fitted, "votes")
    found = measure_reliability(calibration, other, mean(fitted))
    assert found.ece < 0.06
    assert found.brier < found.brier_base - 0.02
    for votes_for in range(5, VOTES + 1):
        said = calibration.predict(make_pick(votes_for, 1).bracket)
        assert said == pytest.approx((votes_for - 4) / 6, abs=0.12)


def test_votes_that_tell_nothing_give_the_base_rate() -> None:
    fitted = draw(400, 3, telling=False)
    calibration = fit_calibration(fitted, "votes")
    for votes_for in (5, VOTES):
        said = calibration.predict(make_pick(votes_for, 1).bracket)
        assert said == pytest.approx(0.7, abs=0.1)
    found = measure_reliability(calibration, draw(400, 4, telling=False), mean(fitted))
    assert found.brier == pytest.approx(found.brier_base, abs=0.01)


def test_stated_confidence_counts_where_it_tells() -> None:
    picks = [make_pick(7, 1.0, 0.9)] * 30 + [make_pick(7, 0.0, 0.3)] * 30
    calibration = fit_calibration(picks, "votes")
    sure = calibration.predict(make_pick(7, 1, 0.9).bracket)
    unsure = calibration.predict(make_pick(7, 1, 0.3).bracket)
    assert sure is not None and unsure is not None and sure > 0.6 > 0.4 > unsure


def test_votes_that_mislead_get_no_weight() -> None:
    """More votes may not speak against a pick, however few labels say so."""
    picks = [make_pick(9, 0.0), make_pick(5, 1.0)] * 20
    calibration = fit_calibration(picks, "votes")
    assert {one.weight for one in calibration.weights} == {0.0}


@pytest.mark.parametrize("reward", [0.0, 1.0])
def test_one_sided_labels_give_no_certainty(reward: float) -> None:
    calibration = fit_calibration([make_pick(7, reward)] * 8, "votes")
    said = calibration.predict(make_pick(7, 1).bracket)
    assert said is not None and 0.02 < said < 0.98
    assert (said > 0.5) == bool(reward)


def test_too_few_picks_or_picks_of_another_kind_are_refused() -> None:
    with pytest.raises(InputError, match="calibrating needs 4"):
        fit_calibration([make_pick(7, 1)] * 3, "votes")
    with pytest.raises(InputError, match="0 picks by evidence"):
        fit_calibration([make_pick(7, 1)] * 8, "evidence")
    calibration = fit_calibration([make_pick(7, 1)] * 8, "votes")
    with pytest.raises(InputError, match="no picks by votes"):
        measure_reliability(calibration, [], 0.5)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(5, 9), st.booleans()), min_size=4, max_size=40))
def test_bins_hold_every_pick_once_and_their_distance_is_the_error(
    drawn: list[tuple[int, bool]],
) -> None:
    picks = [make_pick(votes, float(right)) for votes, right in drawn]
    found = measure_reliability(fit_calibration(picks, "votes"), picks, mean(picks))
    assert sum(one.n for one in found.bins) == found.n == len(picks)
    assert sum(one.n * one.right for one in found.bins) == pytest.approx(len(picks) * mean(picks))
    said = [one.said for one in found.bins]
    assert said == sorted(said) and 1 <= len(found.bins) <= 5
    assert found.ece == pytest.approx(
        sum(one.n * abs(one.said - one.right) for one in found.bins) / len(picks)
    )
    assert 0 <= found.brier_ci95[0] <= found.brier <= found.brier_ci95[1] <= 1
