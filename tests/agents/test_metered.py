"""Errors of LiteLLM in our words: what ends a run, what may be billed, what a reply cost."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from rematch.agents.mini.loading import load_mini
from rematch.agents.mini.metered import is_refusal, name_fault, read_usage
from rematch.data.records import Usage


class UnpaidError(Exception):
    """As providers without money answer."""

    status_code = 402


def kind_of(name: str) -> type[Exception]:
    """One of LiteLLM's errors; it takes seconds to import, so nobody does so before a test."""
    found: type[Exception] = getattr(load_mini("models.litellm_model").litellm, name)
    return found


def make_error(error: str | Exception, text: str = "no") -> Exception:
    """An error as it stands, or one of LiteLLM's by name."""
    if isinstance(error, Exception):
        return error
    kind: Any = kind_of(error)
    made: Exception = kind(text, llm_provider="openai", model="m")
    return made


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ("RateLimitError", "rate-limit"),
        ("Timeout", "time-out"),
        ("APIConnectionError", "connection"),
        ("InternalServerError", "server-error"),
        ("ServiceUnavailableError", "server-error"),
        ("BadRequestError", "invalid-request"),
        (ValueError("no JSON"), "broken-reply"),
        (KeyError("choices"), "broken-reply"),
    ],
)
def test_errors_have_our_faults_names(error: str | Exception, kind: str) -> None:
    assert name_fault(make_error(error)) == kind


def test_a_special_kind_of_bad_request_goes_before_the_general_one() -> None:
    long = make_error("ContextWindowExceededError")
    barred = make_error("ContentPolicyViolationError")
    assert isinstance(long, kind_of("BadRequestError"))
    assert name_fault(long) == "context-overflow"
    assert name_fault(barred) == "content-filter"


def test_an_unknown_kind_of_a_known_error_is_named_as_that() -> None:
    too_fast: Any = type("TooFast", (kind_of("RateLimitError"),), {})
    assert name_fault(too_fast("slow down", llm_provider="openai", model="m")) == "rate-limit"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("AuthenticationError", "bad key"),
        ("NotFoundError", "no such model"),
        (UnpaidError("pay first"), ""),
        ("RateLimitError", "You exceeded your quota: insufficient_quota"),
        ("BadRequestError", "Insufficient Credits on this account"),
        (RuntimeError("error: BILLING_NOT_ACTIVE"), ""),
    ],
)
def test_what_no_further_call_would_mend_is_a_refusal(error: str | Exception, text: str) -> None:
    assert is_refusal(make_error(error, text))


@pytest.mark.parametrize(
    ("error", "text"),
    [
        ("RateLimitError", "60 requests a minute"),
        ("Timeout", "late"),
        ("InternalServerError", "oops"),
        ("ContextWindowExceededError", "too long"),
        (ValueError("quota of braces"), ""),
    ],
)
def test_what_may_pass_is_none(error: str | Exception, text: str) -> None:
    assert not is_refusal(make_error(error, text))


def test_a_replys_tokens_are_read_and_its_price_is_left_open() -> None:
    details = SimpleNamespace(cached_tokens=30)
    told = SimpleNamespace(prompt_tokens=100, completion_tokens=20, prompt_tokens_details=details)
    assert read_usage(SimpleNamespace(usage=told)) == Usage(
        calls=1, input_tokens=100, output_tokens=20, cached_tokens=30, cost_usd=None
    )


@pytest.mark.parametrize(
    "response",
    [
        SimpleNamespace(),
        SimpleNamespace(usage=None),
        SimpleNamespace(usage=SimpleNamespace(prompt_tokens=None, completion_tokens=None)),
        SimpleNamespace(usage=SimpleNamespace(prompt_tokens_details=None)),
    ],
)
def test_a_reply_without_counts_is_still_a_call(response: object) -> None:
    assert read_usage(response) == Usage(calls=1, cost_usd=None)
