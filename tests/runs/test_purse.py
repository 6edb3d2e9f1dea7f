"""The purse: rollouts share their part of the budget evenly, and what one leaves is the others'."""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Usage
from rematch.errors import BudgetSpentError, ModelRefusedError
from rematch.runs.prices import Price
from rematch.runs.purse import Purse, Share
from tests.runs.calling import open_calls, read_rows

PRICE = Price("p", "m", input_rate=1e-6, output_rate=2e-6)


def spend(share: Share, tokens: int = 300) -> None:
    share.hold(1_000, 100)
    share.settle(Usage(calls=1, input_tokens=tokens, cost_usd=None))


def test_shares_are_even_and_what_is_left_goes_on() -> None:
    async def main() -> list[float]:
        calls = open_calls(dollars=10.0)
        purse = Purse(calls, "p/m", PRICE, rollouts=4)
        limits = []
        for number in range(4):
            key, share = await purse.open(f"r{number}", "")
            limits.append(share.limit.dollars)
            share.settle(Usage(calls=1, cost_usd=share.limit.dollars / 2))
            await purse.settle(key, share, Usage(), f"r{number}")
        return limits

    first, second, third, fourth = asyncio.run(main())
    assert first == pytest.approx(2.0), "80 % of ten dollars, for four"
    assert second == pytest.approx(7 / 3)
    assert first < second < third < fourth


def test_side_by_side_nobody_takes_another_s() -> None:
    async def main() -> list[float]:
        purse = Purse(open_calls(dollars=10.0), "p/m", PRICE, rollouts=4)
        return [(await purse.open(f"r{n}", ""))[1].limit.dollars for n in range(4)]

    assert asyncio.run(main()) == pytest.approx([2.0] * 4)


def test_no_rollout_exceeds_its_own_limit_in_dollars() -> None:
    purse = Purse(open_calls(dollars=100.0), "p/m", PRICE, rollouts=2, cap=3.0)
    assert asyncio.run(purse.open("r", ""))[1].limit.dollars == 3.0


def test_without_a_budget_calls_are_counted_and_not_bounded(tmp_path: Path) -> None:
    calls = open_calls(tmp_path / "ledger.sqlite")

    async def main() -> Share:
        purse = Purse(calls, "p/m", PRICE, rollouts=1, cap=3.0)
        key, share = await purse.open("r", "")
        for _ in range(5):
            spend(share)
        await purse.settle(key, share, Usage(), "r")
        return share

    share = asyncio.run(main())
    assert math.isinf(share.limit.dollars)
    assert share.spent.cost_usd == pytest.approx(5 * 300e-6)
    (row,) = read_rows(tmp_path / "ledger.sqlite")
    assert (row["role"], row["state"], row["calls"]) == ("agent", "settled", 5)
    assert calls.meter.by_role()["agent"].calls == 5


@given(tokens=st.lists(st.integers(0, 433), max_size=30))
def test_a_rollout_ends_before_its_share_does(tokens: list[int]) -> None:
    """A call costs at most what was held for it; then the share is never exceeded."""
    calls = open_calls(dollars=0.005, calls=20)

    async def main() -> Share:
        return (await Purse(calls, "p/m", PRICE, rollouts=2).open("r", ""))[1]

    share = asyncio.run(main())
    try:
        for taken in tokens:
            spend(share, taken)
    except BudgetSpentError:
        assert share.refused
    assert (share.spent.cost_usd or 0) <= share.limit.dollars == pytest.approx(0.002)
    assert share.spent.calls <= share.limit.calls == 8
    calls.close()


def test_a_try_that_may_be_billed_counts(tmp_path: Path) -> None:
    share = Share(open_calls(), PRICE, PRICE.bound(10**6, 10**6))
    share.hold(3_000, 100)
    share.fail("rate-limit", may_be_billed=False)
    assert share.spent == Usage()
    share.hold(3_000, 100)
    share.fail("time-out", may_be_billed=True)
    assert share.spent.cost_usd == pytest.approx(1_000e-6 + 200e-6)
    assert share.tries.faults == ("rate-limit", "time-out")


def test_a_rollout_that_came_to_nothing_is_paid_all_the_same(tmp_path: Path) -> None:
    calls = open_calls(tmp_path / "ledger.sqlite", dollars=1.0)

    async def main() -> None:
        purse = Purse(calls, "p/m", PRICE, rollouts=2)
        key, share = await purse.open("r", "")
        spend(share)
        await purse.lose(key, share, "interrupted")

    asyncio.run(main())
    (row,) = read_rows(tmp_path / "ledger.sqlite")
    assert (row["state"], row["reason"], row["reserved"]) == ("lost", "interrupted", 0)
    assert row["unsure"] == pytest.approx(300e-6)
    assert calls.budget.spent.dollars == pytest.approx(300e-6)
    calls.close()
    again = open_calls(tmp_path / "ledger.sqlite", dollars=1.0)
    assert again.budget.spent.dollars == pytest.approx(300e-6)
    assert again.ledger.spent_by("agent") == again.budget.spent
    again.close()


def test_an_agent_that_counts_for_itself_is_settled_by_its_record() -> None:
    """An agent in Harbor knows no allowance; its trajectory tells what it used."""
    calls = open_calls(dollars=1.0)

    async def main() -> None:
        purse = Purse(calls, "p/m", PRICE, rollouts=1)
        key, share = await purse.open("r", "")
        told = Usage(calls=7, input_tokens=1_000, output_tokens=500, cost_usd=None)
        await purse.settle(key, share, told, "r")

    asyncio.run(main())
    assert calls.budget.spent.dollars == pytest.approx(1_000e-6 + 1_000e-6)
    assert calls.budget.spent.calls == 7


def test_nothing_is_opened_when_the_part_is_spent_or_the_run_has_stopped() -> None:
    async def main() -> None:
        with pytest.raises(BudgetSpentError):
            await Purse(open_calls(calls=0), "p/m", PRICE, rollouts=1).open("r", "")
        calls = open_calls()
        purse = Purse(calls, "p/m", PRICE, rollouts=1)
        _, share = await purse.open("r", "")
        calls.gate.close(ModelRefusedError("no money"))
        with pytest.raises(ModelRefusedError, match="no money"):
            spend(share)
        with pytest.raises(ModelRefusedError):
            await purse.open("s", "")

    asyncio.run(main())
