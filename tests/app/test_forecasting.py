"""What a run is forecast to cost: every role that is asked, no other, and prices that hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.app.config import Config, load_config
from rematch.app.forecasting import Forecast, forecast_run, forecast_selection
from rematch.app.running import count_run_calls
from rematch.app.selecting import count_calls
from rematch.data.pools import read_pool
from tests.app.fleet import make_suite
from tests.app.recordings import write_pool

ROLES = ("agent", "summarizer", "judge", "distiller")


def configure(*roles: str, **more: Any) -> Config:
    """Models that cost 1 dollar per million tokens read and 10 per million written."""
    models: dict[str, Any] = {}
    for role in roles:
        models |= {
            f"models.{role}.model": "openai/unlisted",
            f"models.{role}.input_price": 1.0,
            f"models.{role}.output_price": 10.0,
        }
    return load_config([models, more])


def by_role(rows: list[Forecast]) -> dict[str, Forecast]:
    return {row.role: row for row in rows}


def test_without_a_model_nothing_is_forecast(tmp_path: Path) -> None:
    pool = read_pool([write_pool(tmp_path)])
    assert forecast_run(make_suite(3), Config()) == []
    assert forecast_selection(pool, Config()) == []


@pytest.mark.parametrize("role", ["agent", "summarizer", "judge"])
def test_only_who_is_asked_has_a_row(role: str) -> None:
    assert list(by_role(forecast_run(make_suite(2), configure(role)))) == [role]


def test_a_distiller_is_asked_only_where_the_context_is_distilled() -> None:
    suite = make_suite(2)
    assert forecast_run(suite, configure("distiller")) == []
    distilling = configure("distiller", **{"context.distill": True})
    assert list(by_role(forecast_run(suite, distilling))) == ["distiller"]


def test_calls_are_those_that_the_run_counts() -> None:
    config = configure(*ROLES, **{"context.distill": True, "n": 5, "rtv.votes": 3})
    suite = make_suite(4)
    counted = count_run_calls(suite, config)
    told = by_role(forecast_run(suite, config))
    assert {role: told[role].calls for role in ROLES[1:]} == {r: counted[r] for r in ROLES[1:]}
    assert told["agent"].calls % counted["rollouts"] == 0


def test_dollars_are_the_tokens_at_the_models_price() -> None:
    for row in forecast_run(make_suite(2), configure("summarizer", "judge")):
        dollars = (row.input_tokens + 10 * row.output_tokens) / 1e6
        assert row.dollars == pytest.approx(dollars)
        assert row.as_json()["dollars"] == row.dollars


def test_an_unknown_price_is_told_as_none() -> None:
    config = load_config([{"models.judge.model": "nobody/has-priced-this"}])
    (row,) = forecast_run(make_suite(2), config)
    assert row.dollars is None
    assert row.calls > 0 and row.input_tokens > 0


def test_an_agents_dollars_end_at_its_cost_limit() -> None:
    free = by_role(forecast_run(make_suite(2), configure("agent", **{"agent.mini.cost_limit": 0})))
    low = {"agent.mini.cost_limit": 0.01, "n": 4, "iterations": 2}
    capped = by_role(forecast_run(make_suite(2), configure("agent", **low)))
    assert capped["agent"].dollars == pytest.approx(0.01 * 2 * 4 * 2)
    assert free["agent"].dollars is not None and free["agent"].dollars > 1


def test_a_cost_limit_does_not_bound_the_other_roles_nor_harbors_agents() -> None:
    low = {"agent.mini.cost_limit": 0.01}
    suite = make_suite(2)
    assert forecast_run(suite, configure("judge", **low)) == forecast_run(suite, configure("judge"))
    harbor = {"agent.name": "harbor:terminus-2"}
    assert forecast_run(suite, configure("agent", **harbor, **low)) == forecast_run(
        suite, configure("agent", **harbor)
    )


def test_an_empty_suite_asks_nothing() -> None:
    for row in forecast_run(make_suite(0), configure(*ROLES)):
        assert (row.calls, row.input_tokens, row.output_tokens, row.dollars) == (0, 0, 0, 0)


def test_a_summarizer_reads_no_more_than_it_may() -> None:
    bounded = configure("summarizer", **{"summarizer.input_tokens": 5_000})
    (row,) = forecast_run(make_suite(1), bounded)
    assert row.input_tokens == 5_000 * row.calls


def test_a_pools_forecast_counts_its_own_rollouts(tmp_path: Path) -> None:
    pool = read_pool([write_pool(tmp_path, tasks=2, attempts=4)])
    config = configure("summarizer", "judge")
    told = by_role(forecast_selection(pool, config))
    assert {role: row.calls for role, row in told.items()} == count_calls(pool, config)
    assert told["summarizer"].calls == 8
    fewer = by_role(forecast_selection(pool, configure("summarizer", "judge", recorded_n=2)))
    assert fewer["summarizer"].calls == 4
    assert fewer["judge"].calls < told["judge"].calls


def test_nobody_summarizes_what_the_judge_is_not_shown(tmp_path: Path) -> None:
    pool = read_pool([write_pool(tmp_path)])
    config = configure("summarizer", "judge", **{"judge.represent": "patch"})
    assert list(by_role(forecast_selection(pool, config))) == ["judge"]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 3), st.integers(1, 9), st.integers(2, 4))
def test_more_of_anything_never_costs_less(n: int, t: int, votes: int, tasks: int) -> None:
    def total(tasks: int, **more: int) -> float:
        keys = {"n": n, "iterations": t, "rtv.votes": votes} | more
        rows = forecast_run(make_suite(tasks), configure("summarizer", "judge", **keys))
        return sum(row.dollars or 0.0 for row in rows)

    here = total(tasks)
    assert total(tasks + 1) > here
    assert total(tasks, n=n + 1) > here
    assert total(tasks, iterations=t + 1) > here
    assert total(tasks, **{"rtv.votes": votes + 1}) >= here
