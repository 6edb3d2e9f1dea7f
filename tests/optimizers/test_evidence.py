from __future__ import annotations

import time
from pathlib import Path
from statistics import mean

import pytest

from rematch.data.pools import read_pool
from rematch.evidence.features import BY_NAME
from rematch.evidence.scoring import load_model, parse_model
from rematch.optimizers.evidence import (
    STRENGTHS,
    cross_validate,
    dump_model,
    fit,
    fit_pools,
    split,
)
from rematch.optimizers.labelled import LabelledPool, LabelledTask, join_labels, read_labels
from tests.optimizers.makers import make_task

FEWEST_STEPS = 0.872  # what picking the fewest steps gives on terminal-bench-2.1


def make_tasks(count: int, feature: str = "settled") -> list[LabelledTask]:
    return [make_task(f"t{n}", (0, 1), ({feature: 0.0}, {feature: 1.0})) for n in range(count)]


def read_labelled(shared_data: Path, name: str) -> LabelledPool:
    labels, _ = read_labels(shared_data / name / "labels.tsv")
    pool = read_pool([shared_data / name])
    return join_labels(((one.task, one.rollouts) for one in pool.tasks.values()), labels)


def test_folds_are_a_partition_of_even_size() -> None:
    folds = list(split(11, 5, seed=3))
    assert sorted(index for fold in folds for index in fold) == list(range(11))
    assert {len(fold) for fold in folds} == {2, 3}
    assert folds == list(split(11, 5, seed=3)) != list(split(11, 5, seed=4))
    assert [len(fold) for fold in split(3, 5, seed=0)] == [1, 1, 1]


def test_a_feature_that_tells_gains_weight() -> None:
    weights = {weight.name: weight.weight for weight in fit(make_tasks(30)).weights}
    assert weights["settled"] > 3 * BY_NAME["settled"].prior
    assert weights["fewer_steps"] == pytest.approx(BY_NAME["fewer_steps"].prior)


def test_strength_is_chosen_unless_given() -> None:
    assert fit(make_tasks(30)).strength == STRENGTHS[0]
    assert fit(make_tasks(30), strength=7.0).strength == 7.0
    assert fit([]).strength == STRENGTHS[-1]


def test_only_the_named_features_are_used() -> None:
    assert [weight.name for weight in fit(make_tasks(3), names=("settled",)).weights] == ["settled"]


def test_fitting_has_no_chance_in_it() -> None:
    assert fit(make_tasks(12), seed=1) == fit(make_tasks(12), seed=1)


def test_a_model_notes_its_pools_and_survives_its_file() -> None:
    pools = {"one": LabelledPool(tuple(make_tasks(2))), "two": LabelledPool(())}
    model = fit_pools(pools)
    assert [(pool.name, pool.attempts, pool.tasks) for pool in model.fitted_on] == [
        ("one", 4, ("t0", "t1")),
        ("two", 0, ()),
    ]
    assert parse_model(dump_model(model), "w.json") == model


def test_a_task_is_judged_by_weights_that_never_saw_it() -> None:
    # Steps speak for the wrong attempt in one task alone; seen, they would lose their weight.
    odd = make_task("odd", (0, 1), ({"fewer_steps": 1.0}, {"fewer_steps": 0.0}))
    even = [
        make_task(f"e{n}", (1, 0), ({"fewer_steps": 1.0}, {"fewer_steps": 0.0})) for n in range(9)
    ]
    assert cross_validate([odd, *even]) == [0.0] + [1.0] * 9


def test_folds_and_leave_one_out_cover_every_task() -> None:
    tasks = make_tasks(7)
    assert cross_validate(tasks) == cross_validate(tasks, folds=3, seed=5) == [1.0] * 7


def test_cross_validation_on_recorded_rollouts(shared_data: Path) -> None:
    pool = read_labelled(shared_data, "terminal-bench-2.1")
    assert (len(pool.tasks), sum(task.is_mixed for task in pool.tasks)) == (39, 16)
    start = time.process_time()
    means = [mean(cross_validate(pool.tasks, folds=5, seed=seed)) for seed in range(20)]
    assert mean(means) >= FEWEST_STEPS
    assert mean(cross_validate(pool.tasks)) >= FEWEST_STEPS
    assert time.process_time() - start < 20


def test_the_committed_weights_are_what_fitting_gives(shared_data: Path) -> None:
    names = [pool.name for pool in load_model().fitted_on]
    fitted = fit_pools({name: read_labelled(shared_data, name) for name in names})
    assert fitted.fitted_on == load_model().fitted_on
    assert fitted.strength == load_model().strength
    for weight, committed in zip(fitted.weights, load_model().weights, strict=True):
        assert weight.name == committed.name
        assert weight.weight == pytest.approx(committed.weight, abs=0.002)
