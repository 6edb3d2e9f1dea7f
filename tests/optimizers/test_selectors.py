"""Free baselines: bounded by the oracle, exact over ties, and blind to the order of attempts."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.evidence.scoring import load_model
from rematch.optimizers.labelled import LabelledTask
from rematch.optimizers.selectors import (
    list_baselines,
    pick_by_evidence,
    pick_fewest_steps,
    pick_fewest_tokens,
    pick_given,
    pick_majority,
    pick_oracle,
    pick_random,
)
from tests.optimizers.makers import make_task

FREE = (pick_random, pick_fewest_steps, pick_fewest_tokens, pick_majority, pick_oracle)
ATTEMPTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.25, 1.0]),
        st.integers(1, 4),
        st.none() | st.integers(0, 3),
        st.sampled_from(["", "x", "y"]),
    ),
    min_size=1,
    max_size=6,
)
Row = tuple[float, int, int | None, str]


def build(rows: list[Row]) -> LabelledTask:
    rewards, steps, tokens, patches = zip(*rows, strict=True)
    return make_task("t", rewards, steps=steps, tokens=tokens, patches=patches)


@given(ATTEMPTS)
def test_every_baseline_lies_between_the_worst_and_the_oracle(rows: list[Row]) -> None:
    task = build(rows)
    for select in (*FREE, pick_by_evidence(load_model())):
        assert min(task.rewards) - 1e-12 <= select(task) <= pick_oracle(task) + 1e-12


@given(ATTEMPTS, st.randoms(use_true_random=False))
def test_the_order_of_attempts_says_nothing_to_a_baseline(rows: list[Row], rng: object) -> None:
    shuffled = list(rows)
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    for select in FREE:
        assert select(build(shuffled)) == pytest.approx(select(build(rows)))


@given(ATTEMPTS)
def test_equal_outcomes_leave_nothing_to_pick(rows: list[Row]) -> None:
    task = build([(0.25, *rest) for _, *rest in rows])  # type: ignore[misc]
    assert {round(select(task), 12) for select in FREE} == {0.25}
    assert not task.is_mixed


@given(ATTEMPTS, st.integers(0, 5))
def test_a_given_pick_counts_as_itself(rows: list[Row], place: int) -> None:
    task = build(rows)
    chosen = task.attempts[place % len(rows)]
    assert pick_given({"t": chosen.id})(task) == chosen.reward


def test_a_pick_that_is_unknown_here_is_a_random_one() -> None:
    task = make_task("t", (1, 0, 0, 0))
    for picks in ({}, {"other": "t-0"}, {"t": "somebody"}):
        assert pick_given(picks)(task) == 0.25


def test_a_random_pick_is_the_mean_of_all_draws() -> None:
    """Over a pool, random is pass@1: drawing every combination gives the same figure."""
    tasks = [make_task("a", (1, 0)), make_task("b", (1, 0.5, 0))]
    draws = [sum(one) / 2 for one in itertools.product(*(task.rewards for task in tasks))]
    assert sum(map(pick_random, tasks)) / 2 == pytest.approx(sum(draws) / len(draws))


def test_fewest_tokens_passes_over_those_that_tell_none() -> None:
    assert pick_fewest_tokens(make_task("t", (1, 0, 0), tokens=(None, 5, 9))) == 0
    assert pick_fewest_tokens(make_task("t", (1, 0, 0), tokens=(0, 5, None))) == 1
    assert pick_fewest_tokens(make_task("t", (1, 0, 0, 0))) == 0.25


def test_no_patch_is_no_majority() -> None:
    """Three attempts that gave up agree on nothing."""
    assert pick_majority(make_task("t", (0, 0, 0, 1), patches=("", "", "", "x"))) == 1
    assert pick_majority(make_task("t", (0, 0, 1, 1), patches=("x", "x", "x", "y"))) == (
        pytest.approx(1 / 3)
    )
    assert pick_majority(make_task("t", (0, 1), patches=("x", "y"))) == 0.5
    assert pick_majority(make_task("t", (0, 1))) == 0.5


def test_a_baseline_is_listed_if_any_attempt_of_any_task_has_its_fact() -> None:
    bare, rich = make_task("a", (1, 0)), make_task("b", (1, 0), tokens=(None, 3), patches=("", "x"))
    assert list(list_baselines([bare])) == ["random", "fewest-steps"]
    assert list(list_baselines([bare, rich])) == [
        *("random", "fewest-steps", "fewest-tokens", "patch-majority")
    ]
    tokens = make_task("c", (1, 0), tokens=(0, None))
    assert "fewest-tokens" in list_baselines([tokens]), "none written is a fact too"


def test_evidence_never_picks_what_has_no_result_beside_one_that_has() -> None:
    better = {weight.name: 9.0 for weight in load_model().weights}
    task = make_task("t", (1, 0), (better, {}), eligible=(False, True))
    assert pick_by_evidence(load_model())(task) == 0
    nobody = make_task("t", (1, 0), (better, {}), eligible=(False, False))
    assert pick_by_evidence(load_model())(nobody) in (0, 1)


def test_of_equal_evidence_the_place_decides() -> None:
    assert pick_by_evidence(load_model())(make_task("t", (1, 0))) == 1
    assert pick_by_evidence(load_model())(make_task("t", (0, 1))) == 0
