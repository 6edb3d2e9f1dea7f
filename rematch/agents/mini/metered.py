"""mini-SWE-agent's LiteLLM model within a rollout's share of the budget, each try counted."""

from __future__ import annotations

import json
from typing import Any

from rematch.agents.mini.loading import load_mini
from rematch.data.records import Usage
from rematch.errors import BudgetSpentError, ModelRefusedError, RematchError
from rematch.redaction import hide_secrets
from rematch.seams import Allowance

_REFUSALS = {"AuthenticationError", "PermissionDeniedError", "NotFoundError"}
_NO_MONEY = 402
_NO_QUOTA = ("insufficient_quota", "insufficient credits", "billing_not_active")
_KINDS = {
    "RateLimitError": "rate-limit",
    "Timeout": "time-out",
    "APIConnectionError": "connection",
    "InternalServerError": "server-error",
    "ServiceUnavailableError": "server-error",
    "BadGatewayError": "server-error",
    "ContextWindowExceededError": "context-overflow",
    "ContentPolicyViolationError": "content-filter",
    "BadRequestError": "invalid-request",
}
"""LiteLLM's errors in the words of our own calls' faults."""
_BILLABLE = {"time-out", "connection", "broken-reply"}


def meter_model(model: Any, share: Allowance | None, reply_tokens: int | None) -> Any:
    """mini-SWE-agent's model class with each try held and settled.

    A provider that refuses the run raises ModelRefusedError; a call that does not fit into the
    share ends the rollout as its own limits do.

    Args:
        model: its LitellmModel.
        share: what the rollout may spend; None where nobody bounds it.
        reply_tokens: the most that a reply may have.
    """
    flow = load_mini("exceptions").InterruptAgentFlow

    class MeteredModel(model):
        abort_exceptions = (*model.abort_exceptions, flow, RematchError)

        def _query(self, messages: list[dict[str, Any]], **kwargs: Any) -> Any:
            _hold(share, messages, reply_tokens)
            try:
                response = super()._query(messages, **kwargs)
            except Exception as error:
                kind = name_fault(error)
                if share is not None:
                    share.fail(kind, may_be_billed=kind in _BILLABLE)
                if is_refusal(error):
                    line = " ".join(str(error).split())
                    raise ModelRefusedError(hide_secrets(line)[:300]) from error
                raise
            if share is not None:
                share.settle(read_usage(response))
            return response

    return MeteredModel


def _hold(
    share: Allowance | None, messages: list[dict[str, Any]], reply_tokens: int | None
) -> None:
    if share is None:
        return
    size = len(json.dumps(messages, ensure_ascii=False, default=str).encode(errors="replace"))
    try:
        share.hold(size, reply_tokens)
    except BudgetSpentError as error:
        limits = load_mini("exceptions").LimitsExceeded
        told = {"exit_status": "LimitsExceeded", "submission": ""}
        raise limits({"role": "exit", "content": str(error), "extra": told}) from error


def name_fault(error: Exception) -> str:
    """A LiteLLM error's kind, in the words of our own calls' faults."""
    names = (kind.__name__ for kind in type(error).__mro__)
    return next((_KINDS[name] for name in names if name in _KINDS), "broken-reply")


def is_refusal(error: Exception) -> bool:
    """Whether the provider will refuse every further call: bad key, no money, unknown model."""
    if type(error).__name__ in _REFUSALS or getattr(error, "status_code", 0) == _NO_MONEY:
        return True
    told = str(error).lower()
    return any(words in told for words in _NO_QUOTA)


def read_usage(response: Any) -> Usage:
    """What one reply cost; its price is left to whoever counts."""
    told = getattr(response, "usage", None)
    details = getattr(told, "prompt_tokens_details", None)
    return Usage(
        calls=1,
        input_tokens=getattr(told, "prompt_tokens", 0) or 0,
        output_tokens=getattr(told, "completion_tokens", 0) or 0,
        cached_tokens=getattr(details, "cached_tokens", 0) or 0,
        cost_usd=None,
    )
