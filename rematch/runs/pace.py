"""The pace: how many requests and tokens a minute a model is sent."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

_BURST = 1.0
"""Seconds' worth that may go at once; what is left of a minute keeps its limit all the same."""
_FAMILIES = (
    ("x-ratelimit-{field}-requests", "x-ratelimit-{field}-tokens"),
    ("anthropic-ratelimit-requests-{field}", "anthropic-ratelimit-tokens-{field}"),
)
_TELLING = 1.0
"""Seconds to a full store from which a success tells something."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}

Headers = Mapping[str, Sequence[str]]


@dataclass
class Bucket:
    """A store that refills steadily; what is taken beyond it is waited for, in turn.

    Attributes:
        size: the most that it holds.
        rate: refilled per second.
        level: what is in it; below 0 where takers wait.
        at: the time of `level`.
    """

    size: float
    rate: float
    level: float
    at: float

    def take(self, amount: float, now: float) -> float:
        """Take an amount; how many seconds to wait before using it."""
        self.level = min(self.size, self.level + self.rate * (now - self.at)) - amount
        self.at = now
        # More than a full bucket can never be there at once: a full one is enough.
        short = max(0.0, -self.level - max(0.0, amount - self.size))
        return short / self.rate

    def give_back(self, amount: float) -> None:
        """Less was used than was taken."""
        self.level = min(self.size, self.level + amount)


@dataclass
class Pace:
    """Spaces the requests to one model. Safe to share between threads.

    Attributes:
        requests_per_minute: the user's limit, None for none.
        tokens_per_minute: likewise.
        clock: seconds.
    """

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    clock: Callable[[], float] = time.monotonic
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _set: dict[str, Bucket] = field(default_factory=dict, init=False)
    _learned: dict[str, Bucket] = field(default_factory=dict, init=False)
    _closed_until: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        """Fill the buckets of the user's limits."""
        limits = {"requests": self.requests_per_minute, "tokens": self.tokens_per_minute}
        for what, limit in limits.items():
            if limit is not None:
                size = max(1.0, limit / 60 * _BURST)
                rate = max(limit - size, limit / 2) / 60
                self._set[what] = Bucket(size, rate, size, self.clock())

    def take(self, tokens: int) -> float:
        """Take a request of so many tokens; how many seconds to wait before it is sent."""
        with self._lock:
            now = self.clock()
            waits = [self._closed_until - now, 0.0]
            for what, amount in (("requests", 1), ("tokens", tokens)):
                for buckets in (self._set, self._learned):
                    if what in buckets:
                        waits.append(buckets[what].take(amount, now))
            return max(waits)

    def settle(self, taken: int, used: int) -> None:
        """Note how many tokens a request used in place of those taken for it."""
        with self._lock:
            for buckets in (self._set, self._learned):
                if "tokens" in buckets:
                    buckets["tokens"].give_back(taken - used)

    def pause(self, seconds: float) -> None:
        """Send nothing for a while: the provider asked for it."""
        with self._lock:
            self._closed_until = max(self._closed_until, self.clock() + seconds)

    def learn(self, headers: Headers) -> None:
        """Take over what a refusal tells of the provider's limits, where it tells it whole."""
        for what, told in _read_all(headers):
            self._adapt(what, *told)

    def follow(self, headers: Headers) -> None:
        """Take over what a successful reply tells: how much remains, so that it lasts.

        A limit that is whole again within a second holds nobody back, and times of day are told
        in whole seconds: it is left aside. Where a provider refills at once at the end of a
        minute, little use early in it looks like a slow refill; so the rate that was known is
        never lowered by a success.
        """
        for what, (limit, remaining, reset) in _read_all(headers):
            if reset >= _TELLING and 0 <= remaining <= limit:
                self._adapt(what, limit, remaining, reset, may_slow=False)

    def _adapt(
        self, what: str, limit: float, remaining: float, reset: float, may_slow: bool = True
    ) -> None:
        """`reset` is when all is refilled, so it tells the rate."""
        used = limit - remaining
        with self._lock:
            now = self.clock()
            known = self._learned.get(what)
            if used > 0 and reset > 0:
                rate = used / reset
            elif known is not None:
                rate = known.rate
            else:
                return
            if known is not None and not may_slow:
                rate = max(rate, known.rate)
            level = remaining
            if known is not None:
                level = min(remaining, known.level + known.rate * (now - known.at))
            self._learned[what] = Bucket(limit, rate, level, now)


def _read_all(headers: Headers) -> Iterator[tuple[str, tuple[float, float, float]]]:
    """What is limited, with what is told of it."""
    for family in _FAMILIES:
        for what, pattern in zip(("requests", "tokens"), family, strict=True):
            told = _read(headers, pattern)
            if told is not None:
                yield what, told


def _read(headers: Headers, pattern: str) -> tuple[float, float, float] | None:
    """Limit, what remains, and seconds until all is there again."""
    told = [headers.get(pattern.format(field=name)) for name in ("limit", "remaining", "reset")]
    if not all(told):
        return None
    limit, remaining, reset = (values[0] for values in told if values)
    seconds = read_duration(reset)
    try:
        numbers = float(limit), float(remaining)
    except ValueError:
        return None
    if seconds is None or numbers[0] <= 0:
        return None
    return (*numbers, seconds)


def read_duration(text: str) -> float | None:
    """Seconds of `12ms`, `6m0s`, `1.5` or a time of day such as 2025-01-01T00:00:00Z."""
    parts = _DURATION.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text.strip():
        return sum(float(number) * _SECONDS[unit] for number, unit in parts)
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        then = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(0.0, (then.replace(tzinfo=then.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
