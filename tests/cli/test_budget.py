"""`--budget`, `--max-calls`, `--max-tokens`: endpoint's log and ledger are the witnesses."""

from __future__ import annotations

import contextlib
import gc
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rematch.testing import Agent, Endpoint, Fault
from tests.app.recordings import write_pool
from tests.cli.projects import write_task
from tests.cli.running import Done, rematch

FIX = "sed -i 's/value > low/value < low/' bounds.py"
PRICES = ("input_price=1", "output_price=2")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def select(endpoint: Endpoint, name: str, *words: str | Path) -> Done:
    return rematch(
        *("select", "pool", "--model", f"openai/{name}", "--api-base", endpoint.url, "--json"),
        *("-c", "rtv.early_stop=false", *words),
    )


def set_prices(*roles: str) -> list[str]:
    return [word for r in roles for price in PRICES for word in ("-c", f"models.{r}.{price}")]


def read_total(folder: Path) -> tuple[float, int]:
    """Dollars and calls that a ledger holds."""
    with contextlib.closing(sqlite3.connect(folder / "ledger.sqlite")) as db:
        found: tuple[float, int] = db.execute(
            "SELECT sum(coalesce(cost, 0) + unsure), sum(calls + unsure_calls) FROM calls"
        ).fetchone()
    return found


def unpaid(done: Done) -> dict[str, int]:
    return {name: task["pick"]["unpaid"] for name, task in done.document["tasks"].items()}


def test_calls_are_bounded_the_best_is_returned_and_more_money_goes_on(
    endpoint: Endpoint, tmp_path: Path
) -> None:
    write_pool(tmp_path / "pool")
    spent = select(endpoint, "bounded", "-o", "out", "--max-calls", "9")
    assert spent.code == 0
    assert len(endpoint.calls(model="bounded")) == 9
    assert len(spent.document["tasks"]) == 2, "every task has its pick"
    note, no_votes = spent.document["notes"]
    assert note.startswith("the budget is spent (9 of 9 calls): ")
    assert no_votes.startswith("no vote came in ")
    assert note in spent.err
    assert sum(unpaid(spent).values()) > 0
    again = select(endpoint, "bounded", "-o", "out", "--max-calls", "9")
    assert len(endpoint.calls(model="bounded")) == 9, "nothing that was answered is asked again"
    assert again.document["tasks"] == spent.document["tasks"]
    whole = select(endpoint, "bounded", "-o", "out")
    assert unpaid(whole) == {"org__repo-0": 0, "org__repo-1": 0}
    assert len(endpoint.calls(model="bounded")) == 6 + 2 * 2 * 8, "and all the rest is, once"
    assert (whole.code, whole.document["notes"]) == (0, [])
    fresh = select(endpoint, "bounded-not", "-o", "fresh")
    assert [t["pick"]["rollout_id"] for t in whole.document["tasks"].values()] == [
        t["pick"]["rollout_id"] for t in fresh.document["tasks"].values()
    ]


def test_dollars_are_bounded(endpoint: Endpoint, tmp_path: Path) -> None:
    write_pool(tmp_path / "pool")
    prices = [*set_prices("judge", "summarizer"), "-c", "models.judge.max_tokens=500"]
    prices += ["-c", "models.summarizer.max_tokens=1000"]
    done = select(endpoint, "dollars", "-o", "out", "--budget", "0.03", *prices)
    assert done.code == 0, done.err
    dollars, calls = read_total(tmp_path / "out")
    assert 0.01 < dollars <= 0.03
    assert calls == len(endpoint.calls(model="dollars")) < 6 + 2 * 2 * 8
    assert "of $0.03" in done.document["notes"][0]
    told = [usage["cost_usd"] for usage in done.document["usage"].values()]
    assert sum(told) == pytest.approx(dollars)


def test_tokens_are_bounded(endpoint: Endpoint, tmp_path: Path) -> None:
    write_pool(tmp_path / "pool", tasks=1)
    small = ["-c", "models.judge.max_tokens=300", "-c", "models.summarizer.max_tokens=600"]
    select(endpoint, "tokens", "--max-tokens", "12000", *small)
    assert 0 < endpoint.usage(model="tokens").tokens <= 12_000


def test_nothing_is_asked_where_nothing_fits(endpoint: Endpoint, tmp_path: Path) -> None:
    write_pool(tmp_path / "pool")
    done = select(endpoint, "nothing", "--max-calls", "0")
    assert (done.code, len(done.document["tasks"])) == (0, 2)
    assert endpoint.calls(model="nothing") == []
    assert done.document["usage"] == {}


@pytest.mark.parametrize("command", ["select", "run"])
def test_a_budget_needs_prices(command: str, tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool")
    task = write_task(tmp_path / "clamp")
    words = (command, pool if command == "select" else task, "--budget", "1")
    done = rematch(*words, "--judge-model", "openai/no-such", "-o", "out")
    assert (done.code, done.out) == (2, "")
    assert "openai/no-such: its price is unknown" in done.error
    assert "models.judge.input_price" in done.error


def test_a_budget_is_no_negative_number(tmp_path: Path) -> None:
    write_pool(tmp_path / "pool")
    for flag in ("--budget", "--max-calls", "--max-tokens"):
        assert rematch("select", "pool", flag, "-1").code == 2


def run_clamp(endpoint: Endpoint, name: str, *words: str) -> Done:
    return rematch(
        *("run", "clamp", "--model", f"openai/{name}", "--api-base", endpoint.url, "--json"),
        *("--sandbox", "process", "-n", "2", "-t", "1", "-v", "2", "-o", f"{name}-run", *words),
        *("-c", "models.agent.max_tokens=1000", "-c", "models.judge.max_tokens=1000"),
        *("-c", "models.summarizer.max_tokens=1000"),
    )


def agent_rows(folder: Path) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(folder / "ledger.sqlite")) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute("SELECT * FROM calls WHERE role = 'agent'")]


@pytest.fixture
def mini(tidy_litellm: None) -> Iterator[None]:
    """mini-SWE-agent asks through litellm, some of whose connections end with the collector."""
    yield
    gc.collect()


on_mini = pytest.mark.filterwarnings(
    "ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"
)


@on_mini
@pytest.mark.usefixtures("mini")
def test_rollouts_have_their_share_and_their_calls_are_counted(tmp_path: Path) -> None:
    write_task(tmp_path / "clamp")
    prices = set_prices("agent", "judge", "summarizer")
    with Endpoint(agent=Agent([FIX, "ls", "ls", "ls"])) as endpoint:
        whole = run_clamp(endpoint, "whole", *prices)
        assert whole.code == 0, whole.err
        told = endpoint.usage(role="agent")
        used = whole.document["usage"]["agent"]
        assert (used["calls"], used["input_tokens"]) == (10, told.input_tokens)
        assert [row["state"] for row in agent_rows(tmp_path / "whole-run")] == ["settled"] * 2
        cut = run_clamp(endpoint, "cut", *prices, "--max-calls", "10")
        # 80 % of ten calls are the rollouts', four each; both end at their limit, with their work.
        assert cut.code == 0, cut.err
        assert [row["calls"] for row in agent_rows(tmp_path / "cut-run")] == [4, 4]
        assert 8 < len(endpoint.calls(model="cut")) <= 10
        assert cut.document["tasks"]["clamp"]["rewards"].popitem()[1] == 1
        dollars = run_clamp(endpoint, "dollars", *prices, "--budget", "0.03")
        assert dollars.code == 0, dollars.err
        assert 0 < read_total(tmp_path / "dollars-run")[0] <= 0.03


@on_mini
@pytest.mark.usefixtures("mini")
def test_a_budget_without_a_single_rollout_is_failed_work(tmp_path: Path) -> None:
    write_task(tmp_path / "clamp")
    with Endpoint() as endpoint:
        done = run_clamp(endpoint, "none", "--max-calls", "0")
        assert (done.code, len(endpoint.log)) == (1, 0)
    assert "budget" in done.error
    assert list(done.document["failures"]) == ["clamp"]


@on_mini
@pytest.mark.usefixtures("mini")
def test_an_agents_refusing_provider_stops_the_run_in_one_line(tmp_path: Path) -> None:
    write_task(tmp_path / "clamp")
    with Endpoint(faults=lambda *_: Fault.EXPIRED_KEY) as endpoint:
        done = run_clamp(endpoint, "refused", "-w", "1")
        assert len(endpoint.log) == 1
    assert (done.code, done.out) == (1, "")
    assert "The API key has expired" in done.error
