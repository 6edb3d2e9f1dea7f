from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.pools import read_pool
from rematch.errors import InputError
from rematch.evidence.scoring import FittedPool, load_model
from rematch.optimizers.evaluation import compare_paired, evaluate
from rematch.optimizers.labelled import LabelledPool, join_labels, read_labels
from rematch.optimizers.selectors import (
    list_baselines,
    pick_fewest_steps,
    pick_fewest_tokens,
    pick_given,
    pick_majority,
    pick_oracle,
    pick_random,
)
from tests.optimizers.makers import make_task

MIXED = make_task(
    "a",
    (1, 0, 0, 1),
    ({"submitted": 1.0}, {}, {}, {}),
    steps=(5, 3, 3, 9),
    tokens=(10, None, 30, 10),
    patches=("p", "q", "q", ""),
)
SAME = make_task("b", (1, 1), steps=(1, 2))
LOST = make_task("c", (0, 0), steps=(1, 2))


def test_baselines_are_exact_over_ties() -> None:
    assert pick_random(MIXED) == 0.5
    assert pick_oracle(MIXED) == 1.0
    assert pick_fewest_steps(make_task("t", (1, 0, 0), steps=(3, 3, 4))) == 0.5
    assert pick_fewest_steps(MIXED) == 0.0
    assert pick_fewest_tokens(MIXED) == 1.0
    assert pick_majority(MIXED) == 0.0
    assert pick_majority(SAME) == pick_fewest_tokens(SAME) == pick_random(SAME)
    tied = make_task("t", (1, 0, 0), patches=("p", "q", ""))
    assert pick_majority(tied) == 0.5


def test_baselines_without_their_facts_are_left_out() -> None:
    assert list(list_baselines([SAME])) == ["random", "fewest-steps"]
    assert list(list_baselines([MIXED])) == [
        "random",
        "fewest-steps",
        "fewest-tokens",
        "patch-majority",
    ]


def test_given_picks_are_looked_up() -> None:
    select = pick_given({"a": "a-0", "b": "nobody"})
    assert (select(MIXED), select(SAME), select(LOST)) == (1.0, 1.0, 0.0)


def test_an_evaluation_has_the_promised_shape() -> None:
    pool = LabelledPool((MIXED, SAME, LOST), ("t/x: no label; left out",))
    picks = {"model": {"a": "a-1", "b": "b-0", "c": "c-0"}}
    evaluation = evaluate(pool, picks=picks)
    content = json.loads(evaluation.model_dump_json())
    assert (content["n_tasks"], content["n_attempts"], content["n_mixed"]) == (3, 8, 1)
    assert content["oracle"] == pytest.approx(2 / 3)
    assert content["pass_at_1"] == pytest.approx(0.5)
    assert content["problems"] == ["t/x: no label; left out"]
    evidence = content["selectors"]["evidence"]
    assert evidence["picked_mean"] == pytest.approx(2 / 3)
    low, high = evidence["ci95"]
    assert 0 <= low <= evidence["picked_mean"] <= high <= 1
    assert evidence["gain"] == pytest.approx(1 / 6)
    assert evidence["oracle_share"] == pytest.approx(1.0)
    assert evidence["mixed"]["picked_mean"] == 1.0
    assert evidence["tests"]["random"] == {"better": 1, "worse": 0, "p": 1.0}
    assert content["selectors"]["model"]["picked_mean"] == pytest.approx(1 / 3)
    assert "evidence-cv" in content["selectors"]
    assert content["selectors"]["random"]["tests"].keys() == {"fewest-steps"}
    groups = {weight.group for weight in load_model().weights}
    assert content["ablation"].keys() == groups


def test_an_ablation_is_without_its_group() -> None:
    task = make_task("t", (0, 1), ({}, {"submitted": 1.0}))
    ablation = evaluate(LabelledPool((task,))).ablation
    assert (ablation["ending"].picked_mean, ablation["size"].picked_mean) == (0.0, 1.0)


def test_rows_are_flat_and_alike() -> None:
    rows = evaluate(LabelledPool((MIXED, SAME))).rows()
    assert len({tuple(row) for row in rows}) == 1
    assert all(not isinstance(value, dict | list | tuple) for row in rows for value in row.values())
    assert rows[-1]["selector"].startswith("evidence without ")


def test_what_served_for_fitting_is_marked() -> None:
    model = load_model()
    fitted = FittedPool(name="p", attempts=4, tasks=("a", "z"))
    marked = model.model_copy(update={"fitted_on": (fitted,)})
    selectors = evaluate(LabelledPool((MIXED, SAME)), model=marked).selectors
    assert {
        name: result.fitted_here for name, result in selectors.items() if result.fitted_here
    } == {"evidence": 1}


def test_a_pool_without_mixed_outcomes_has_no_gap() -> None:
    result = evaluate(LabelledPool((SAME,))).selectors["evidence"]
    assert (result.mixed, result.oracle_share, result.gain) == (None, None, 0.0)


def test_no_labels_are_one_line() -> None:
    with pytest.raises(InputError, match="no attempt has a label"):
        evaluate(LabelledPool(()))


def test_the_paired_test_is_exact() -> None:
    # Sign test by hand: 5 better, 1 worse: 2 * (1 + 6) / 2**6.
    paired = compare_paired([1, 1, 1, 1, 1, 0, 1], [0, 0, 0, 0, 0, 1, 1])
    assert (paired.better, paired.worse) == (5, 1)
    assert paired.p == pytest.approx(14 / 64)
    assert compare_paired([1, 0], [1, 0]).p == 1.0


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1))))
def test_the_paired_test_is_even_handed(pairs: list[tuple[float, float]]) -> None:
    one, other = [a for a, _ in pairs], [b for _, b in pairs]
    forth, back = compare_paired(one, other), compare_paired(other, one)
    assert forth.p == back.p <= 1.0
    assert (forth.better, forth.worse) == (back.worse, back.better)


def test_recorded_rollouts_are_evaluated_in_time(shared_data: Path) -> None:
    start = time.process_time()
    folder = shared_data / "terminal-bench-2.1"
    labels, _ = read_labels(folder / "labels.tsv")
    tasks = read_pool([folder]).tasks.values()
    pool = join_labels(((one.task, one.rollouts) for one in tasks), labels)
    evaluation = evaluate(pool)
    assert time.process_time() - start < 10
    # The README of the recorded rollouts gives these.
    assert evaluation.pass_at_1 == pytest.approx(0.805, abs=0.001)
    assert evaluation.oracle == pytest.approx(0.974, abs=0.001)
    for name in ("fewest-steps", "fewest-tokens"):
        assert evaluation.selectors[name].picked_mean == pytest.approx(0.872, abs=0.001)
    assert evaluation.selectors["evidence"].fitted_here == 39
    assert evaluation.selectors["evidence-cv"].picked_mean >= 0.872
