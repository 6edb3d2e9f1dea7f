"""What our own model calls cost, counted in one place: per role, and for whoever asked."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any

from dspy import lm15
from dspy.clients.costs import estimate_cost
from dspy.clients.model_metadata import model_info

from rematch.data.records import Usage
from rematch.seams import spent


class Meter:
    """Sums usage per role. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_role: dict[str, Usage] = {}

    def note(self, role: str, usage: Usage) -> None:
        """Add one call's usage to its role, and to the question that made it."""
        with self._lock:
            self._by_role[role] = self._by_role.get(role, Usage()) + usage
        costs = spent.get()
        if costs is not None:
            costs.append(usage)

    def by_role(self) -> dict[str, Usage]:
        """Usage so far, by role."""
        with self._lock:
            return dict(self._by_role)


def read_usage(response: lm15.Response, request: lm15.Request, provider: str) -> Usage:
    """One reply's usage as a record; the price is None where no price list knows the model."""
    told = response.usage
    cost = None
    if _has_price(provider, response.model) or _has_price(provider, request.model):
        cost, _ = estimate_cost(
            response, provider=provider, requested_model=request.model, request=request
        )
    return Usage(
        calls=1,
        input_tokens=told.input_tokens or 0,
        output_tokens=told.output_tokens or 0,
        cached_tokens=told.cache_read_tokens or 0,
        cost_usd=cost,
    )


def share_usage(total: Usage, shares: int) -> list[Usage]:
    """One request's usage over its n completions; the sum is exact.

    The prompt, the call and the price are the first completion's; output tokens are shared.
    """
    each, rest = divmod(total.output_tokens, shares)
    first = total.model_copy(update={"output_tokens": each + rest})
    return [first, *[Usage(output_tokens=each)] * (shares - 1)]


@cache
def _has_price(provider: str, model: str) -> bool:
    """Looking an unknown model up scans the whole price list, so it is done once."""
    info: Any = model_info(provider, model)
    return bool(info)
