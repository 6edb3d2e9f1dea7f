"""The purse under any order of rollouts: shares stay even and sum to no more than their part."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from rematch.data.records import Usage
from rematch.errors import BudgetSpentError
from rematch.runs.ledger_rows import Amount
from rematch.runs.prices import Price
from rematch.runs.purse import Purse, Share
from tests.runs.calling import open_calls

PRICE = Price("p", "m", input_rate=1e-6, output_rate=2e-6)
BYTES, REPLY = 300, 50
"""Of every call: held are 100 + 50 tokens, and what they cost."""
HELD = PRICE.bound(BYTES, REPLY)
TINY = 1e-9


class Purses(RuleBasedStateMachine):
    """A run with limits of every kind, whose rollouts begin, ask, end and fail in any order."""

    @initialize(
        dollars=st.none() | st.integers(0, 40).map(lambda n: n * HELD.dollars),
        calls=st.none() | st.integers(0, 40),
        tokens=st.none() | st.integers(0, 40 * HELD.tokens),
        rollouts=st.integers(1, 6),
        part=st.sampled_from([0.3, 0.8, 1.0]),
    )
    def begin(
        self,
        dollars: float | None,
        calls: int | None,
        tokens: int | None,
        rollouts: int,
        part: float,
    ) -> None:
        self.loop = asyncio.new_event_loop()
        self.calls = open_calls(dollars=dollars, calls=calls, tokens=tokens, rollouts=part)
        self.purse = Purse(self.calls, "p/m", PRICE, rollouts)
        self.to_come = rollouts
        self.open: dict[str, tuple[bytes, Share]] = {}
        self.paid = Usage()
        self.last: Amount | None = None
        self.ended = 0

    def run(self, job: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(job)

    @precondition(lambda self: self.to_come > 0)
    @rule()
    def open_one(self) -> None:
        name = f"r{self.to_come}"
        try:
            key, share = self.run(self.purse.open(name, ""))
        except BudgetSpentError:
            return
        self.to_come -= 1
        self.open[name] = (key, share)
        limit = share.limit
        assert limit.dollars > 0 and limit.calls > 0 and limit.tokens > 0
        if self.last is not None:
            assert limit.dollars >= self.last.dollars - TINY, "who comes later has no less"
            assert limit.calls >= self.last.calls
            assert limit.tokens >= self.last.tokens
            if not self.ended and self.calls.budget.config.dollars is not None:
                assert limit.dollars == pytest.approx(self.last.dollars)
        self.last = limit

    @precondition(lambda self: self.open)
    @rule(data=st.data(), taken=st.integers(0, 100), given=st.integers(0, 50))
    def ask(self, data: st.DataObject, taken: int, given: int) -> None:
        """A call that takes at most what was held for it."""
        share = self.open[data.draw(st.sampled_from(sorted(self.open)))][1]
        before = share.spent
        try:
            share.hold(BYTES, REPLY)
        except BudgetSpentError:
            assert share.refused
            assert share.spent == before
            return
        share.settle(Usage(calls=1, input_tokens=taken, output_tokens=given, cost_usd=None))
        assert share.spent.tokens == before.tokens + taken + given

    @precondition(lambda self: self.open)
    @rule(data=st.data(), may_be_billed=st.booleans())
    def ask_in_vain(self, data: st.DataObject, may_be_billed: bool) -> None:
        share = self.open[data.draw(st.sampled_from(sorted(self.open)))][1]
        before = share.spent
        try:
            share.hold(BYTES, REPLY)
        except BudgetSpentError:
            return
        share.fail("time-out", may_be_billed=may_be_billed)
        assert share.spent.calls == before.calls + may_be_billed

    @precondition(lambda self: self.open)
    @rule(data=st.data(), kept=st.booleans())
    def end(self, data: st.DataObject, kept: bool) -> None:
        name = data.draw(st.sampled_from(sorted(self.open)))
        key, share = self.open.pop(name)
        if kept:
            self.run(self.purse.settle(key, share, Usage(), name))
        else:
            self.run(self.purse.lose(key, share, "it broke"))
        self.paid += share.spent
        self.ended += 1

    @precondition(lambda self: not self.open)
    @rule()
    def look(self) -> None:
        """Nobody is under way: nothing is held."""
        assert self.calls.budget.held.calls == 0

    @invariant()
    def no_share_is_overdrawn(self) -> None:
        for _, share in getattr(self, "open", {}).values():
            assert (share.spent.cost_usd or 0.0) <= share.limit.dollars + TINY
            assert share.spent.calls <= share.limit.calls
            assert share.spent.tokens <= share.limit.tokens

    @invariant()
    def shares_and_payments_sum_to_no_more_than_the_part(self) -> None:
        if not hasattr(self, "calls"):
            return
        config = self.calls.budget.config
        limits = [share.limit for _, share in self.open.values()]
        if config.dollars is not None:
            given = sum(limit.dollars for limit in limits)
            assert (self.paid.cost_usd or 0.0) + given <= config.dollars * config.rollouts + TINY
        if config.calls is not None:
            promised = self.paid.calls + sum(limit.calls for limit in limits)
            assert promised <= config.calls * config.rollouts
        if config.tokens is not None:
            promised = self.paid.tokens + sum(limit.tokens for limit in limits)
            assert promised <= config.tokens * config.rollouts

    @invariant()
    def the_ledger_and_the_budget_tell_what_was_paid(self) -> None:
        if not hasattr(self, "calls"):
            return
        spent, recorded = self.calls.budget.spent, self.calls.ledger.spent_by("agent")
        assert (spent.calls, spent.tokens) == (self.paid.calls, self.paid.tokens)
        assert spent.dollars == pytest.approx(self.paid.cost_usd or 0.0, abs=TINY)
        assert (recorded.calls, recorded.tokens) == (spent.calls, spent.tokens)
        assert recorded.dollars == pytest.approx(spent.dollars, abs=TINY)
        excess = self.calls.budget.excess
        assert excess.dollars <= TINY and (excess.calls, excess.tokens) == (0, 0)

    def teardown(self) -> None:
        if not hasattr(self, "calls"):
            return
        for name in list(self.open):
            key, share = self.open.pop(name)
            self.run(self.purse.settle(key, share, Usage(), name))
        assert self.calls.budget.held.calls == 0
        self.calls.close()
        self.loop.close()


TestPurses = Purses.TestCase
TestPurses.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)


def limits(count: int, **budget: Any) -> list[Any]:
    """The shares of so many rollouts side by side."""

    async def main() -> list[Any]:
        calls = open_calls(**budget)
        purse = Purse(calls, "p/m", PRICE, count)
        try:
            return [(await purse.open(f"r{n}", ""))[1].limit for n in range(count)]
        finally:
            calls.close()

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("calls", "rollouts", "shares"),
    [(10, 4, [2, 2, 3, 3]), (4, 4, [1] * 4), (9, 2, [4, 5]), (100, 3, [33, 33, 34])],
)
def test_calls_are_shared_whole_and_none_is_left_over(
    calls: int, rollouts: int, shares: list[int]
) -> None:
    assert [share.calls for share in limits(rollouts, calls=calls, rollouts=1.0)] == shares


def test_more_rollouts_than_calls_are_refused_and_not_given_none() -> None:
    with pytest.raises(BudgetSpentError, match="the budget's part for rollouts is spent"):
        limits(4, calls=3, rollouts=1.0)


def test_a_session_that_goes_on_shares_what_the_last_one_left() -> None:
    async def main() -> float:
        calls = open_calls(dollars=10.0, rollouts=0.5)
        first = Purse(calls, "p/m", PRICE, rollouts=2)
        key, share = await first.open("r0", "")
        share.settle(Usage(calls=1, cost_usd=2.0))
        await first.settle(key, share, Usage(), "r0")
        again = Purse(calls, "p/m", PRICE, rollouts=1)
        limit = (await again.open("r1", ""))[1].limit
        calls.close()
        return float(limit.dollars)

    assert asyncio.run(main()) == pytest.approx(3.0)


def test_a_share_too_small_for_its_first_call_is_known_as_one() -> None:
    calls = open_calls()
    share = Share(calls, PRICE, HELD)
    assert not share.is_too_small
    with pytest.raises(BudgetSpentError):
        share.hold(BYTES + 3, REPLY)
    assert share.is_too_small
    share.hold(BYTES, REPLY)
    share.settle(Usage(calls=1, cost_usd=None))
    assert not share.is_too_small, "it made a call after all"
    assert share.tries.attempts == 1
    calls.close()


@pytest.mark.parametrize(
    ("budget", "excess"),
    [
        ({}, Amount()),
        ({"calls": 100}, Amount()),
        ({"calls": 5}, Amount(calls=3)),
        ({"tokens": 500}, Amount(tokens=600)),
    ],
)
def test_only_a_share_that_is_bounded_can_be_exceeded(
    budget: dict[str, Any], excess: Amount
) -> None:
    """An agent that counts for itself tells of 7 calls; without a limit that is no excess."""

    async def main() -> Amount:
        calls = open_calls(**budget)
        purse = Purse(calls, "p/m", PRICE, rollouts=1)
        key, share = await purse.open("r", "")
        told = Usage(calls=7, input_tokens=1_000, cost_usd=0.5)
        await purse.settle(key, share, told, "r")
        assert calls.budget.spent == Amount(0.5, 7, 1_000)
        calls.close()
        return calls.budget.excess

    assert asyncio.run(main()) == excess
