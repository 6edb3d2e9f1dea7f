"""The budget's rule at every moment of the ledger: a trigger sums up after each row's change."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Literal

import dspy
import pytest

from rematch.programs import RTV, RTVConfig
from rematch.runs.executor import LocalExecutor
from rematch.testing import Endpoint, Fault, Latency
from tests.programs.makers import PATCH_TASK, run
from tests.programs.serving import make_pool
from tests.runs.calling import make_judge, open_calls

WATCH = """
CREATE TABLE moments (dollars REAL, calls INTEGER, tokens INTEGER);
CREATE TRIGGER after_{0} AFTER {0} ON calls BEGIN
  INSERT INTO moments SELECT
    sum(coalesce(cost, 0) + unsure + reserved),
    sum(calls + unsure_calls + reserved_calls),
    sum(input_tokens + output_tokens + unsure_tokens + reserved_tokens) FROM calls;
END;
"""


@pytest.mark.parametrize(
    ("mode", "limits"),
    [
        ("sequential", {"dollars": 0.05}),
        ("sequential", {"calls": 60}),
        ("sequential", {"tokens": 40_000}),
        ("batched", {"dollars": 0.03}),
        ("batched", {"calls": 15}),
        ("batched", {"tokens": 20_000}),
    ],
)
def test_spent_and_held_are_within_the_budget_at_every_moment(
    mode: Literal["sequential", "batched"], limits: dict[str, float], tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite"
    calls = open_calls(path, **limits)
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.executescript(WATCH.format("INSERT"))
        db.executescript(WATCH.format("UPDATE").split(";", 1)[1])
    faults = {Fault.SERVER_ERROR: 0.1, Fault.DROP: 0.1, Fault.TRUNCATE: 0.05}
    with Endpoint(faults=faults, latency=Latency(0.005), seed=2) as endpoint:
        judge = make_judge(endpoint, calls, input_price=1.0, output_price=4.0)
        rtv = RTV(judge, RTVConfig(votes=8, mode=mode, early_stop=False), executor=_places())
        with dspy.context(trace=None, disable_history=True):
            bracket = run(rtv.acall(task=PATCH_TASK, entrants=make_pool(16)))
        sent = len(endpoint.log)
    with contextlib.closing(sqlite3.connect(path)) as db:
        most = db.execute("SELECT max(dollars), max(calls), max(tokens), count(*) FROM moments")
        dollars, made, tokens, moments = most.fetchone()
    assert len(bracket.survivors) == 1, "the best so far is returned"
    assert moments >= 2 * 5
    reached = {"dollars": dollars, "calls": made, "tokens": tokens}
    ((what, limit),) = limits.items()
    assert 0.3 * limit < reached[what] <= limit + 1e-9
    assert calls.budget.refused > 0
    assert sent < 15 * 8
    assert calls.budget.held.calls == 0
    assert calls.budget.excess.dollars == 0
    assert calls.budget.spent.dollars == pytest.approx(calls.ledger.spent_by("judge").dollars)
    calls.close()


def _places() -> LocalExecutor:
    return LocalExecutor({"judge": 64})
