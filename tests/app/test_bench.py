"""A bench: settings laid over a base, counted with what they share, and compared by task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from rematch.app.bench import Bench, Point, lay_over, make_point
from rematch.app.config import Config, load_config
from rematch.data.records import Usage
from rematch.errors import UsageError
from rematch.optimizers.ablation import PICKED
from rematch.optimizers.search import Measured, Tried
from rematch.runs.calls import Calls

MODEL = {"models.judge.model": "openai/m", "models.judge.temperature": 0.5}


class VotesBench(Bench):
    """Rewards and costs grow with the votes; a vote is a call, of which one is shared."""

    def measure(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Measured]:
        votes = lay_over(self.base, changes).rtv.votes
        calls = Calls()
        for _ in tasks:
            calls.meter.note("judge", Usage(calls=votes - 1, input_tokens=10, cost_usd=0.5))
            calls.meter.note_replay("judge", Usage(calls=1, input_tokens=1, cost_usd=0.25))
        self.count(calls)
        return {task: Measured(reward=votes / 10, cost=float(votes)) for task in tasks}


def point(name: str, **changes: Any) -> Point:
    return Point(name=name, changes=changes, mean=0.0, cost=0.0)


def test_a_setting_lies_over_the_base_and_leaves_the_rest() -> None:
    base = load_config([MODEL, {"rtv.votes": 4, "seed": 7}])
    laid = lay_over(base, {"rtv.votes": 2, "models.judge.model": "openai/n"})
    assert (laid.rtv.votes, laid.seed) == (2, 7)
    assert laid.models.judge is not None
    assert (laid.models.judge.model, laid.models.judge.temperature) == ("openai/n", 0.5)
    assert base.rtv.votes == 4, "the base is left as it was"


def test_nothing_laid_over_is_the_base() -> None:
    base = load_config([MODEL, {"workers.judge": 3, "evidence.without": ["size"]}])
    assert lay_over(base, {}) == base
    assert lay_over(lay_over(base, {"seed": 3}), {"seed": 0}) == base


def test_null_takes_a_role_away() -> None:
    assert lay_over(load_config([MODEL]), {"models.judge": None}).models.judge is None


def test_a_setting_that_no_configuration_allows_is_one_line() -> None:
    with pytest.raises(UsageError, match=r"^rtv\.votes: "):
        lay_over(Config(), {"rtv.votes": 0})
    with pytest.raises(UsageError, match="makes all votes of a match the same"):
        lay_over(load_config([MODEL]), {"models.judge.temperature": 0})


def test_a_trial_becomes_a_point_with_its_means() -> None:
    measured = {"a": Measured(reward=1, cost=3), "b": Measured(reward=0, cost=1)}
    made = make_point("best", Tried(4, {"rtv.votes": 2}, measured))
    assert made == Point(name="best", changes={"rtv.votes": 2}, mean=0.5, cost=2)


def test_points_are_compared_with_the_base_on_the_tasks_given() -> None:
    bench = VotesBench(load_config([MODEL, {"rtv.votes": 2, "seed": 5}]))
    held, costs = bench.compare([point("more", **{"rtv.votes": 6})], ["a", "b", "c"])
    assert (held.kind, held.seed, [row.name for row in held.rows]) == (
        "recorded",
        5,
        ["base", "more"],
    )
    assert costs == {"base": 2.0, "more": 6.0}
    found = held.rows[1].comparisons[PICKED]
    assert found.n_tasks == 3
    assert found.difference == pytest.approx(0.4)


def test_each_point_takes_its_own_calls_and_the_shared_ones_too() -> None:
    bench = VotesBench(load_config([MODEL, {"rtv.votes": 2}]))
    held, _ = bench.compare([point("more", **{"rtv.votes": 6})], ["a", "b", "c"])
    assert [row.total.calls for row in held.rows] == [6, 18]
    assert [row.total.tokens for row in held.rows] == [33, 33]
    assert held.rows[1].total.cost_usd == pytest.approx(3 * 0.75)


def test_no_point_leaves_the_base_alone_in_the_table() -> None:
    held, costs = VotesBench(load_config([MODEL])).compare([], ["a"])
    assert [row.name for row in held.rows] == ["base"]
    assert list(costs) == ["base"]


def test_roles_that_nobody_asked_are_left_out_of_the_table() -> None:
    class Idle(VotesBench):
        def measure(self, changes: Mapping[str, Any], tasks: Sequence[str]) -> dict[str, Measured]:
            calls = Calls()
            calls.meter.note("judge", Usage())
            self.count(calls)
            return {task: Measured(reward=0, cost=0) for task in tasks}

    held, _ = Idle(Config()).compare([], ["a"])
    assert held.rows[0].usage == {}
