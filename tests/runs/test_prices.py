"""Prices: an estimate is no less than the cost, and what is shared out adds up."""

import pytest
from dspy import lm15
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Usage
from rematch.runs.prices import Price, find_price, share_usage

PRICE = Price("p", "m", input_rate=2e-6, output_rate=8e-6, cached_rate=1e-6)
counts = st.integers(0, 100_000)


@given(text=st.text(min_size=1, max_size=400), most=st.integers(1, 500), n=st.integers(1, 8))
def test_an_estimate_is_no_less_than_what_n_full_replies_cost(text: str, most: int, n: int) -> None:
    request = lm15.Request(
        model="p/m", messages=(lm15.Message.user(text),), config=lm15.Config(max_tokens=most)
    )
    estimate = PRICE.estimate(request, n)
    read = len(text.encode("utf-8", "surrogatepass")) // 4  # as tokenizers take text
    dearest = PRICE.reckon(Usage(input_tokens=read, output_tokens=n * most))
    assert dearest is not None
    assert estimate.dollars >= dearest - 1e-12
    assert estimate.tokens >= read + n * most
    assert estimate.calls == 1


def test_cached_tokens_cost_what_they_cost() -> None:
    used = Usage(input_tokens=1_000, cached_tokens=400, output_tokens=100)
    assert PRICE.reckon(used) == pytest.approx(600 * 2e-6 + 400 * 1e-6 + 100 * 8e-6)


def test_a_users_price_goes_before_the_list_and_an_unknown_one_is_none() -> None:
    assert find_price("openai", "gpt-4o-mini").is_known
    own = find_price("openai", "gpt-4o-mini", 1.0, 2.0)
    assert (own.input_rate, own.output_rate) == (1e-6, 2e-6)
    unknown = find_price("openai", "no-such-model")
    assert not unknown.is_known
    assert unknown.reckon(Usage(input_tokens=5)) is None


@given(taken=counts, given_out=counts, shares=st.integers(1, 16))
def test_shares_of_one_request_add_up(taken: int, given_out: int, shares: int) -> None:
    total = Usage(calls=1, input_tokens=taken, output_tokens=given_out, cost_usd=0.5)
    parts = share_usage(total, shares)
    assert len(parts) == shares
    assert sum(parts, Usage()) == total
