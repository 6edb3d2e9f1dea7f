"""What our own model calls cost, counted in one place: per role, and for whoever asked."""

from __future__ import annotations

import threading

from rematch.data.records import Usage
from rematch.seams import spent


class Meter:
    """Sums usage per role. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_role: dict[str, Usage] = {}
        self._replayed: dict[str, Usage] = {}

    def note(self, role: str, usage: Usage) -> None:
        """Add one call's usage to its role, and to the question that made it."""
        with self._lock:
            self._by_role[role] = self._by_role.get(role, Usage()) + usage
        _tell(usage)

    def note_replay(self, role: str, usage: Usage) -> None:
        """Tell the question what a recorded answer cost when it was paid for; now it is free."""
        with self._lock:
            self._replayed[role] = self._replayed.get(role, Usage()) + usage
        _tell(usage)

    def by_role(self) -> dict[str, Usage]:
        """Usage so far, by role; without what was replayed."""
        with self._lock:
            return dict(self._by_role)

    def replayed(self) -> dict[str, Usage]:
        """What replayed answers once cost, by role."""
        with self._lock:
            return dict(self._replayed)


def _tell(usage: Usage) -> None:
    costs = spent.get()
    if costs is not None:
        costs.append(usage)
