"""Where jobs run: on one asyncio loop, each role bounded by its own number of places."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from weakref import WeakKeyDictionary

T = TypeVar("T")
R = TypeVar("R", bound=str)

DEFAULT_PLACES = 16


class LocalExecutor:
    """Runs jobs on the caller's loop, at most `places[role]` of a role at once.

    Args:
        places: how many jobs of a role may run together; other roles get 16.
        on_change: told (role, jobs running, jobs done) at every change.
    """

    def __init__(
        self,
        places: Mapping[R, int] | None = None,
        on_change: Callable[[str, int, int], None] | None = None,
    ) -> None:
        self._places: dict[str, int] = {role: count for role, count in (places or {}).items()}
        self._on_change = on_change
        self._running: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        # Semaphores belong to a loop, and the sync door opens a new loop each time.
        self._semaphores: WeakKeyDictionary[
            asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]
        ] = WeakKeyDictionary()

    async def run(self, role: str, job: Callable[[], Awaitable[T]]) -> T:
        """Run the job when its role has a free place."""
        semaphores = self._semaphores.setdefault(asyncio.get_running_loop(), {})
        places = self._places.get(role, DEFAULT_PLACES)
        async with semaphores.setdefault(role, asyncio.Semaphore(places)):
            self._count(role, running=1)
            try:
                return await job()
            finally:
                self._count(role, running=-1, done=1)

    def _count(self, role: str, *, running: int, done: int = 0) -> None:
        self._running[role] += running
        self._done[role] += done
        if self._on_change:
            self._on_change(role, self._running[role], self._done[role])
