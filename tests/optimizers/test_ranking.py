from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rematch.optimizers.ranking import Array, Pairs, fit_weights, make_pairs
from tests.optimizers.makers import make_task

NAMES = ("fewer_steps", "settled")


def row(steps: float, settled: float = 0.0) -> dict[str, float]:
    return {"fewer_steps": steps, "settled": settled}


def loss(pairs: Pairs, prior: Array, strength: float, weights: Array) -> float:
    away = weights - prior
    return -pairs.likelihood(weights) + strength / 2 * float(away @ away)


def test_pairs_are_within_a_task_and_count_as_one() -> None:
    tasks = [
        make_task("a", (1, 0, 0), (row(2), row(1), row(0))),
        make_task("b", (1, 1), (row(9), row(8))),
        make_task("c", (1, 0), (row(0), row(4, 1))),
    ]
    pairs = make_pairs(tasks, NAMES, (2.0, 1.0))
    assert pairs.differences.tolist() == [[0.5, 0.0], [1.0, 0.0], [-2.0, -1.0]]
    assert pairs.importance.tolist() == [0.5, 0.5, 1.0]


def test_partial_rewards_count_by_their_difference() -> None:
    pairs = make_pairs([make_task("a", (1, 0.5, 0), (row(2), row(1), row(0)))], NAMES, (1, 1))
    assert pairs.importance.tolist() == [0.25, 0.5, 0.25]


def test_attempts_without_result_teach_nothing() -> None:
    task = make_task("a", (1, 0, 0), (row(2), row(1), row(0)), eligible=(True, True, False))
    assert len(make_pairs([task], NAMES, (1, 1)).differences) == 1
    alone = make_task("b", (0, 1), (row(2), row(1)), eligible=(False, False))
    assert len(make_pairs([alone], NAMES, (1, 1)).differences) == 1


def test_nothing_to_learn_from_leaves_the_prior() -> None:
    pairs = make_pairs([], NAMES, (1, 1))
    assert fit_weights(pairs, np.array([0.3, 0.0]), 1.0).tolist() == [0.3, 0.0]


def test_what_wins_gains_and_nothing_falls_below_zero() -> None:
    tasks = [make_task(str(n), (1, 0), (row(1, 0), row(0, 1))) for n in range(20)]
    weights = fit_weights(make_pairs(tasks, NAMES, (1, 1)), np.array([0.1, 0.1]), 1.0)
    assert weights[0] > 1
    assert weights[1] == 0.0


def test_strength_holds_weights_to_the_prior() -> None:
    tasks = [make_task(str(n), (1, 0), (row(1), row(0))) for n in range(20)]
    pairs = make_pairs(tasks, NAMES, (1, 1))
    found = [fit_weights(pairs, np.array([0.2, 0.2]), s)[0] for s in (0.1, 1.0, 10.0, 1e6)]
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(0.2, abs=1e-3)


differences = st.lists(st.tuples(st.floats(-3, 3), st.floats(-3, 3)), min_size=1, max_size=8)


@settings(deadline=None)
@example([(3.0, -1.0), (-2.0, 0.0)], 0.5, (0.0, 2.2250738585e-313))  # a prior that is no bound yet
@example([(3.0, -1.0), (-2.0, 0.0)], 0.5, (0.0, 1e-7))
@given(differences, st.floats(0.05, 30), st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_no_step_aside_is_better(
    rows: list[tuple[float, float]], strength: float, start: tuple[float, float]
) -> None:
    pairs = Pairs(np.array(rows), np.ones(len(rows)))
    prior = np.array(start)
    weights = fit_weights(pairs, prior, strength)
    best = loss(pairs, prior, strength, weights)
    assert (weights >= 0).all()
    for aside in np.array([[1, 0], [-1, 0], [0, 1], [0, -1], [1, 1], [-1, 1]]) * 1e-3:
        moved = np.maximum(weights + aside, 0.0)
        assert loss(pairs, prior, strength, moved) >= best - 1e-9
