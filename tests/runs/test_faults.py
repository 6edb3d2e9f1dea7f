"""Each error is classified once: what it is called, what to do, and whether it may be billed."""

import pytest
from dspy import lm15

from rematch.runs.faults import Cure, classify, explain, redact


@pytest.mark.parametrize(
    ("error", "kind", "cure", "billed"),
    [
        (lm15.RateLimitError("slow down"), "rate-limit", Cure.RETRY, False),
        (lm15.ServerError("oops"), "server-error", Cure.RETRY, False),
        (lm15.TimeoutError("late"), "time-out", Cure.RETRY, True),
        (lm15.TransportError("gone"), "connection", Cure.RETRY, True),
        (lm15.ContextLengthError("long"), "context-overflow", Cure.CHANGE, False),
        (lm15.AuthError("who?"), "refused-key", Cure.STOP, False),
        (lm15.BillingError("pay"), "no-money", Cure.STOP, False),
        (lm15.UnsupportedModelError("what?"), "unknown-model", Cure.STOP, False),
        (lm15.InvalidRequestError("no"), "invalid-request", Cure.GIVE_UP, False),
        (
            lm15.InvalidRequestError("blocked by content_filter"),
            "content-filter",
            Cure.GIVE_UP,
            False,
        ),
        (KeyError("x"), "unexpected", Cure.GIVE_UP, False),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_errors_and_their_cures(error: Exception, kind: str, cure: Cure, billed: bool) -> None:
    fault = classify(error)
    assert (fault.kind, fault.cure, fault.may_be_billed) == (kind, cure, billed)


def test_what_was_never_sent_is_not_billed() -> None:
    """A name that is not found, or a server that does not take the connection."""

    class ConnectError(Exception):
        pass

    error = lm15.TransportError("no route")
    error.__cause__ = ConnectError()
    assert not classify(error).may_be_billed


def test_the_provider_says_how_long_to_wait() -> None:
    assert classify(lm15.RateLimitError("slow down", retry_after=7)).wait == 7
    assert classify(lm15.RateLimitError("slow down")).wait is None


def test_an_error_is_told_in_one_line_without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "sk-canary-4711")
    error = lm15.AuthError("bad key\n  sk-canary-4711 " + "x" * 500)
    assert explain(error).startswith("bad key [SOME_API_KEY] xxx")
    assert len(explain(error)) == 300
    redact(error)
    assert "sk-canary" not in f"{error} {error!r} {error.message}"
