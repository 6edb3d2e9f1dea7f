"""The purse: what an agent's own calls may cost, shared evenly among the rollouts to come."""

from __future__ import annotations

import math
import threading
import time
from dataclasses import replace

from rematch.data.records import Usage
from rematch.errors import BudgetSpentError
from rematch.runs.budget import UNBOUNDED
from rematch.runs.calls import Calls
from rematch.runs.keys import name_rollout_call
from rematch.runs.ledger_rows import Amount, Answered, Asked, Tries
from rematch.runs.prices import Price

ROLE = "agent"


class Share:
    """What one rollout may spend, and has spent (seams.Allowance).

    Args:
        calls: what the run's calls share.
        price: of the agent's model.
        limit: the share; `math.inf` dollars and `UNBOUNDED` counts where nothing bounds them.

    Attributes:
        spent: what the rollout's calls cost, with those that may have been billed for nothing.
        refused: whether a call did not fit any more.
        faults: what failed tries met.
    """

    def __init__(self, calls: Calls, price: Price, limit: Amount) -> None:
        self.limit = limit
        self.spent = Usage()
        self.refused = False
        self.faults: list[str] = []
        self.began = time.monotonic()
        self._calls, self._price = calls, price
        self._held = Amount()
        self._lock = threading.Lock()

    def hold(self, prompt_bytes: int, reply_tokens: int | None) -> None:
        """Set a call aside before each try at it.

        Raises:
            BudgetSpentError: it does not fit: the rollout ends here.
            RematchError: the run has stopped.
        """
        self._calls.gate.check()
        estimate = self._price.bound(prompt_bytes, reply_tokens)
        with self._lock:
            total = _read(self.spent) + estimate
            if not _fits(total, self.limit):
                self.refused = True
                raise BudgetSpentError("the rollout's share of the budget is spent")
            self._held = estimate

    def settle(self, usage: Usage) -> None:
        """Note what the call cost; a price that is unknown here is reckoned."""
        if usage.cost_usd is None:
            usage = usage.model_copy(update={"cost_usd": self._price.reckon(usage)})
        with self._lock:
            self._held = Amount()
            self.spent += usage

    def fail(self, kind: str, *, may_be_billed: bool) -> None:
        """Note that the try failed, and whether it may have been paid for all the same."""
        with self._lock:
            held, self._held = self._held, Amount()
            self.faults.append(kind)
            if may_be_billed:
                self.spent += Usage(
                    calls=held.calls, input_tokens=held.tokens, cost_usd=held.dollars
                )
        self._calls.note(ROLE, kind, "retried")

    @property
    def is_too_small(self) -> bool:
        """Whether not even the rollout's first call fitted."""
        return self.refused and self.spent.calls == 0

    @property
    def tries(self) -> Tries:
        """How the rollout's calls went."""
        seconds = time.monotonic() - self.began
        return Tries(self.spent.calls + len(self.faults), tuple(self.faults), seconds)


class Purse:
    """Gives each rollout its share of the budget, and settles it in the ledger.

    Args:
        calls: what the run's calls share.
        model: the agent's, as the ledger names it.
        price: of that model.
        rollouts: how many are still to come.
        cap: dollars that no rollout exceeds, 0 for none.
    """

    def __init__(
        self, calls: Calls, model: str, price: Price, rollouts: int, cap: float = 0.0
    ) -> None:
        self.calls = calls
        self._model, self._price, self._cap = model, price, cap
        self._to_come = rollouts
        self._used = calls.ledger.spent_by(ROLE)
        self._lock = threading.Lock()

    async def open(self, rollout_id: str, prompt: str) -> tuple[bytes, Share]:
        """A rollout's key in the ledger, and its share.

        Raises:
            BudgetSpentError: nothing is left for it.
            RematchError: the run has stopped.
        """
        calls = self.calls
        calls.gate.check()
        limit = self._take()
        held = _bounded(limit)
        try:
            await calls.budget.hold(held, calls.gate.check)
        except BaseException:
            self._return(limit, Amount())
            raise
        key = name_rollout_call(rollout_id, prompt, model=self._model)
        await calls.ledger.reserve([Asked(key, ROLE, self._model, None, held)])
        return key, Share(calls, self._price, limit)

    async def settle(self, key: bytes, share: Share, told: Usage, rollout_id: str) -> None:
        """A rollout was made and is kept: record what it cost.

        Args:
            key: what `open` gave.
            share: likewise.
            told: the usage that its record tells; counts where the agent used no allowance.
            rollout_id: whose it is.
        """
        usage = share.spent if share.spent.calls else told
        if usage.cost_usd is None:
            usage = usage.model_copy(update={"cost_usd": self._price.reckon(usage)})
        reply = {"rollout": rollout_id}
        answered = Answered(self._model, reply, usage, share.tries)
        await self.calls.ledger.settle([(key, answered)])
        self.calls.budget.settle(_bounded(share.limit), usage, share.limit)
        self.calls.meter.note(ROLE, usage)
        self._return(share.limit, _read(usage))

    async def lose(self, key: bytes, share: Share, reason: str) -> None:
        """A rollout came to nothing: what its calls cost is spent all the same."""
        spent = _read(share.spent)
        ledger = self.calls.ledger
        await ledger.reserve([Asked(key, ROLE, self._model, None, spent)])
        await ledger.write_off([key])
        await ledger.lose([key], reason, share.tries)
        self.calls.budget.settle(_bounded(share.limit), share.spent, share.limit)
        self.calls.meter.note(ROLE, share.spent)
        self._return(share.limit, spent)

    def _take(self) -> Amount:
        """The next rollout's share of what is left of the agent's part."""
        config, free = self.calls.budget.config, self.calls.budget.unspent
        part = config.rollouts
        with self._lock:
            to_come, used = max(1, self._to_come), self._used
            if config.dollars is not None:
                even = (config.dollars * part - used.dollars) / to_come
                free = replace(free, dollars=min(even, self._cap or even, free.dollars))
            if config.calls is not None:
                even = _divide(config.calls * part - used.calls, to_come)
                free = replace(free, calls=min(even, free.calls))
            if config.tokens is not None:
                even = _divide(config.tokens * part - used.tokens, to_come)
                free = replace(free, tokens=min(even, free.tokens))
            if free.dollars <= 0 or free.calls <= 0 or free.tokens <= 0:
                raise BudgetSpentError("the budget's part for rollouts is spent")
            self._to_come -= 1
            self._used += _bounded(free)
        return free

    def _return(self, limit: Amount, spent: Amount) -> None:
        with self._lock:
            self._used += spent - _bounded(limit)


def _divide(left: float, parts: int) -> int:
    """An even part, at least 1 while anything is left."""
    return max(math.floor(left / parts), min(1, math.floor(left)))


def _bounded(limit: Amount) -> Amount:
    """What is held for a share: nothing where nothing bounds it, but always a call."""
    return Amount(
        0.0 if math.isinf(limit.dollars) else limit.dollars,
        1 if limit.calls == UNBOUNDED else limit.calls,
        0 if limit.tokens == UNBOUNDED else limit.tokens,
    )


def _read(usage: Usage) -> Amount:
    return Amount(usage.cost_usd or 0.0, usage.calls, usage.tokens)


def _fits(total: Amount, limit: Amount) -> bool:
    return (
        total.dollars <= limit.dollars
        and total.calls <= limit.calls
        and total.tokens <= limit.tokens
    )
