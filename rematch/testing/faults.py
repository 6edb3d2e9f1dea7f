"""What goes wrong on purpose: faults and latencies, seeded and keyed by call."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rematch.testing.request import ChatRequest


class Fault(StrEnum):
    """What can be injected into an answer."""

    RATE_LIMIT = "rate-limit"
    RATE_LIMIT_RETRY_AFTER = "rate-limit-retry-after"
    SERVER_ERROR = "server-error"
    BAD_GATEWAY = "bad-gateway"
    OVERFLOW = "context-overflow"
    EXPIRED_KEY = "expired-key"
    NO_MONEY = "no-money"
    UNKNOWN_MODEL = "unknown-model"
    HANG = "hang"
    DROP = "drop"
    TRUNCATE = "truncate"
    EMPTY = "empty"
    MALFORMED = "malformed"
    CONTENT_FILTER = "content-filter"


@dataclass(frozen=True)
class ErrorAnswer:
    """An HTTP error in OpenAI's shape."""

    status: int
    message: str
    type: str
    code: str | None = None

    def body(self) -> dict[str, object]:
        """The JSON body."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": None,
                "code": self.code,
            }
        }


_LIMIT = ErrorAnswer(429, "Rate limit reached", "requests", "rate_limit_exceeded")
ERRORS: Mapping[Fault, ErrorAnswer] = {
    Fault.RATE_LIMIT: _LIMIT,
    Fault.RATE_LIMIT_RETRY_AFTER: _LIMIT,
    Fault.SERVER_ERROR: ErrorAnswer(500, "The server had an error", "server_error"),
    Fault.BAD_GATEWAY: ErrorAnswer(502, "Bad gateway", "server_error"),
    Fault.OVERFLOW: ErrorAnswer(
        400,
        "This model's maximum context length was exceeded. Please reduce the length of the "
        "messages.",
        "invalid_request_error",
        "context_length_exceeded",
    ),
    Fault.EXPIRED_KEY: ErrorAnswer(
        401, "The API key has expired", "invalid_request_error", "invalid_api_key"
    ),
    Fault.NO_MONEY: ErrorAnswer(
        402, "Insufficient credits", "insufficient_quota", "insufficient_quota"
    ),
    Fault.UNKNOWN_MODEL: ErrorAnswer(
        404, "The model does not exist", "invalid_request_error", "model_not_found"
    ),
}

FaultPlan = Callable[[ChatRequest, random.Random], Fault | None]
Faults = FaultPlan | Mapping[Fault, float] | Sequence[Fault | None] | None


def fault_plan(faults: Faults) -> FaultPlan:
    """A plan from its short forms.

    Args:
        faults: a function of the request; or a probability per kind; or a script, whose k-th
            entry befalls the k-th of equal requests (None, and all after the end: no fault).
    """
    if faults is None:
        return lambda request, rng: None
    if callable(faults):
        return faults
    if isinstance(faults, Mapping):
        return _by_chance(faults)
    script = tuple(faults)
    return lambda request, rng: script[request.attempt] if request.attempt < len(script) else None


def _by_chance(rates: Mapping[Fault, float]) -> FaultPlan:
    if sum(rates.values()) > 1 or min(rates.values(), default=0) < 0:
        raise ValueError("fault probabilities must be at least 0 and sum up to 1 at most")

    def plan(request: ChatRequest, rng: random.Random) -> Fault | None:
        draw = rng.random()
        for fault, rate in rates.items():
            draw -= rate
            if draw < 0:
                return fault
        return None

    return plan


@dataclass(frozen=True)
class Latency:
    """Seconds until the answer: log-normal, with a share of stragglers.

    Attributes:
        median: of the log-normal part, in seconds; 0 answers at once.
        sigma: its spread (standard deviation of the logarithm).
        tail: share of calls that take `factor` times as long.
        factor: see `tail`.
    """

    median: float
    sigma: float = 0.5
    tail: float = 0.02
    factor: float = 8.0

    def __call__(self, request: ChatRequest, rng: random.Random) -> float:
        """Seconds for one request."""
        seconds = self.median * math.exp(self.sigma * rng.gauss(0, 1))
        return seconds * (self.factor if rng.random() < self.tail else 1)


LatencyPlan = Callable[[ChatRequest, random.Random], float]


def latency_plan(latency: float | LatencyPlan) -> LatencyPlan:
    """A plan from a median in seconds, or the plan itself."""
    return latency if callable(latency) else Latency(latency)
