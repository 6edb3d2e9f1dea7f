"""The paper's diagnostics against small examples that were computed by hand."""

from __future__ import annotations

import pytest

from rematch.data.records import Decision
from rematch.report import diagnostics as d
from rematch.report.run_table import format_run
from rematch.statistics import Estimate, estimate_mean
from tests.report.makers import make_bracket, make_match, make_rollout, make_run


def make_two_iterations() -> d.TaskRun:
    """N = 4, K = 2: rewards 1 0 0 0, then 1 1 0 1; one survivor of iteration 0 passes."""
    first = [make_rollout(f"a{i}", steps=steps) for i, steps in enumerate((9, 2, 2, 5))]
    second = [
        make_rollout(f"b{i}", steps=i + 1, iteration=1, priors=["a0", "a1"]) for i in range(4)
    ]
    right = make_match("a0", "a2", winner=0)
    equal = make_match("a1", "a3", winner=0)
    wrong = make_match("b0", "b2", winner=1)
    also_equal = make_match("b1", "b3", winner=1)
    final = make_match("b2", "b3", winner=1)
    brackets = [
        make_bracket([right, equal], survivors=["a0", "a1"]),
        make_bracket([wrong, also_equal], [final], iteration=1, survivors=["b3"]),
    ]
    rewards = {"a0": 1, "a1": 0, "a2": 0, "a3": 0, "b0": 1, "b1": 1, "b2": 0, "b3": 1}
    return make_run([*first, *second], rewards=rewards, brackets=brackets, pick="b3")


RUN = make_two_iterations()
HOPELESS = make_run(
    [make_rollout("x"), make_rollout("y", iteration=1, priors=["x"])],
    rewards={"x": 0, "y": 0},
    brackets=[make_bracket(survivors=["x"]), make_bracket(iteration=1, survivors=["y"])],
    pick="y",
    task="hopeless",
)


@pytest.mark.parametrize(
    ("measure", "value"),
    [
        (d.mean_of_iteration(0), 0.25),
        (d.mean_of_iteration(1), 0.75),
        (d.mean_of_selected, 0.5),
        (d.picked, 1.0),
        (d.oracle(0), 1.0),
        (d.oracle(1), 1.0),
        (d.oracle(), 1.0),
        (d.fewest_steps(0), 0.0),  # a1 and a2 share the least: the mean of 0 and 0
        (d.fewest_steps(1), 1.0),
        (d.mean_of_iteration(2), None),
        (d.fewest_steps(2), None),
        (d.oracle(2), None),
    ],
)
def test_rates_of_one_task(measure: d.Measure, value: float | None) -> None:
    assert measure(RUN) == value


def test_fewest_steps_shares_ties_by_expectation() -> None:
    rollouts = [make_rollout(name, steps=steps) for name, steps in (("a", 3), ("b", 3), ("c", 4))]
    run = make_run(rollouts, rewards={"a": 1, "b": 0, "c": 1})
    assert d.fewest_steps(0)(run) == 0.5


def test_rates_are_means_over_tasks_of_task_means() -> None:
    estimate = d.measure([RUN, HOPELESS], d.mean_of_iteration(0))
    assert estimate and (estimate.mean, estimate.n) == (0.125, 2)
    assert d.measure([], d.picked) is None


def test_selected_is_iteration_0s_bracket_and_no_other() -> None:
    """Without select-k iteration 0 plays no bracket."""
    last = make_bracket(iteration=1, survivors=["y"])
    rollouts = [make_rollout("x"), make_rollout("y", iteration=1)]
    run = make_run(rollouts, rewards={"x": 0, "y": 1}, brackets=[last], pick="y")
    assert d.mean_of_selected(run) is None
    assert d.mean_of_selected(make_run([make_rollout("x")], rewards={"x": 1})) is None


def test_judge_accuracy_counts_unequal_matches_only() -> None:
    assert d.judge_accuracy([RUN, HOPELESS]) == {
        (0, 1): (1.0, 1),  # a0 beats a2; a1 and a3 are equal
        (1, 1): (0.0, 1),  # b2 beats b0; b1 and b3 are equal
        (1, 2): (1.0, 1),  # b3 beats b2
    }


def test_judge_accuracy_leaves_out_walkovers_and_ungraded_matches() -> None:
    walkover = make_match("a", "b", winner=0, decided_by=Decision.NO_RESULT)
    silent = make_match("a", "b", winner=0, decided_by=Decision.NO_VOTE)
    ungraded = make_match("a", "c", winner=0)
    rollouts = [make_rollout(name) for name in "abc"]
    bracket = make_bracket([walkover, silent, ungraded])
    run = make_run(rollouts, rewards={"a": 1, "b": 0}, brackets=[bracket])
    assert d.judge_accuracy([run]) == {}


def test_judge_accuracy_of_groups_asks_for_a_best_one() -> None:
    match = make_match("a", "b", "c", winner=1)
    rollouts = [make_rollout(name) for name in "abc"]
    bracket = make_bracket([match], survivors=["b"])
    run = make_run(rollouts, rewards={"a": 1, "b": 1, "c": 0}, brackets=[bracket])
    assert d.judge_accuracy([run]) == {(0, 1): (1.0, 1)}


def test_success_by_passing_priors() -> None:
    assert d.success_by_priors([RUN, HOPELESS]) == {(0, 1): (0.0, 1), (1, 2): (0.75, 4)}
    told_of_nobody = make_rollout("b", iteration=1, priors=["ungraded"])
    run = make_run([make_rollout("a"), told_of_nobody], rewards={"a": 1, "b": 1})
    assert d.success_by_priors([run]) == {}


def test_redistribution() -> None:
    every = make_run([make_rollout("p"), make_rollout("q")], rewards={"p": 1, "q": 1}, task="all")
    half = make_run([make_rollout("p"), make_rollout("q")], rewards={"p": 1, "q": 0.5}, task="half")
    ungraded = make_run([make_rollout("p")], task="ungraded")
    assert d.spread([RUN, HOPELESS, every, half, ungraded], 0) == d.Spread(none=1, some=2, all=1)
    assert d.spread([RUN], 1) == d.Spread(0, 1, 0)


def test_mean_steps() -> None:
    assert d.mean_steps([RUN, HOPELESS], 0) == (9 + 2 + 2 + 5 + 1) / 5
    assert d.mean_steps([RUN, HOPELESS], 1) == (1 + 2 + 3 + 4 + 1) / 5
    assert d.mean_steps([RUN], 7) is None


def test_interval_is_the_bootstraps() -> None:
    """The mean of 100 draws with p = 0.3 has the standard error 0.0458."""
    estimate = estimate_mean([1.0] * 30 + [0.0] * 70)
    assert estimate and estimate.mean == pytest.approx(0.3) and estimate.n == 100
    assert estimate.low == pytest.approx(0.3 - 1.96 * 0.0458, abs=0.011)
    assert estimate.high == pytest.approx(0.3 + 1.96 * 0.0458, abs=0.011)


def test_interval_is_the_same_every_time_and_never_empty() -> None:
    values = [0.0, 1.0, 1.0, 0.25]
    assert estimate_mean(values) == estimate_mean(values)
    assert estimate_mean([0.5]) == Estimate(0.5, 0.5, 0.5, 1)
    assert estimate_mean([]) is None


def test_table_of_a_run() -> None:
    lines = format_run([RUN, HOPELESS])
    rows = {line[:34].strip(): line[34:].split() for line in lines[1 : lines.index("")]}
    assert {name: row[0] for name, row in rows.items()} == {
        "iteration 0, mean (= random pick)": "12.5%",
        "iteration 0, fewest steps": "0.0%",
        "iteration 0, oracle": "50.0%",
        "the K selected, mean": "25.0%",
        "iteration 1, mean": "37.5%",
        "iteration 1, fewest steps": "50.0%",
        "iteration 1, oracle": "50.0%",
        "final pick": "50.0%",
    }
    assert rows["final pick"] == ["50.0%", "0.0", "..", "100.0", "2"]
    accuracy = "t0 round 1: 100% of 1, t1 round 1: 0% of 1, t1 round 2: 100% of 1"
    assert f"judge accuracy in mixed matches: {accuracy}" in lines
    assert "later rollouts' success by passing priors: 0/1: 0% of 1, 1/2: 75% of 4" in lines
    assert "tasks with no passing rollout: 1 -> 1; with only passing ones: 0 -> 0" in lines
    assert lines[-1] == "mean steps: 3.8 -> 2.2"


def test_table_of_one_iteration_has_no_later_rows() -> None:
    run = make_run([make_rollout("a"), make_rollout("b")], rewards={"a": 1, "b": 0})
    text = "\n".join(format_run([run]))
    assert "iteration 1" not in text and "K selected" not in text and "priors" not in text
    assert "no mixed match" in text


def test_nothing_is_claimed_of_an_ungraded_run() -> None:
    run = make_run([make_rollout("a", steps=4), make_rollout("b", steps=2)])
    lines = format_run([run])
    assert lines == ["no rollout is graded, so there is nothing to compare", "mean steps: 3.0"]
    assert format_run([]) == ["no finished task yet"]
