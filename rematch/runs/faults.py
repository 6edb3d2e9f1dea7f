"""What a failed call means: each error is classified once, here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dspy import lm15

from rematch.redaction import hide_secrets


class Cure(StrEnum):
    """What to do about a fault."""

    RETRY = "retry"
    """Ask again after a pause."""
    CHANGE = "change the request"
    """The same request would fail again; its author can make it smaller."""
    GIVE_UP = "give up on this sample"
    """Nothing to be done about this one call."""
    STOP = "stop the run"
    """Every further call would fail the same way."""


@dataclass(frozen=True)
class Fault:
    """A failed try.

    Attributes:
        kind: its short name, as the record and the progress line show it.
        cure: what to do about it.
        wait: seconds that the provider asks to wait, None where it does not say.
        may_be_billed: whether the provider may have done the work all the same.
    """

    kind: str
    cure: Cure
    wait: float | None = None
    may_be_billed: bool = False


_CLASSES: tuple[tuple[type[Exception], str, Cure], ...] = (
    # More special classes stand before their parents.
    (lm15.ContextLengthError, "context-overflow", Cure.CHANGE),
    (lm15.AuthError, "refused-key", Cure.STOP),
    (lm15.BillingError, "no-money", Cure.STOP),
    (lm15.UnsupportedModelError, "unknown-model", Cure.STOP),
    (lm15.ConfigurationError, "not-configured", Cure.STOP),
    (lm15.CapabilityError, "unsupported-feature", Cure.STOP),
    (lm15.RateLimitError, "rate-limit", Cure.RETRY),
    (lm15.TimeoutError, "time-out", Cure.RETRY),
    (lm15.ServerError, "server-error", Cure.RETRY),
    (lm15.TransportError, "connection", Cure.RETRY),
    (lm15.LockTimeoutError, "credential-lock", Cure.RETRY),
    (lm15.StreamAssemblyError, "broken-reply", Cure.RETRY),
    (lm15.InvalidRequestError, "invalid-request", Cure.GIVE_UP),
    (lm15.ProviderError, "broken-reply", Cure.RETRY),
)
_OWN_FAULTS = {"context-overflow", "content-filter"}
_FILTERS = ("content_filter", "content_policy", "content management policy", "responsibleai")
_BILLABLE = {"time-out", "connection", "broken-reply"}
_NEVER_SENT = {"ConnectError", "ConnectTimeout"}


def classify(error: Exception) -> Fault:
    """The fault behind an engine's error."""
    kind, cure = next(
        ((kind, cure) for known, kind, cure in _CLASSES if isinstance(error, known)),
        ("unexpected", Cure.GIVE_UP),
    )
    if kind == "invalid-request" and is_filtered(error):
        kind = "content-filter"
    cause = type(error.__cause__).__name__
    if kind == "connection" and "Timeout" in cause and cause not in _NEVER_SENT:
        kind = "time-out"
    return Fault(
        kind,
        cure,
        wait=getattr(error, "retry_after", None),
        may_be_billed=kind in _BILLABLE and cause not in _NEVER_SENT,
    )


def is_own_fault(error: Exception) -> bool:
    """Whether the same question to a model in good order would fail again."""
    return isinstance(error, lm15.LM15Error) and classify(error).kind in _OWN_FAULTS


def is_filtered(error: Exception) -> bool:
    """Whether the provider refuses this content, and no other."""
    told = f"{getattr(error, 'provider_code', '')} {error}".lower()
    return any(word in told for word in _FILTERS)


def explain(error: BaseException) -> str:
    """The error in one line of at most 300 characters."""
    line = hide_secrets(" ".join(str(error).split())) or type(error).__name__
    return line[:300]


def redact(error: BaseException) -> None:
    """Take keys out of an error before it is raised further: a provider may quote them."""
    error.args = tuple(hide_secrets(a) if isinstance(a, str) else a for a in error.args)
    if isinstance(error, lm15.LM15Error):
        error.message = hide_secrets(error.message)
