"""What a call costs: by the price list that DSPy ships, or by prices that the user gives."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from dspy import lm15
from dspy.clients.costs import estimate_cost
from dspy.clients.model_metadata import model_info

from rematch.data.records import Usage
from rematch.runs.ledger_rows import Amount
from rematch.runs.replies import counts_apart

BYTES_PER_TOKEN = 3
"""Of code, logs and prose; real tokenizers take 3 to 4.5, so an estimate errs upwards."""
ASSUMED_REPLY = 8_192
"""Tokens held for a reply whose length nobody bounds."""
_MANY = 1_000
_TIER = re.compile(r"_above_\d+k_tokens")


@dataclass(frozen=True)
class Price:
    """How one model's calls are priced.

    Attributes:
        provider: names the price list.
        model: the name there.
        input_rate: dollars per token that is read, None where nobody knows.
        output_rate: dollars per token that is written.
        cached_rate: dollars per token that is read from the provider's cache; None: as any other.
        kept_rate: dollars per token that is read and written to that cache, likewise.
        is_linear: whether these rates are all there is; else the list has the word.
        is_own: whether they are the user's, who goes before the list in everything.
    """

    provider: str
    model: str
    input_rate: float | None = None
    output_rate: float | None = None
    cached_rate: float | None = None
    kept_rate: float | None = None
    is_linear: bool = True
    is_own: bool = False

    @property
    def is_known(self) -> bool:
        """Whether dollars can be told at all."""
        return self.input_rate is not None and self.output_rate is not None

    def estimate(self, request: lm15.Request, n: int = 1) -> Amount:
        """An upper-side estimate of a request with n completions."""
        return self.bound(measure_bytes(request), request.config.max_tokens, n)

    def bound(self, prompt_bytes: int, reply_tokens: int | None, n: int = 1) -> Amount:
        """An upper-side estimate of a prompt of so many bytes with n replies."""
        taken = -(-prompt_bytes // BYTES_PER_TOKEN)
        given = n * (reply_tokens or ASSUMED_REPLY)
        dollars = 0.0
        if self.input_rate is not None and self.output_rate is not None:
            dearest = max(self.input_rate, self.kept_rate or 0.0)
            dollars = taken * dearest + given * self.output_rate
        if not self.is_linear:  # long prompts may cost more per token
            listed = _ask_list(
                self.provider,
                self.model,
                input_tokens=taken,
                output_tokens=given,
                cache_write_tokens=taken if self.kept_rate else 0,
            )
            dollars = max(dollars, listed or 0.0)
        return Amount(dollars, 1, taken + given)

    def read_usage(self, response: lm15.Response, request: lm15.Request) -> Usage:
        """One reply's usage as a record.

        Args:
            response: its input tokens are all that was read, from the cache and into it too.
            request: what was asked.
        """
        told = response.usage
        return Usage(
            calls=1,
            input_tokens=told.input_tokens or 0,
            output_tokens=told.output_tokens or 0,
            cached_tokens=told.cache_read_tokens or 0,
            cost_usd=self._cost(response, request),
        )

    def reckon(self, usage: Usage, kept: int = 0) -> float | None:
        """Dollars of tokens that are known, None where the price is not.

        Args:
            usage: the tokens.
            kept: how many of the input tokens were written to the provider's cache.
        """
        if self.input_rate is None or self.output_rate is None:
            return None
        cached_rate = self.input_rate if self.cached_rate is None else self.cached_rate
        kept_rate = self.input_rate if self.kept_rate is None else self.kept_rate
        fresh = max(0, usage.input_tokens - usage.cached_tokens - kept)
        read = fresh * self.input_rate + usage.cached_tokens * cached_rate + kept * kept_rate
        return read + usage.output_tokens * self.output_rate

    def _cost(self, response: lm15.Response, request: lm15.Request) -> float | None:
        told = response.usage
        if not self.is_known:
            return None
        if not self.is_own and (not self.is_linear or told.reasoning_tokens):
            cost = _estimate(response, self.provider, self.model, request)
            if cost is not None:
                return cost
        used = Usage(
            input_tokens=told.input_tokens or 0,
            output_tokens=told.output_tokens or 0,
            cached_tokens=told.cache_read_tokens or 0,
        )
        return self.reckon(used, told.cache_write_tokens or 0)


def find_price(
    provider: str, model: str, input_price: float | None = None, output_price: float | None = None
) -> Price:
    """A model's price.

    Args:
        provider: names the price list.
        model: the name without its provider.
        input_price: the user's own, dollars per million tokens; both are needed.
        output_price: likewise.
    """
    if input_price is not None and output_price is not None:
        return Price(provider, model, input_price / 1e6, output_price / 1e6, is_own=True)
    return _look_up(provider, model)


def measure_bytes(request: lm15.Request) -> int:
    """Bytes of all that a request lets the model read."""
    texts = [request.system] if isinstance(request.system, str) else []
    texts += [message.text or "" for message in request.messages]
    parts = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return parts + sum(len(str(tool)) for tool in request.tools)


def share_usage(total: Usage, shares: int) -> list[Usage]:
    """One request's usage over its n completions; the sum is exact.

    The prompt, the call and the price are the first completion's; output tokens are shared.
    """
    each, rest = divmod(total.output_tokens, shares)
    first = total.model_copy(update={"output_tokens": each + rest})
    return [first, *[Usage(output_tokens=each)] * (shares - 1)]


@cache
def _look_up(provider: str, model: str) -> Price:
    """Looking an unknown model up scans the whole price list, so it is done once."""
    info: Any = model_info(provider, model)
    if not info:
        return Price(provider, model)
    input_rate = _probe(provider, model, input_tokens=_MANY, output_tokens=0)
    output_rate = _probe(provider, model, input_tokens=0, output_tokens=_MANY)
    cached_rate = _probe(
        provider, model, input_tokens=_MANY, output_tokens=0, cache_read_tokens=_MANY
    )
    kept_rate = _probe(
        provider, model, input_tokens=_MANY, output_tokens=0, cache_write_tokens=_MANY
    )
    is_linear = not any(_TIER.search(str(name)) for name in info)
    return Price(provider, model, input_rate, output_rate, cached_rate, kept_rate, is_linear)


def _probe(provider: str, model: str, **tokens: int) -> float | None:
    """Dollars per token of a thousand such tokens."""
    cost = _ask_list(provider, model, **tokens)
    return None if cost is None else cost / _MANY


def _ask_list(provider: str, model: str, **tokens: int) -> float | None:
    response = lm15.Response(
        id=None,
        model=model,
        message=lm15.Message.assistant(""),
        finish_reason="stop",
        usage=lm15.Usage(**tokens),
    )
    return _estimate(response, provider, model)


def _estimate(
    response: lm15.Response, provider: str, model: str, request: lm15.Request | None = None
) -> float | None:
    """The list's word; it counts cached tokens of some providers apart, as they do."""
    told = response.usage
    if counts_apart(provider) and told.input_tokens is not None:
        cached = (told.cache_read_tokens or 0) + (told.cache_write_tokens or 0)
        apart = replace(told, input_tokens=max(0, told.input_tokens - cached), total_tokens=None)
        response = replace(response, usage=apart)
    cost: float | None
    cost, _ = estimate_cost(response, provider=provider, requested_model=model, request=request)
    return cost
