"""A pool's bench: the rewards of what a setting picks, and what the picks take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from rematch.app.building import open_calls
from rematch.app.config import load_config
from rematch.app.evaluating import read_labelled
from rematch.app.pool_bench import PoolBench
from rematch.errors import BudgetSpentError, ModelError, UsageError
from rematch.testing import Endpoint, Fault
from tests.app.recordings import make_patch, make_turns, mini_swe, write
from tests.cli.pools import write_labelled

TASKS = ["org__repo-0", "org__repo-1"]
COST = 0.01
"""Dollars that each recorded attempt cost."""


@pytest.fixture
def opened() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def open_bench(folder: Path, opened: ExitStack, keys: Mapping[str, Any] | None = None) -> PoolBench:
    pool, labels = write_labelled(folder, tasks=2, attempts=4)
    return bench_on(pool, labels, opened, keys)


def bench_on(
    pool: Path, labels: Path, opened: ExitStack, keys: Mapping[str, Any] | None = None
) -> PoolBench:
    base = load_config([keys or {}])
    calls = open_calls(base)
    opened.callback(calls.close)
    return PoolBench(base, *read_labelled([pool], labels, base.seed), calls)


def judged(endpoint: Endpoint, **more: Any) -> dict[str, Any]:
    return {
        "models.judge.model": "openai/m",
        "models.judge.api_base": endpoint.url,
        "models.judge.first_pause": 0.001,
        "rtv.early_stop": False,
        "rtv.votes": 2,
        **more,
    }


def test_evidence_picks_are_paid_with_what_their_attempts_cost(
    tmp_path: Path, opened: ExitStack
) -> None:
    bench = open_bench(tmp_path, opened)
    assert bench.unit == "dollars"
    measured = bench.measure({}, TASKS)
    assert list(measured) == TASKS
    assert {one.reward for one in measured.values()} <= {0.0, 1.0}
    assert [one.cost for one in measured.values()] == pytest.approx([4 * COST] * 2)


def test_fewer_attempts_cost_less_and_each_setting_starts_from_the_base(
    tmp_path: Path, opened: ExitStack
) -> None:
    bench = open_bench(tmp_path, opened)
    costs = [
        bench.measure(changes, TASKS[:1])[TASKS[0]].cost
        for changes in ({"recorded_n": 1}, {"recorded_n": 3}, {})
    ]
    assert costs == pytest.approx([1 * COST, 3 * COST, 4 * COST])


def test_only_the_tasks_asked_for_are_measured_and_in_that_order(
    tmp_path: Path, opened: ExitStack
) -> None:
    bench = open_bench(tmp_path, opened)
    assert list(bench.measure({}, TASKS[::-1])) == TASKS[::-1]
    assert list(bench.measure({}, TASKS[1:])) == TASKS[1:]
    assert bench.measure({}, []) == {}


def test_a_setting_that_no_configuration_allows_is_one_line(
    tmp_path: Path, opened: ExitStack
) -> None:
    bench = open_bench(tmp_path, opened)
    with pytest.raises(UsageError, match=r"^recorded_n: "):
        bench.measure({"recorded_n": 0}, TASKS)


def test_attempts_without_a_price_are_paid_in_tokens(tmp_path: Path, opened: ExitStack) -> None:
    pool, labels = write_labelled(tmp_path, tasks=1, attempts=2)
    unpriced = mini_swe(make_turns(3), task=TASKS[0], patch=make_patch("fix"))
    del unpriced["info"]["model_stats"]
    write(pool / TASKS[0] / "attempt1.traj.json", unpriced)
    bench = bench_on(pool, labels, opened)
    assert bench.unit == "tokens"
    assert bench.measure({}, TASKS[:1])[TASKS[0]].cost == 0.0, "and none were recorded"


def test_where_a_model_is_asked_costs_are_tokens(tmp_path: Path, opened: ExitStack) -> None:
    """One unit for all settings: the model's price may be unknown."""
    with Endpoint() as endpoint:
        bench = open_bench(tmp_path, opened, judged(endpoint))
        assert bench.unit == "tokens"
        two, four = (bench.measure({"rtv.votes": votes}, TASKS) for votes in (2, 4))
        none = bench.measure({"models.judge": None}, TASKS)
    for task_id in TASKS:
        assert two[task_id].reward == four[task_id].reward == 1.0, "it goes by shown quality"
        assert none[task_id].cost < two[task_id].cost < four[task_id].cost


def test_summaries_by_a_model_are_part_of_what_a_pick_takes(
    tmp_path: Path, opened: ExitStack
) -> None:
    with Endpoint() as endpoint:
        bench = open_bench(tmp_path, opened, judged(endpoint))
        judged_alone = bench.measure({}, TASKS[:1])[TASKS[0]].cost
        written = bench.measure(
            {
                "models.summarizer.model": "openai/m",
                "models.summarizer.api_base": endpoint.url,
                "judge.represent": "patch",
            },
            TASKS[:1],
        )
        assert endpoint.calls(role="summarizer") == [], "the judge is shown patches"
        summarized = bench.measure(
            {"models.summarizer.model": "openai/m", "models.summarizer.api_base": endpoint.url},
            TASKS[:1],
        )
        assert len(endpoint.calls(role="summarizer")) == 4
        spent = endpoint.usage()
    costs = (judged_alone, written[TASKS[0]].cost, summarized[TASKS[0]].cost)
    assert sum(costs) == spent.input_tokens + spent.output_tokens, "attempts told no tokens"


def test_what_two_settings_share_is_asked_once_and_costs_both(
    tmp_path: Path, opened: ExitStack
) -> None:
    with Endpoint() as endpoint:
        bench = open_bench(tmp_path, opened, judged(endpoint))
        first = bench.measure({}, TASKS)
        asked = len(endpoint.calls())
        assert bench.measure({"rtv.votes": 2}, TASKS) == first
        assert len(endpoint.calls()) == asked == 2 * 3 * 2
        held, costs = bench.compare([], TASKS)
        assert len(endpoint.calls()) == asked
    assert held.rows[0].usage["judge"].calls == asked, "the table has them at what they cost"
    assert costs["base"] == pytest.approx(sum(one.cost for one in first.values()) / 2)


def test_lost_calls_measure_nothing(tmp_path: Path, opened: ExitStack) -> None:
    with Endpoint(faults={Fault.SERVER_ERROR: 1.0}) as endpoint:
        bench = open_bench(
            tmp_path, opened, judged(endpoint, **{"models.judge.attempts": 1, "rtv.votes": 1})
        )
        with pytest.raises(ModelError, match="the same command asks for them again"):
            bench.measure({}, TASKS)


def test_a_spent_budget_measures_nothing(tmp_path: Path, opened: ExitStack) -> None:
    with Endpoint() as endpoint:
        bench = open_bench(tmp_path, opened, judged(endpoint, **{"budget.calls": 3}))
        with pytest.raises(BudgetSpentError, match="'a setting': the budget is spent"):
            bench.measure({}, TASKS)
        assert len(endpoint.calls()) <= 3
