"""The budget: what a call may cost is held before it is sent, what it did cost is noted after.

At every moment, spent + held <= budget. Only an estimate that was too low can break that, and
such an excess is reported.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from pydantic import Field

from rematch.data.records import Usage
from rematch.errors import BudgetSpentError
from rematch.runs.ledger_rows import Amount
from rematch.settings import Settings

UNBOUNDED = 10**15
"""Calls or tokens without a limit."""
_ROUNDING = 1e-9
_watched: ContextVar[tuple[list[str], ...]] = ContextVar("watched", default=())


@contextmanager
def watch_refusals() -> Iterator[list[str]]:
    """Collect why calls were not made for want of budget, by whatever is asked in this context.

    What comes about with refusals is the best that the money allowed, and no lasting result: it
    is made anew, at no cost for what is recorded, when the run goes on with more.
    """
    mine: list[str] = []
    token = _watched.set((*_watched.get(), mine))
    try:
        yield mine
    finally:
        _watched.reset(token)


def note_refusal(reason: str) -> None:
    """Tell those who watch that a call was not made."""
    for watching in _watched.get():
        watching.append(reason)


class BudgetConfig(Settings):
    """Limits of a run, over all its sessions; None is no limit."""

    dollars: float | None = Field(default=None, ge=0)
    """Most dollars. Every model that is asked must have a price."""
    calls: int | None = Field(default=None, ge=0)
    """Most model calls."""
    tokens: int | None = Field(default=None, ge=0)
    """Most tokens, read and written."""
    rollouts: float = Field(default=0.8, gt=0, le=1)
    """The part of all this that an agent's own calls may use, shared evenly among the rollouts
    still to come; the rest is for choosing among them."""

    @property
    def is_set(self) -> bool:
        """Whether there is any limit."""
        return (self.dollars, self.calls, self.tokens) != (None, None, None)


class Budget:
    """Holds, settles and refuses. Safe to share between threads and event loops.

    Args:
        config: the limits.
        spent: what earlier sessions spent.

    Attributes:
        spent: what has been paid so far, and what may have been.
        held: what calls under way may cost.
        aside: what is kept for later, and no call may use now.
        refused: calls that were not made.
        excess: by how much calls cost more than was held for them.
    """

    def __init__(self, config: BudgetConfig | None = None, spent: Amount | None = None) -> None:
        self.config = config or BudgetConfig()
        self.spent = spent or Amount()
        self.held = Amount()
        self.aside = Amount()
        self.refused = 0
        self.excess = Amount()
        self._lock = threading.Lock()
        self._waiting: list[concurrent.futures.Future[None]] = []

    async def hold(self, amount: Amount, check: Callable[[], None] = lambda: None) -> None:
        """Set an amount aside. Waits while calls under way may still leave enough.

        Args:
            amount: how much.
            check: raises where waiting makes no sense any more.

        Raises:
            BudgetSpentError: it does not fit any more.
        """
        while True:
            check()
            with self._lock:
                if self._fits(self.spent + self.held + amount):
                    self.held += amount
                    return
                if self.held == Amount() or not self._fits(self.spent + amount):
                    self.refused += 1
                    raise BudgetSpentError(self._explain(amount))
                change: concurrent.futures.Future[None] = concurrent.futures.Future()
                self._waiting.append(change)
            await asyncio.wrap_future(change)

    def set_aside(self, amount: Amount) -> None:
        """Keep so much for later, in place of what was kept before; it counts as spent."""
        with self._lock:
            self.aside = amount

    def settle(self, held: Amount, usage: Usage, allowed: Amount | None = None) -> None:
        """Note what a call cost in place of what was held for it.

        Args:
            held: what was.
            usage: what it cost.
            allowed: what it may cost, where that is more than what was held: a rollout without a
                limit holds nothing, and exceeds nothing.
        """
        cost = Amount(usage.cost_usd or 0.0, usage.calls, usage.tokens)
        over = cost - (allowed or held)
        with self._lock:
            self._let_go(held)
            self.spent += cost
            self.excess += Amount(max(0.0, over.dollars), max(0, over.calls), max(0, over.tokens))

    def write_off(self, held: Amount) -> None:
        """Count what was held as spent: the call failed, and may have been billed."""
        with self._lock:
            self._let_go(held)
            self.spent += held

    def release(self, held: Amount) -> None:
        """Nothing was spent."""
        with self._lock:
            self._let_go(held)

    @property
    def unspent(self) -> Amount:
        """What is not spent yet, be it held or not; `UNBOUNDED` where there is no limit."""
        config, spent = self.config, self.spent + self.aside
        return Amount(
            math.inf if config.dollars is None else max(0.0, config.dollars - spent.dollars),
            UNBOUNDED if config.calls is None else max(0, config.calls - spent.calls),
            UNBOUNDED if config.tokens is None else max(0, config.tokens - spent.tokens),
        )

    def describe(self) -> str:
        """What is spent of each limit, such as `$1.2031 of $1.25`."""
        config, spent = self.config, self.spent
        parts = []
        if config.dollars is not None:
            parts.append(f"${spent.dollars:.4f} of ${config.dollars:g}")
        if config.calls is not None:
            parts.append(f"{spent.calls:,} of {config.calls:,} calls")
        if config.tokens is not None:
            parts.append(f"{spent.tokens:,} of {config.tokens:,} tokens")
        return ", ".join(parts)

    def _let_go(self, held: Amount) -> None:
        self.held -= held
        if self.held.calls == 0:
            self.held = Amount()  # no rest of rounding
        waiting, self._waiting = self._waiting, []
        for change in waiting:
            if change.set_running_or_notify_cancel():
                change.set_result(None)

    def _fits(self, used: Amount) -> bool:
        config = self.config
        used += self.aside
        return (
            (config.dollars is None or used.dollars <= config.dollars + _ROUNDING)
            and (config.calls is None or used.calls <= config.calls)
            and (config.tokens is None or used.tokens <= config.tokens)
        )

    def _explain(self, amount: Amount) -> str:
        config, spent = self.config, self.spent + self.aside
        if config.dollars is not None and spent.dollars + amount.dollars > config.dollars:
            return (
                f"the budget is spent: ${spent.dollars:.4f} of ${config.dollars:g}, "
                f"and the next call may cost ${amount.dollars:.4f}"
            )
        if config.calls is not None and spent.calls + amount.calls > config.calls:
            kept = f", {self.aside.calls} of them kept for later" if self.aside.calls else ""
            return f"the budget is spent: {spent.calls} of {config.calls} calls{kept}"
        return (
            f"the budget is spent: {spent.tokens:,} of {config.tokens or 0:,} tokens, "
            f"and the next call may take {amount.tokens:,}"
        )
