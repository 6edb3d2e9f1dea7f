"""The engine behind every dspy.LM of ours: native where it serves, litellm for the rest.

One place meters, caps replies and joins equal requests. DSPy keeps parsing and retries.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary

from dspy import lm15
from dspy.clients.engines.litellm_engine import AsyncLiteLLMEngine, LiteLLMEngine
from dspy.clients.engines.lm15_engine import AsyncLM15Engine, LM15Engine

from rematch.runs.joining import JoinedRequests, close_litellm_clients
from rematch.runs.metering import Meter, read_usage
from rematch.runs.routes import Route
from rematch.seams import same_requests

REPLY_CAP = 64_000
"""Characters of a reply that are read; parsers may take quadratic time on hostile ones."""


class RoleEngine:
    """Sync door of one role's engine (the optimizers' reflection calls, mostly)."""

    def __init__(self, route: Route, meter: Meter) -> None:
        self._route, self._meter = route, meter
        self._native = LM15Engine(route.router)
        self._litellm = LiteLLMEngine(**route.options)

    def __deepcopy__(self, _: Any) -> RoleEngine:
        """Optimizers copy programs; the connection and its meter stay one."""
        return self

    def complete(self, request: lm15.Request) -> lm15.Response:
        """One attempt."""
        request = _extend(request, self._route)
        native = _speaks_natively(self._route, self._native, request)
        response = (self._native if native else self._litellm).complete(request)
        self._meter.note(self._route.role, read_usage(response, request, self._route.provider))
        return cap_reply(response)

    def stream(self, request: lm15.Request) -> Iterator[Any]:
        """Not offered: a vote is read whole."""
        raise lm15.UnsupportedFeatureError("Rematch's engine does not stream", feature="stream")

    def close(self) -> None:
        """Close the native engine's connections."""
        self._native.close()


class AsyncRoleEngine:
    """Async door of one role's engine; inner engines are kept one per running loop."""

    def __init__(self, route: Route, meter: Meter) -> None:
        self._route, self._meter = route, meter
        self._planner = LM15Engine(route.router)
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Inner] = WeakKeyDictionary()

    def __deepcopy__(self, _: Any) -> AsyncRoleEngine:
        """Optimizers copy programs; the connections and their meter stay one."""
        return self

    async def complete(self, request: lm15.Request) -> lm15.Response:
        """One attempt; equal requests under way together go as one with n completions."""
        request = _extend(request, self._route)
        inner = await self._find_inner()
        if same_requests.get() > 1:
            response, usage = await inner.joined.complete(request, same_requests.get())
        else:
            response = await inner.complete(request)
            usage = read_usage(response, request, self._route.provider)
        self._meter.note(self._route.role, usage)
        return cap_reply(response)

    async def _find_inner(self) -> _Inner:
        loop = asyncio.get_running_loop()
        inner = self._loops.get(loop)
        if inner is None:
            inner = self._loops[loop] = _Inner(self._route, self._planner)
            await inner.close_with_loop()
        return inner

    async def stream(self, request: lm15.Request) -> AsyncIterator[Any]:
        """Not offered: a vote is read whole."""
        raise lm15.UnsupportedFeatureError("Rematch's engine does not stream", feature="stream")
        yield

    async def aclose(self) -> None:
        """Close this loop's connections now; a loop that ends closes them by itself."""
        inner = self._loops.pop(asyncio.get_running_loop(), None)
        if inner is not None:
            await inner.aclose()


class _Inner:
    """The engines of one event loop."""

    def __init__(self, route: Route, planner: LM15Engine) -> None:
        self._route, self._planner = route, planner
        self._native = AsyncLM15Engine(route.router)
        self._litellm = AsyncLiteLLMEngine(**route.options)
        self.joined = JoinedRequests(route.options, route.provider, self.complete)

    async def complete(self, request: lm15.Request) -> lm15.Response:
        native = _speaks_natively(self._route, self._planner, request)
        return await (self._native if native else self._litellm).complete(request)

    async def close_with_loop(self) -> None:
        """Let the loop's end close the connections: it closes its async generators first."""
        self._guard = self._stay_open()
        await anext(self._guard)

    async def aclose(self) -> None:
        await self._guard.aclose()

    async def _stay_open(self) -> AsyncGenerator[None]:
        try:
            yield
        finally:
            await self._native.aclose()
            await close_litellm_clients()


def _extend(request: lm15.Request, route: Route) -> lm15.Request:
    if not route.extensions:
        return request
    extensions = {**(request.config.extensions or {}), **route.extensions}
    return replace(request, config=replace(request.config, extensions=extensions))


def _speaks_natively(route: Route, planner: LM15Engine, request: lm15.Request) -> bool:
    if not route.native:
        return False
    try:
        planner.plan(request)
    except lm15.CapabilityError:
        return False
    return True


def cap_reply(response: lm15.Response) -> lm15.Response:
    """The response with at most 64,000 characters of text."""
    text = response.text
    if text is None or len(text) <= REPLY_CAP:
        return response
    return replace(response, message=lm15.Message.assistant(text[:REPLY_CAP]))
