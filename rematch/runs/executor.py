"""Where jobs run: on the caller's event loop, each role bounded by its own number of places."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TypeVar
from weakref import WeakKeyDictionary

from rematch.seams import stages_left
from rematch.stopping import Stop, StoppedError, stopping

T = TypeVar("T")
R = TypeVar("R", bound=str)

DEFAULT_PLACES = 16

_Waiting = tuple[int, int, "asyncio.Future[None]"]


class LocalExecutor:
    """Runs jobs on the caller's loop, at most `places[role]` of a role at once.

    Of the jobs that wait, those with most stages of their task left go first (seams.stages_left),
    equal ones in the order of their coming.

    Args:
        places: how many jobs of a role may run together; other roles get 16.
        on_change: told (role, jobs running, jobs done) at every change.
        in_flight: how many jobs of all roles may run together; None for no bound but the roles'.
    """

    def __init__(
        self,
        places: Mapping[R, int] | None = None,
        on_change: Callable[[str, int, int], None] | None = None,
        in_flight: int | None = None,
    ) -> None:
        self._places = {str(role): most for role, most in (places or {}).items()}
        self._in_flight = in_flight
        self._on_change = on_change
        self._running: Counter[str] = Counter()
        self._done: Counter[str] = Counter()
        # Futures belong to a loop, and the sync door opens a new loop each time.
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, _Queue] = WeakKeyDictionary()

    def places(self, role: str) -> int:
        """How many jobs of a role may run at once, those of all roles together permitting."""
        own = self._places.get(role, DEFAULT_PLACES)
        return own if self._in_flight is None else min(own, self._in_flight)

    async def run(self, role: str, job: Callable[[], Awaitable[T]]) -> T:
        """Run the job when its role has a free place.

        Where the user wants to end, no further job is let in, and whoever waits is left waiting:
        what is under way is not torn by its siblings' failure.
        """
        loop = asyncio.get_running_loop()
        queue = self._queues.get(loop)
        if queue is None:
            queue = self._queues[loop] = _Queue(self._places, self._in_flight, stopping.get())
        await queue.enter(role)
        self._count(role, running=1)
        try:
            with queue.stop.finishing():
                return await job()
        except StoppedError:
            pass  # the job would have begun something new
        finally:
            queue.leave(role)
            self._count(role, running=-1, done=1)
        await queue.stop.stand_still()

    def _count(self, role: str, *, running: int, done: int = 0) -> None:
        self._running[role] += running
        self._done[role] += done
        if self._on_change:
            self._on_change(role, self._running[role], self._done[role])


@dataclass
class _Queue:
    """One event loop's places and who waits for them."""

    places: Mapping[str, int]
    in_flight: int | None
    stop: Stop
    taken: Counter[str] = field(default_factory=Counter)
    waiting: dict[str, list[_Waiting]] = field(default_factory=dict)
    numbers: count[int] = field(default_factory=count)

    async def enter(self, role: str) -> None:
        """Take a place of the role's, or wait for one."""
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (-stages_left.get(), next(self.numbers), turn)
        heapq.heappush(self.waiting.setdefault(role, []), entry)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.leave(role)  # the place was given already
            raise

    def leave(self, role: str) -> None:
        """Free a place."""
        self.taken[role] -= 1
        self._let_in()

    def _let_in(self) -> None:
        while (entry := self._pop_next()) is not None:
            chosen, turn = entry
            self.taken[chosen] += 1
            turn.set_result(None)

    def _pop_next(self) -> tuple[str, asyncio.Future[None]] | None:
        """The first of those who wait for a role with room."""
        if self.stop.is_wished:
            return None
        for heap in self.waiting.values():
            while heap and heap[0][2].done():
                heapq.heappop(heap)
        ready = [role for role, heap in self.waiting.items() if heap and self._has_room(role)]
        if not ready:
            return None
        chosen = min(ready, key=lambda role: self.waiting[role][0][:2])
        return chosen, heapq.heappop(self.waiting[chosen])[2]

    def _has_room(self, role: str) -> bool:
        if self.in_flight is not None and self.taken.total() >= self.in_flight:
            return False
        return self.taken[role] < self.places.get(role, DEFAULT_PLACES)
