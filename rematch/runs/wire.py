"""One model on the wire: natively where that serves, through litellm for the rest. One try."""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

from dspy import lm15
from dspy.clients._litellm import get_litellm
from dspy.clients.engines.litellm_engine import AsyncLiteLLMEngine
from dspy.clients.engines.litellm_errors import litellm_errors
from dspy.clients.engines.lm15_engine import AsyncLM15Engine, LM15Engine

from rematch.runs.listening import Listener, ListeningTransport, listen, read_litellm
from rematch.runs.marks import Cut, Marker, mark_blocks, mark_natively, takes_marks
from rematch.runs.replies import cap_reply, count_cache
from rematch.runs.routes import Route


class Wire:
    """Sends requests to one model; connections are kept one set per running loop.

    Args:
        route: how the model is reached.
        hear: gets the rate limits that successful replies tell.
        marked: whether prompts are marked for a cache that must be told.
    """

    def __init__(self, route: Route, hear: Listener, *, marked: bool = True) -> None:
        self.route = route
        self._hear = hear
        self._takes_marks: bool | None = None if marked else False
        self._marker = Marker(route.role)
        self._planner = LM15Engine(route.router)
        self._plans: dict[Any, bool] = {}
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, _Connections] = (
            WeakKeyDictionary()
        )

    async def send(
        self, request: lm15.Request, n: int = 1, *, repeated: bool = False
    ) -> list[lm15.Response]:
        """One try at a request: at least one response, `n` of them where the provider allows.

        Args:
            request: what to send.
            n: completions.
            repeated: whether equal requests come after this one, or came before.
        """
        request = self._address(request)
        if not await self.takes_marks():
            return await self._carry(request, n, [])
        with self._marker.place(request, repeated=repeated) as cuts:
            return await self._carry(request, n, cuts)

    async def takes_marks(self) -> bool:
        """Whether prompts are marked for the provider's cache."""
        if self._takes_marks is None:
            natively = _marks_natively(self.route)
            self._takes_marks = natively or await asyncio.to_thread(takes_marks, self.route.model)
        return self._takes_marks

    async def _carry(
        self, request: lm15.Request, n: int, cuts: Sequence[Cut]
    ) -> list[lm15.Response]:
        connections = await self._connect()
        many = n > 1 and await self.takes_n()
        # The native engine has marks for Anthropic's own form only.
        fits = not cuts or _marks_natively(self.route)
        if not many and fits and self._speaks_natively(request):
            response = await connections.native.complete(mark_natively(request, cuts))
            responses = [count_cache(response, self.route.provider)]
        else:
            wanted = n if many else 1
            responses = (await connections.litellm.complete_many(request, wanted, cuts))[:wanted]
        return [cap_reply(response) for response in responses]

    async def takes_n(self) -> bool:
        """Whether one request may ask for several completions."""
        # Looking it up imports litellm, which takes seconds the first time.
        return await asyncio.to_thread(_takes_n, self.route.model)

    async def aclose(self) -> None:
        """Close this loop's connections now; a loop that ends closes them by itself."""
        connections = self._loops.pop(asyncio.get_running_loop(), None)
        if connections is not None:
            await connections.aclose()

    def _address(self, request: lm15.Request) -> lm15.Request:
        route = self.route
        if request.model != route.model:
            request = replace(request, model=route.model)
        if route.extensions:
            extensions = {**(request.config.extensions or {}), **route.extensions}
            request = replace(request, config=replace(request.config, extensions=extensions))
        return request

    async def _connect(self) -> _Connections:
        loop = asyncio.get_running_loop()
        connections = self._loops.get(loop)
        if connections is None:
            connections = self._loops[loop] = _Connections(self.route, self._hear)
            await connections.close_with_loop()
        return connections

    def _speaks_natively(self, request: lm15.Request) -> bool:
        """Whether the native engine can carry the request; it depends on its form alone."""
        if not self.route.native:
            return False
        form = _read_form(request)
        known = self._plans.get(form) if form is not None else None
        if known is None:
            try:
                self._planner.plan(request)
                known = True
            except lm15.CapabilityError:
                known = False
            if form is not None:
                self._plans[form] = known
        return known


class _Connections:
    """The engines of one event loop."""

    def __init__(self, route: Route, hear: Listener) -> None:
        router = listen(route.router, hear)
        self._transport: ListeningTransport = router.transport
        self.native = AsyncLM15Engine(router)
        self.litellm = _ManyCompletions(hear, **route.options)

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
            await self.native.aclose()
            await self._transport.aclose()  # an engine leaves open what it was given
            await close_litellm_clients()


class _ManyCompletions(AsyncLiteLLMEngine):
    """litellm with marked prompts and n completions, each as a response of its own.

    A listener hears the limits.
    """

    def __init__(self, hear: Listener, **options: Any) -> None:
        super().__init__(**options)
        self._hear = hear

    async def complete_many(
        self, request: lm15.Request, n: int, cuts: Sequence[Cut]
    ) -> list[lm15.Response]:
        """At least one response; some servers take n and answer with fewer."""
        arguments = {**self._arguments(request), "n": n}
        if cuts:
            arguments["messages"] = mark_blocks(arguments["messages"], cuts)
        litellm = get_litellm(feature="Rematch")
        with litellm_errors(model=request.model):
            reply = await litellm.acompletion(**arguments)
        self._hear(read_litellm(reply))
        body = json.loads(reply.model_dump_json())
        if not body["choices"]:
            raise lm15.ServerError("the reply has no choices")
        return [
            lm15.response_from_openai_chat({**body, "choices": [choice]}, model=request.model)
            for choice in body["choices"]
        ]


def _read_form(request: lm15.Request) -> Any:
    """What decides who can carry a request, where it is text alone; else None."""
    plain = isinstance(request.system, str | None) and not request.tools
    if not plain or any(message.text is None for message in request.messages):
        return None
    roles = tuple(message.role for message in request.messages)
    return (roles, repr(request.config))


async def close_litellm_clients() -> None:
    """Close the clients that litellm keeps for the running loop; other loops' stay open."""
    litellm = sys.modules.get("litellm")
    cached = getattr(litellm, "in_memory_llm_clients_cache", None)
    if cached is None:
        return
    loops_suffix = cached.update_cache_key_with_event_loop("")
    for key in [key for key in cached.cache_dict if key.endswith(loops_suffix)]:
        client = cached.cache_dict[key]
        cached.delete_cache(key)
        close = getattr(client, "aclose", None) or getattr(client, "close", None)
        closing = close() if close else None
        if inspect.isawaitable(closing):
            await closing


def _marks_natively(route: Route) -> bool:
    return route.native and route.provider == "anthropic"


@cache
def _takes_n(model: str) -> bool:
    import litellm

    supported: Mapping[str, Any] | list[str] | None
    supported = litellm.get_supported_openai_params(model=model)
    return supported is not None and "n" in supported
