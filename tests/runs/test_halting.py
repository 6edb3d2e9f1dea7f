"""While an optimizer works: a lost call ends everything, a bad answer ends nothing, and a part of
the budget is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rematch.data.records import Usage, Vote
from rematch.errors import BudgetSpentError, ContextOverflowError, HaltError
from rematch.runs.budget import Budget, BudgetConfig
from rematch.runs.calls import Calls
from rematch.runs.ledger_rows import Amount
from rematch.testing import Endpoint, Fault
from tests.runs.calling import cast, make_judge, open_calls

LOSING = [Fault.SERVER_ERROR, Fault.RATE_LIMIT, Fault.DROP, Fault.EXPIRED_KEY]


def vote_with(fault: Fault | None, *, halting: bool) -> Vote | BaseException:
    calls = open_calls()
    calls.halting = halting
    with Endpoint(faults=lambda request, rng: fault, strict=False) as endpoint:
        [vote] = cast(make_judge(endpoint, calls, attempts=2, retry_seconds=5), [0])
    return vote


@pytest.mark.parametrize("fault", LOSING)
def test_a_lost_call_raises_what_no_optimizer_catches(fault: Fault) -> None:
    lost = vote_with(fault, halting=True)
    assert isinstance(lost, HaltError)
    assert not isinstance(lost, Exception)
    assert str(lost) and "\n" not in str(lost)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.RATE_LIMIT])
def test_without_an_optimizer_it_is_a_lost_vote(fault: Fault) -> None:
    vote = vote_with(fault, halting=False)
    assert isinstance(vote, Vote) and vote.winner is None


@pytest.mark.parametrize("fault", [Fault.MALFORMED, Fault.EMPTY, Fault.CONTENT_FILTER])
def test_an_answer_that_says_nothing_is_the_prompts_doing(fault: Fault) -> None:
    vote = vote_with(fault, halting=True)
    assert isinstance(vote, Vote) and vote.winner is None


def test_a_prompt_that_is_too_long_is_the_prompts_doing() -> None:
    assert isinstance(vote_with(Fault.OVERFLOW, halting=True), ContextOverflowError)


def test_a_spent_budget_halts_and_says_that_it_was_the_budget(tmp_path: Path) -> None:
    calls = open_calls(tmp_path / "ledger.sqlite", calls=3)
    calls.halting = True
    with Endpoint() as endpoint:
        votes = cast(make_judge(endpoint, calls), range(5), places=1)
        assert len(endpoint.log) == 3
    halted = [vote for vote in votes if isinstance(vote, HaltError)]
    assert len(halted) == 2
    assert all(isinstance(halt.__cause__, BudgetSpentError) for halt in halted)
    assert str(halted[0]) == "the budget is spent: 3 of 3 calls"


def test_recorded_answers_halt_nothing(tmp_path: Path) -> None:
    with Endpoint() as endpoint:
        before = cast(make_judge(endpoint, open_calls(tmp_path / "l.sqlite")), range(3))
        calls = open_calls(tmp_path / "l.sqlite", calls=3)
        calls.halting = True
        assert cast(make_judge(endpoint, calls), range(3)) == before
        assert len(endpoint.log) == 3


def spend(budget: Budget, amount: Amount) -> bool:
    """Whether a call of this cost could be made; it has ended when this returns."""
    try:
        asyncio.run(budget.hold(amount))
    except BudgetSpentError:
        return False
    cost = Usage(calls=amount.calls, input_tokens=amount.tokens, cost_usd=amount.dollars)
    budget.settle(amount, cost)
    return True


def test_what_is_set_aside_is_there_when_it_is_given_back() -> None:
    budget = Budget(BudgetConfig(calls=10))
    budget.set_aside(Amount(calls=4))
    one = Amount(calls=1)
    assert [spend(budget, one) for _ in range(8)] == [True] * 6 + [False] * 2
    with pytest.raises(BudgetSpentError, match="10 of 10 calls, 4 of them kept for later"):
        asyncio.run(budget.hold(one))
    assert budget.unspent.calls == 0
    budget.set_aside(Amount())
    assert [spend(budget, one) for _ in range(5)] == [True] * 4 + [False]


def test_setting_aside_again_replaces_what_was_kept() -> None:
    budget = Budget(BudgetConfig(dollars=1.0, tokens=100))
    budget.set_aside(Amount(dollars=0.75, tokens=90))
    assert not spend(budget, Amount(dollars=0.5, tokens=5))
    assert not spend(budget, Amount(dollars=0.1, tokens=20))
    budget.set_aside(Amount(dollars=0.25, tokens=10))
    assert spend(budget, Amount(dollars=0.5, tokens=50))


def test_calls_do_not_halt_unless_told() -> None:
    assert Calls().halting is False
