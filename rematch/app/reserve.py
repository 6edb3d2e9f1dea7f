"""A part of the budget that an optimizer cannot spend: what it made must be measured."""

from __future__ import annotations

from rematch.runs.calls import Calls
from rematch.runs.ledger_rows import Amount

_RESERVE = 1.5
"""What is kept for measuring the tuned prompt, in costs of measuring the start: prompts grow."""


class Reserve:
    """Keeps what measuring the start took, or would take anew, and a half more.

    Args:
        calls: whose budget it is; made before the start is measured.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._begun = self._count()

    def __call__(self, wanted: bool) -> None:
        """Keep it, or give it back."""
        spent = self._count() - self._begun if wanted else Amount()
        self._calls.budget.set_aside(
            Amount(
                spent.dollars * _RESERVE,
                round(spent.calls * _RESERVE),
                round(spent.tokens * _RESERVE),
            )
        )

    def _count(self) -> Amount:
        """Everything answered in this session, paid for now or earlier."""
        meter = self._calls.meter
        total = Amount()
        for usage in (*meter.by_role().values(), *meter.replayed().values()):
            total += Amount(usage.cost_usd or 0.0, usage.calls, usage.tokens)
        return total
