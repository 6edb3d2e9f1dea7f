"""Comparisons, reliabilities and anchoring reports where there is little to go by."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.data.records import Bracket, Match, Round, Usage, Vote
from rematch.errors import InputError
from rematch.optimizers.ablation import PICKED, Ablation, Brought, compare_variants, correct_holm
from rematch.optimizers.calibration import Judged, fit_calibration, measure_reliability
from rematch.optimizers.evaluation import compare_paired, evaluate
from rematch.optimizers.labelled import LabelledPool
from rematch.programs.calibration import Calibration
from tests.optimizers.makers import make_task


def margin_pick(margin: float, reward: float) -> Judged:
    vote = Vote(sample=0, order=(0, 1), winner=0, margin=margin)
    rounds = (Round(matches=(Match(entrants=("a", "b"), votes=(vote,), winner=0),)),)
    return Judged(
        Bracket(task_id="t", entrants=("a", "b"), rounds=rounds, survivors=("a",)), reward
    )


def flat(probability: float) -> Calibration:
    """Says the same of every pick."""
    odds = math.log(probability / (1 - probability))
    return Calibration(kind="evidence", intercept=odds, weights=(), fitted_on=4)


def test_margins_that_tell_are_fitted_for_an_evidence_judge() -> None:
    picks = [margin_pick(3.0, 1.0)] * 20 + [margin_pick(0.1, 0.0)] * 20
    fitted = fit_calibration(picks, "evidence", about="evidence")
    assert (fitted.kind, fitted.fitted_on, fitted.about) == ("evidence", 40, "evidence")
    assert [one.name for one in fitted.weights] == ["least margin", "mean margin"]
    wide, narrow = (fitted.predict(margin_pick(m, 1).bracket) for m in (3.0, 0.1))
    assert wide is not None and narrow is not None and wide > 0.8 > 0.2 > narrow


def test_part_of_a_reward_counts_as_part_of_a_right_pick() -> None:
    said = fit_calibration([margin_pick(1.0, 0.5)] * 10, "evidence").predict(
        margin_pick(1.0, 1).bracket
    )
    assert said == pytest.approx(0.5)


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 9), st.sampled_from([0.0, 0.5, 1.0])), min_size=4))
def test_a_wider_margin_never_makes_a_pick_less_likely(drawn: list[tuple[float, float]]) -> None:
    fitted = fit_calibration([margin_pick(*one) for one in drawn], "evidence")
    said = [fitted.predict(margin_pick(m, 1).bracket) for m in (0.0, 0.5, 2.0, 50.0)]
    assert said == sorted(said, key=lambda one: one or 0.0)
    assert all(one is not None and 0 < one < 1 for one in said)


@given(st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_the_order_of_picks_changes_no_weight(rng: object) -> None:
    picks = [margin_pick(m / 4, float(m % 3 == 0)) for m in range(12)]
    shuffled = list(picks)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = fit_calibration(picks, "evidence"), fit_calibration(shuffled, "evidence")
    assert one.intercept == pytest.approx(other.intercept, abs=2e-6)
    for ours, theirs in zip(one.weights, other.weights, strict=True):
        assert ours.weight == pytest.approx(theirs.weight, abs=2e-4)


def test_one_probability_for_all_is_one_bin() -> None:
    picks = [margin_pick(n, float(n < 3)) for n in range(10)]
    found = measure_reliability(flat(0.4), picks, 0.3)
    (only,) = found.bins
    assert only.n == 10
    assert only.right == pytest.approx(0.3)
    assert found.ece == pytest.approx(0.1)
    assert found.brier == pytest.approx((3 * 0.6**2 + 7 * 0.4**2) / 10)
    assert found.brier_base == pytest.approx((3 * 0.7**2 + 7 * 0.3**2) / 10)


def test_a_single_pick_is_measured_without_an_interval_to_speak_of() -> None:
    found = measure_reliability(flat(0.75), [margin_pick(1, 1)], 0.5)
    assert found.n == 1
    assert found.brier == pytest.approx(0.0625)
    assert found.brier_ci95 == (found.brier, found.brier)


def test_one_pick_of_another_kind_is_refused_not_left_out() -> None:
    alien = Judged(
        Bracket(
            task_id="t",
            entrants=("a", "b"),
            survivors=("a",),
            rounds=(
                Round(
                    matches=(
                        Match(
                            entrants=("a", "b"),
                            winner=0,
                            votes=(Vote(sample=0, order=(0, 1), winner=0),),
                        ),
                    )
                ),
            ),
        ),
        1.0,
    )
    with pytest.raises(InputError, match="no picks by evidence"):
        measure_reliability(flat(0.5), [margin_pick(1, 1), alien], 0.5)
    with pytest.raises(InputError, match="4 picks by evidence"):
        fit_calibration([margin_pick(1, 1)] * 4 + [alien], "evidence")


PAIRS = st.lists(st.tuples(st.sampled_from([0.0, 0.5, 1.0]), st.sampled_from([0.0, 0.5, 1.0])))


@given(PAIRS)
def test_ties_change_no_p(pairs: list[tuple[float, float]]) -> None:
    def test(some: Sequence[tuple[float, float]]) -> float:
        return compare_paired([a for a, _ in some], [b for _, b in some]).p

    assert test(pairs) == test([pair for pair in pairs if pair[0] != pair[1]])


@pytest.mark.parametrize("count", [1, 4, 5, 6, 10])
def test_all_better_is_as_unlikely_as_so_many_heads(count: int) -> None:
    assert compare_paired([1.0] * count, [0.0] * count).p == pytest.approx(2 / 2**count)


def test_rounding_is_a_tie_and_another_number_of_tasks_is_a_mistake() -> None:
    assert compare_paired([0.1 + 0.2], [0.3]).better == 0
    with pytest.raises(ValueError, match="shorter"):
        compare_paired([1.0, 0.0], [1.0])


def test_an_evaluation_is_the_same_again_and_another_seed_moves_intervals_alone() -> None:
    tasks = tuple(make_task(f"t{n}", (n % 2, 0, 1), steps=(n, 2, 3)) for n in range(7))
    pool = LabelledPool(tasks)
    assert evaluate(pool, seed=1) == evaluate(pool, seed=1)
    one, other = (evaluate(pool, seed=seed).selectors["fewest-steps"] for seed in (1, 2))
    assert (one.picked_mean, one.gain, one.tests) == (other.picked_mean, other.gain, other.tests)


def test_further_picks_may_lack_tasks_and_name_nobody() -> None:
    """They count as random there: no free gain from a task that was passed over."""
    tasks = (make_task("a", (1, 0)), make_task("b", (1, 0, 0, 0)))
    found = evaluate(LabelledPool(tasks), picks={"m": {"a": "a-0"}, "none": {}}).selectors
    assert found["m"].picked_mean == pytest.approx((1 + 0.25) / 2)
    assert found["none"].gain == 0.0
    assert found["none"].tests["random"].p == 1.0


def test_of_equal_p_each_gets_the_same_correction() -> None:
    assert correct_holm([0.5, 0.5]) == [1.0, 1.0]
    assert correct_holm([0.01, 0.01, 0.01]) == pytest.approx([0.03] * 3)
    assert correct_holm([0.04]) == [0.04]


def test_what_a_row_takes_adds_its_roles_and_an_unpriced_one_hides_the_sum() -> None:
    base = Brought(
        name="base",
        measures={PICKED: {"t": 1.0}},
        usage={"a": Usage(calls=1, cost_usd=0.5), "b": Usage(calls=2, cost_usd=0.25)},
    )
    bare = Brought(name="bare", measures={PICKED: {"t": 1.0}})
    table = compare_variants(base, [bare], kind="live", spent={"a": Usage(calls=9)})
    assert table.rows[0].total == Usage(calls=3, cost_usd=0.75)
    assert table.rows[1].total == Usage()
    assert table.spent["a"].calls == 9
    assert [row["cost_usd"] for row in table.flatten()] == [0.75, 0.0]


def test_tasks_that_only_the_variant_has_are_in_its_mean_and_in_no_pair() -> None:
    base = Brought(name="base", measures={PICKED: {"a": 0.0}})
    variant = Brought(name="v", measures={PICKED: {"a": 0.5, "b": 1.0}})
    table = compare_variants(base, [variant], kind="recorded")
    found = table.rows[1].comparisons[PICKED]
    assert (found.n_tasks, found.mean, found.difference) == (2, 0.75, 0.5)
    assert found.paired is not None and found.paired.better == 1
    assert Ablation.model_validate_json(table.model_dump_json()) == table


def test_a_measure_that_a_variant_did_not_bring_is_told_by_its_reason() -> None:
    base = Brought(name="base", measures={PICKED: {"a": 0.0}})
    empty = Brought(name="v", measures={PICKED: {}}, failures={"a": "the agent crashed"})
    with pytest.raises(InputError, match=r"variant 'v': nothing to compare \(the agent crashed\)"):
        compare_variants(base, [empty], kind="live")
    nothing = Brought(name="v", measures={PICKED: {}})
    with pytest.raises(InputError, match=r"nothing to compare \(no task\)"):
        compare_variants(base, [nothing], kind="live")
