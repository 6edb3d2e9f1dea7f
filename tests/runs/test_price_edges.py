"""Prices where something is missing: a rate, a count, a bound; and prices that are not linear."""

from __future__ import annotations

import pytest
from dspy import lm15
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Usage
from rematch.runs.prices import (
    ASSUMED_REPLY,
    BYTES_PER_TOKEN,
    Price,
    find_price,
    measure_bytes,
    share_usage,
)

PRICE = Price("p", "m", input_rate=2e-6, output_rate=8e-6, cached_rate=1e-6)
FREE = Price("p", "m", input_rate=0.0, output_rate=0.0)
counts = st.integers(0, 100_000)


def ask(*texts: str, system: str | None = None) -> lm15.Request:
    messages = tuple(lm15.Message.user(text) for text in texts)
    return lm15.Request(model="p/m", messages=messages, system=system)


def answer(usage: lm15.Usage) -> lm15.Response:
    message = lm15.Message.assistant("")
    return lm15.Response(id=None, model="m", message=message, finish_reason="stop", usage=usage)


def test_a_reply_without_a_bound_is_held_at_the_assumed_length() -> None:
    amount = PRICE.bound(300, None, n=2)
    assert amount.tokens == 300 // BYTES_PER_TOKEN + 2 * ASSUMED_REPLY
    assert amount.dollars == pytest.approx(100 * 2e-6 + 2 * ASSUMED_REPLY * 8e-6)


@pytest.mark.parametrize(("size", "tokens"), [(0, 0), (1, 1), (3, 1), (4, 2)])
def test_the_bytes_of_a_prompt_are_rounded_up(size: int, tokens: int) -> None:
    assert PRICE.bound(size, 1).tokens == tokens + 1


@given(size=counts, more=counts, reply=st.integers(1, 5_000), n=st.integers(1, 8))
def test_a_longer_prompt_and_more_replies_never_cost_less(
    size: int, more: int, reply: int, n: int
) -> None:
    small, large = PRICE.bound(size, reply, n), PRICE.bound(size + more, reply, n + 1)
    assert small.dollars <= large.dollars
    assert small.tokens < large.tokens
    assert small.calls == large.calls == 1


@pytest.mark.parametrize(("read", "written"), [(None, None), (1e-6, None), (None, 1e-6)])
def test_half_a_price_is_none(read: float | None, written: float | None) -> None:
    price = Price("p", "m", input_rate=read, output_rate=written)
    assert not price.is_known
    assert price.reckon(Usage(input_tokens=1_000, output_tokens=1_000)) is None
    amount = price.bound(3_000, 500)
    assert (amount.dollars, amount.calls, amount.tokens) == (0.0, 1, 1_500)


def test_a_price_of_nothing_is_known() -> None:
    assert FREE.is_known
    assert FREE.reckon(Usage(input_tokens=1_000, output_tokens=1_000)) == 0.0
    own = find_price("openai", "a-local-model", 0.0, 0.0)
    assert own.is_known
    assert own.bound(10, 10).dollars == 0.0


@pytest.mark.parametrize(("read", "written"), [(5.0, None), (None, 5.0)])
def test_one_of_a_users_two_prices_leaves_the_list_its_word(
    read: float | None, written: float | None
) -> None:
    assert find_price("openai", "gpt-4o-mini", read, written) == find_price("openai", "gpt-4o-mini")


def test_without_a_rate_of_its_own_the_cache_costs_what_reading_costs() -> None:
    price = Price("p", "m", input_rate=2e-6, output_rate=8e-6)
    cached = price.reckon(Usage(input_tokens=1_000, cached_tokens=400))
    assert cached == pytest.approx(1_000 * 2e-6)


def test_more_cached_than_read_tokens_cost_nothing_negative() -> None:
    told = Usage(input_tokens=100, cached_tokens=400)  # some servers count the cache apart
    assert PRICE.reckon(told) == pytest.approx(400 * 1e-6)


def test_a_reply_that_tells_no_usage_counts_as_one_call() -> None:
    used = PRICE.read_usage(answer(lm15.Usage()), ask("x"))
    assert used == Usage(calls=1, cost_usd=0.0)


def test_a_replys_usage_is_told_in_records() -> None:
    told = lm15.Usage(input_tokens=1_000, output_tokens=50, cache_read_tokens=400)
    used = PRICE.read_usage(answer(told), ask("x"))
    assert (used.calls, used.input_tokens, used.output_tokens) == (1, 1_000, 50)
    assert used.cached_tokens == 400
    assert used.cost_usd == pytest.approx(600 * 2e-6 + 400 * 1e-6 + 50 * 8e-6)
    unknown = Price("p", "m").read_usage(answer(told), ask("x"))
    assert unknown.cost_usd is None
    assert unknown.tokens == used.tokens


def test_what_the_list_does_not_know_of_a_users_model_is_reckoned_by_the_users_rates() -> None:
    told = lm15.Usage(input_tokens=100, output_tokens=50, reasoning_tokens=20)
    own = find_price("nobody", "no-such-model", 2.0, 8.0)
    used = own.read_usage(answer(told), ask("x"))
    assert used.cost_usd == pytest.approx(100 * 2e-6 + 50 * 8e-6)


@given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=4), st.text(max_size=40))
def test_a_requests_size_is_that_of_its_texts(texts: list[str], system: str) -> None:
    size = sum(len(text.encode()) for text in texts)
    assert measure_bytes(ask(*texts)) == size
    if system:
        assert measure_bytes(ask(*texts, system=system)) == size + len(system.encode())


def test_the_first_of_many_completions_bears_what_does_not_divide() -> None:
    total = Usage(calls=1, input_tokens=10, cached_tokens=4, output_tokens=7, cost_usd=None)
    first, *rest = share_usage(total, 3)
    assert first == total.model_copy(update={"output_tokens": 3})
    assert rest == [Usage(output_tokens=2)] * 2


@pytest.mark.parametrize("model", ["gpt-5-mini", "gpt-4o-mini"])
def test_a_users_price_goes_before_the_list_in_everything(model: str) -> None:
    own = find_price("openai", model, 2.0, 8.0)
    told = lm15.Usage(input_tokens=100, output_tokens=50, reasoning_tokens=20, cache_write_tokens=9)
    assert own.read_usage(answer(told), ask("x")).cost_usd == pytest.approx(100 * 2e-6 + 50 * 8e-6)


CLAUDE = find_price("anthropic", "claude-opus-4-6")
TIERED = find_price("anthropic", "claude-sonnet-4-5")
parts = st.tuples(st.integers(0, 50_000), st.integers(0, 50_000), st.integers(0, 50_000))


@pytest.mark.parametrize("price", [CLAUDE, TIERED])
def test_reading_the_cache_costs_a_tenth_and_writing_it_a_quarter_more(price: Price) -> None:
    assert price.input_rate is not None
    assert price.cached_rate == pytest.approx(0.1 * price.input_rate)
    assert price.kept_rate == pytest.approx(1.25 * price.input_rate)


@pytest.mark.parametrize("price", [CLAUDE, TIERED, PRICE, FREE])
@given(counts_of=parts, given_out=st.integers(0, 5_000))
def test_each_part_of_what_is_read_has_its_rate(
    price: Price, counts_of: tuple[int, int, int], given_out: int
) -> None:
    fresh, cached, kept = counts_of
    told = lm15.Usage(
        input_tokens=fresh + cached + kept,
        output_tokens=given_out,
        cache_read_tokens=cached,
        cache_write_tokens=kept,
    )
    assert price.input_rate is not None and price.output_rate is not None
    cached_rate = price.input_rate if price.cached_rate is None else price.cached_rate
    kept_rate = price.input_rate if price.kept_rate is None else price.kept_rate
    dollars = fresh * price.input_rate + cached * cached_rate + kept * kept_rate
    dollars += given_out * price.output_rate
    used = price.read_usage(answer(told), ask("x"))
    assert used.cost_usd == pytest.approx(dollars)
    assert (used.input_tokens, used.cached_tokens) == (fresh + cached + kept, cached)


@pytest.mark.parametrize("price", [CLAUDE, TIERED])
@given(taken=st.integers(0, 400_000), given_out=st.integers(0, 5_000))
def test_an_estimate_is_no_less_than_writing_it_all_to_the_cache(
    price: Price, taken: int, given_out: int
) -> None:
    told = lm15.Usage(input_tokens=taken, output_tokens=given_out, cache_write_tokens=taken)
    cost = price.read_usage(answer(told), ask("x")).cost_usd
    assert cost is not None
    assert price.bound(BYTES_PER_TOKEN * taken, given_out or 1).dollars >= cost - 1e-9


def test_a_long_prompt_of_cached_tokens_costs_its_tier() -> None:
    told = lm15.Usage(input_tokens=300_000, output_tokens=0, cache_read_tokens=250_000)
    cost = TIERED.read_usage(answer(told), ask("x")).cost_usd
    assert cost == pytest.approx(50_000 * 6e-6 + 250_000 * 0.6e-6)
