"""The engine behind every dspy.LM of ours: each question is asked once, and recorded.

DSPy keeps prompts and parsing; records, prices, retries and joining happen here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

from dspy import lm15

from rematch.errors import BudgetSpentError, HaltError
from rematch.loops import run_sync
from rematch.runs.budget import note_refusal
from rematch.runs.calls import Calls
from rematch.runs.delivery import Delivery, Line, Member, Patience, Reply
from rematch.runs.faults import explain, is_own_fault
from rematch.runs.flights import FlightAbandonedError, Flights
from rematch.runs.joining import JoinedRequests, Outcome
from rematch.runs.keys import load_reply, name_call, name_sample
from rematch.seams import asker, repeated, same_requests, sample

Joined = JoinedRequests[Member, Reply]


class AsyncRoleEngine:
    """Async door of one role's engine.

    Args:
        role: who asks.
        lines: the role's model, then its fallbacks.
        patience: how long a failing call is tried.
        calls: what the run's calls share.
    """

    def __init__(self, role: str, lines: Sequence[Line], patience: Patience, calls: Calls) -> None:
        self._role, self._lines, self._patience, self._calls = role, lines, patience, calls
        self._flights: Flights[Reply] = Flights(calls.gate)
        self._joined: WeakKeyDictionary[asyncio.AbstractEventLoop, Joined] = WeakKeyDictionary()

    def __deepcopy__(self, _: Any) -> AsyncRoleEngine:
        """Optimizers copy programs; the connections and their records stay one."""
        return self

    async def complete(self, request: lm15.Request) -> lm15.Response:
        """The reply: a recorded one, or a new one. Equal requests may go as one.

        Raises:
            HaltError: there is none, and it is not the question's own fault; only where the
                calls are `halting`.
        """
        try:
            return await self._answer(request)
        except Exception as error:
            if self._calls.halting and not is_own_fault(error):
                raise HaltError(explain(error)) from error
            raise

    async def _answer(self, request: lm15.Request) -> lm15.Response:
        route = self._lines[0].wire.route
        asked = name_call(
            request,
            role=self._role,
            model=route.model,
            api_base=route.options.get("api_base"),
        )
        who, wanted = asker.get(), sample.get()
        occurrence = 0 if wanted is not None else self._calls.occurrences.number(asked)
        member = Member(name_sample(asked, (who, wanted, occurrence)), wanted)
        expected = same_requests.get()
        while True:
            recorded = self._calls.ledger.find(member.key)
            if recorded is not None:
                self._excuse(asked, expected)
                self._calls.meter.note_replay(self._role, recorded.usage)
                return load_reply(recorded.reply)
            flight = self._flights.board(
                member.key, partial(self._send, asked, request, expected, member)
            )
            if not flight.is_mine:
                self._excuse(asked, expected)
                expected = 1
            try:
                response, usage = await flight.land()
            except FlightAbandonedError:
                continue
            except BudgetSpentError as error:
                note_refusal(str(error))
                raise
            if flight.is_mine:
                self._calls.meter.note(self._role, usage)
            else:
                self._calls.meter.note_replay(self._role, usage)
            return response

    async def _send(
        self, asked: bytes, request: lm15.Request, expected: int, member: Member
    ) -> Reply:
        if expected > 1:
            return await self._find_joined().complete(asked, request, expected, member)
        return (await self._deliver(request, [member], repeated=repeated.get()))[0]

    async def _deliver(
        self, request: lm15.Request, members: Sequence[Member], *, repeated: bool = False
    ) -> list[Reply]:
        return await Delivery(
            self._calls, self._role, self._lines, self._patience, request, members, repeated
        ).run()

    async def _deliver_group(
        self, request: lm15.Request, members: Sequence[Member]
    ) -> list[Outcome[Reply]]:
        """As many outcomes. What one request did not bring is asked for singly.

        Where the provider keeps a prompt that is marked, one goes first, and the others read it.
        """
        wire = self._lines[0].wire
        replies: list[Outcome[Reply]] = []
        if len(members) > 1 and await wire.takes_n():
            replies += await self._deliver(request, members)
        left = members[len(replies) :]
        keeps = len(left) > 1 and await wire.takes_marks()
        for together in (left[:1], left[1:]) if keeps else (left,):
            singly = (self._deliver(request, [member], repeated=keeps) for member in together)
            for outcome in await asyncio.gather(*singly, return_exceptions=True):
                replies.append(outcome if isinstance(outcome, BaseException) else outcome[0])
        return replies

    def _excuse(self, asked: bytes, expected: int) -> None:
        if expected > 1:
            self._find_joined().excuse(asked, expected)

    def _find_joined(self) -> Joined:
        loop = asyncio.get_running_loop()
        joined = self._joined.get(loop)
        if joined is None:
            joined = self._joined[loop] = JoinedRequests(self._deliver_group)
        return joined

    async def stream(self, request: lm15.Request) -> AsyncIterator[Any]:
        """Not offered: a vote is read whole."""
        raise lm15.UnsupportedFeatureError("Rematch's engine does not stream", feature="stream")
        yield

    async def aclose(self) -> None:
        """Close this loop's connections now; a loop that ends closes them by itself."""
        for line in self._lines:
            await line.wire.aclose()


class RoleEngine:
    """Sync door of one role's engine (the optimizers' reflection calls, mostly)."""

    def __init__(self, door: AsyncRoleEngine) -> None:
        self._door = door

    def __deepcopy__(self, _: Any) -> RoleEngine:
        """Optimizers copy programs; the connections and their records stay one."""
        return self

    def complete(self, request: lm15.Request) -> lm15.Response:
        """The reply, as through the async door."""
        return run_sync(self._door.complete(request))

    def stream(self, request: lm15.Request) -> Iterator[Any]:
        """Not offered: a vote is read whole."""
        raise lm15.UnsupportedFeatureError("Rematch's engine does not stream", feature="stream")

    def close(self) -> None:
        """Nothing stays open: each call's connections end with its event loop."""
