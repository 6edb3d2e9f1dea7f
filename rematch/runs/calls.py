"""What all engines of a run share: where calls are recorded, counted, bounded and stopped."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from rematch.errors import UsageError
from rematch.runs.budget import Budget
from rematch.runs.gate import Gate
from rematch.runs.keys import Occurrences
from rematch.runs.ledger import Ledger
from rematch.runs.metering import Meter
from rematch.runs.pace import Pace
from rematch.runs.waits import Waits


@dataclass(frozen=True)
class Event:
    """What befell a role's call: a fault that was retried, a call lost, or one replayed."""

    role: str
    kind: str
    outcome: str


class Calls:
    """The model calls of a run, or of a session without one.

    Args:
        meter: counts what this session's calls cost; a new one where none is given.
        ledger: records them; a temporary one where none is given.
        budget: bounds them; none where none is given.
        on_event: told what befell a call, from any thread.

    Attributes:
        waits: which of them are held back at the moment.
        halting: whether a lost call ends everything (HaltError), as while an optimizer works,
            which would take it for a bad answer.
    """

    def __init__(
        self,
        meter: Meter | None = None,
        ledger: Ledger | None = None,
        budget: Budget | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> None:
        self.meter = meter or Meter()
        self.ledger = ledger or Ledger()
        self.budget = budget or Budget(spent=self.ledger.spent)
        self.gate = Gate()
        self.waits = Waits()
        self.halting = False
        self.occurrences = Occurrences()
        self._on_event = on_event
        self._lock = threading.Lock()
        self._paces: dict[tuple[str, str | None], Pace] = {}
        self._events: Counter[Event] = Counter()

    def note(self, role: str, kind: str, outcome: str) -> None:
        """Note what befell a call."""
        event = Event(role, kind, outcome)
        with self._lock:
            self._events[event] += 1
        if self._on_event:
            self._on_event(event)

    def events(self) -> Counter[Event]:
        """What befell calls so far, and how often."""
        with self._lock:
            return Counter(self._events)

    @property
    def lost(self) -> int:
        """How many calls came to nothing: what they were asked for is missing, not decided."""
        return sum(n for event, n in self.events().items() if event.outcome == "lost")

    def pace(
        self, model: str, api_base: str | None, requests: float | None, tokens: float | None
    ) -> Pace:
        """The pace of a model at a place; roles that share the model share it.

        Raises:
            UsageError: two roles give one model different limits.
        """
        with self._lock:
            known = self._paces.get((model, api_base))
            if known is None:
                known = self._paces[model, api_base] = Pace(requests, tokens)
        if (known.requests_per_minute, known.tokens_per_minute) != (requests, tokens):
            raise UsageError(f"{model}: is given different limits per minute by different roles")
        return known

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()
