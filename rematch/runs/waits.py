"""Waits: which calls are held back, how long still, and why. For people who watch a run."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_SHORT = 1.0
"""Seconds below which nobody takes a pause for a standstill."""


@dataclass(frozen=True, eq=False)
class Wait:
    """A call that is not sent before `until` (of the clock), and why: a fault's kind."""

    model: str
    reason: str
    until: float


@dataclass
class Waits:
    """Knows the calls that wait. Safe to share between threads and event loops.

    Attributes:
        clock: seconds.
        on_begin: called when a wait has begun, from any thread.
    """

    clock: Callable[[], float] = time.monotonic
    on_begin: Callable[[], None] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)
    _waiting: list[Wait] = field(default_factory=list, init=False)

    @contextlib.contextmanager
    def noting(self, model: str, reason: str, seconds: float) -> Iterator[None]:
        """While this is entered, a call to the model waits; a short pause is none.

        Args:
            model: that it waits for.
            reason: the fault that it met, or what holds it back.
            seconds: how long at most.
        """
        if seconds < _SHORT:
            yield
            return
        wait = Wait(model, reason, self.clock() + seconds)
        with self._lock:
            self._waiting.append(wait)
        try:
            if self.on_begin:
                self.on_begin()
            yield
        finally:
            with self._lock:
                self._waiting.remove(wait)

    def find_longest(self) -> float:
        """Seconds until the last of them goes on; 0 where none waits."""
        with self._lock:
            ends = [wait.until for wait in self._waiting]
        return max(0.0, max(ends) - self.clock()) if ends else 0.0

    def describe(self) -> str:
        """Such as `waiting 12 s for openai/gpt-5-mini (rate-limit, 3 calls)`, "" where none."""
        with self._lock:
            waiting = list(self._waiting)
        if not waiting:
            return ""
        last = max(waiting, key=lambda wait: wait.until)
        seconds = max(1, round(last.until - self.clock()))
        more = f", {len(waiting):,} calls" if len(waiting) > 1 else ""
        return f"waiting {seconds:,} s for {last.model} ({last.reason}{more})"
