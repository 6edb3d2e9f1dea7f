"""The budget: spent + held stays within it, whatever is held, settled, released or written off."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from rematch.data.records import Usage
from rematch.errors import BudgetSpentError
from rematch.runs.budget import UNBOUNDED, Budget, BudgetConfig, note_refusal, watch_refusals
from rematch.runs.ledger_rows import Amount

amounts = st.builds(Amount, st.floats(0, 0.5), st.integers(1, 4), st.integers(0, 3_000))
ROUNDING = 1e-6


class Spending(RuleBasedStateMachine):
    """Calls of any size come and go; a call never costs more than was held for it."""

    def __init__(self) -> None:
        super().__init__()
        self.config = BudgetConfig(dollars=2.0, calls=12, tokens=9_000)
        self.budget = Budget(self.config)
        self.under_way: list[Amount] = []
        self.paid = Amount()

    @rule(amount=amounts)
    def hold(self, amount: Amount) -> None:
        """What does not fit is refused, or waits for calls under way: here, in vain."""
        before = self.budget.held

        async def try_to() -> bool:
            try:
                await asyncio.wait_for(self.budget.hold(amount), 0.001)
            except (BudgetSpentError, TimeoutError):
                return False
            return True

        if asyncio.run(try_to()):
            self.under_way.append(amount)
        else:
            assert self.budget.held == before

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), part=st.floats(0, 1))
    def settle(self, data: st.DataObject, part: float) -> None:
        held = self.take(data)
        usage = Usage(
            calls=held.calls,
            input_tokens=int(held.tokens * part),
            cost_usd=held.dollars * part,
        )
        self.budget.settle(held, usage)
        self.paid += Amount(usage.cost_usd or 0, usage.calls, usage.tokens)

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        self.budget.release(self.take(data))

    @precondition(lambda self: self.under_way)
    @rule(data=st.data())
    def write_off(self, data: st.DataObject) -> None:
        held = self.take(data)
        self.budget.write_off(held)
        self.paid += held

    def take(self, data: st.DataObject) -> Amount:
        return self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))

    @invariant()
    def is_within(self) -> None:
        used = self.budget.spent + self.budget.held
        assert used.dollars <= 2.0 + ROUNDING
        assert used.calls <= 12
        assert used.tokens <= 9_000

    @invariant()
    def adds_up(self) -> None:
        held = sum(self.under_way, Amount())
        assert self.budget.spent.dollars == pytest.approx(self.paid.dollars)
        assert (self.budget.spent.calls, self.budget.spent.tokens) == (
            self.paid.calls,
            self.paid.tokens,
        )
        assert (self.budget.held.calls, self.budget.held.tokens) == (held.calls, held.tokens)
        assert self.budget.excess == Amount()


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=30, stateful_step_count=20)


def test_a_call_waits_for_what_calls_under_way_may_leave() -> None:
    async def main() -> None:
        budget = Budget(BudgetConfig(dollars=1.0))
        first = Amount(0.8, 1)
        await budget.hold(first)
        waiting = asyncio.ensure_future(budget.hold(Amount(0.5, 1)))
        await asyncio.sleep(0)
        assert not waiting.done()
        budget.settle(first, Usage(calls=1, cost_usd=0.1))
        await waiting
        assert budget.held.dollars == 0.5

    asyncio.run(main())


def test_a_call_that_can_never_fit_does_not_wait() -> None:
    async def main() -> None:
        budget = Budget(BudgetConfig(calls=2), spent=Amount(0, 1))
        await budget.hold(Amount(0, 1))
        with pytest.raises(BudgetSpentError, match="1 of 2 calls"):
            await budget.hold(Amount(0, 2))
        assert budget.refused == 1

    asyncio.run(main())


def test_an_estimate_that_was_too_low_is_told() -> None:
    budget = Budget(BudgetConfig(dollars=1.0))
    asyncio.run(budget.hold(Amount(0.5, 1, 100)))
    budget.settle(Amount(0.5, 1, 100), Usage(calls=1, input_tokens=150, cost_usd=0.75))
    assert budget.excess == Amount(0.25, 0, 50)
    assert budget.describe() == "$0.7500 of $1"


def test_what_is_not_limited_has_no_end() -> None:
    budget = Budget(BudgetConfig(calls=3), spent=Amount(9.0, 5, 10))
    assert budget.unspent.calls == 0
    assert budget.unspent.tokens == UNBOUNDED
    assert budget.unspent.dollars == float("inf")


def test_refusals_are_told_to_all_who_watch_and_to_nobody_else() -> None:
    with watch_refusals() as outer:
        with watch_refusals() as inner:
            note_refusal("spent")
        note_refusal("again")
    note_refusal("unheard")
    assert (outer, inner) == (["spent", "again"], ["spent"])
