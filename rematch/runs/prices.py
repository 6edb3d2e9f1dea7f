"""What a call costs: by the price list that DSPy ships, or by prices that the user gives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from dspy import lm15
from dspy.clients.costs import estimate_cost
from dspy.clients.model_metadata import model_info

from rematch.data.records import Usage
from rematch.runs.ledger_rows import Amount

BYTES_PER_TOKEN = 3
"""Of code, logs and prose; real tokenizers take 3 to 4.5, so an estimate errs upwards."""
ASSUMED_REPLY = 8_192
"""Tokens held for a reply whose length nobody bounds."""
_MANY = 1_000


@dataclass(frozen=True)
class Price:
    """How one model's calls are priced.

    Attributes:
        provider: names the price list.
        model: the name there.
        input_rate: dollars per token that is read, None where nobody knows.
        output_rate: dollars per token that is written.
        cached_rate: dollars per token that is read from the provider's cache.
        is_linear: whether these three rates are all there is; else the list has the word.
    """

    provider: str
    model: str
    input_rate: float | None = None
    output_rate: float | None = None
    cached_rate: float | None = None
    is_linear: bool = True

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
            dollars = taken * self.input_rate + given * self.output_rate
        if not self.is_linear:  # long prompts may cost more per token
            listed = _ask_list(self.provider, self.model, input_tokens=taken, output_tokens=given)
            dollars = max(dollars, listed or 0.0)
        return Amount(dollars, 1, taken + given)

    def read_usage(self, response: lm15.Response, request: lm15.Request) -> Usage:
        """One reply's usage as a record."""
        told = response.usage
        return Usage(
            calls=1,
            input_tokens=told.input_tokens or 0,
            output_tokens=told.output_tokens or 0,
            cached_tokens=told.cache_read_tokens or 0,
            cost_usd=self._cost(response, request),
        )

    def reckon(self, usage: Usage) -> float | None:
        """Dollars of tokens that are known, None where the price is not."""
        if self.input_rate is None or self.output_rate is None:
            return None
        fresh = max(0, usage.input_tokens - usage.cached_tokens)
        cached_rate = self.input_rate if self.cached_rate is None else self.cached_rate
        read = fresh * self.input_rate + usage.cached_tokens * cached_rate
        return read + usage.output_tokens * self.output_rate

    def _cost(self, response: lm15.Response, request: lm15.Request) -> float | None:
        told = response.usage
        if self.input_rate is None or self.output_rate is None:
            return None
        if not self.is_linear or told.cache_write_tokens or told.reasoning_tokens:
            cost: float | None
            cost, _ = estimate_cost(
                response, provider=self.provider, requested_model=self.model, request=request
            )
            if cost is not None:
                return cost
        return self.reckon(
            Usage(
                input_tokens=told.input_tokens or 0,
                output_tokens=told.output_tokens or 0,
                cached_tokens=told.cache_read_tokens or 0,
            )
        )


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
        return Price(provider, model, input_price / 1e6, output_price / 1e6)
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
    writing = _probe(provider, model, input_tokens=0, output_tokens=0, cache_write_tokens=_MANY)
    if input_rate is not None and writing is not None:
        input_rate = max(input_rate, writing)  # an estimate must not be too low
    is_linear = not writing and not any("_above_" in str(name) for name in info)
    return Price(provider, model, input_rate, output_rate, cached_rate, is_linear)


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
    cost: float | None
    cost, _ = estimate_cost(response, provider=provider, requested_model=model)
    return cost
