"""Equal requests under way together become one request with n completions.

DSPy's own `n` is sequential on a custom engine, and a vote must stay a call of its own (its
sample, its parse), so the joining happens here, on the wire.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from dspy import lm15
from dspy.clients.engines.litellm_engine import AsyncLiteLLMEngine
from dspy.clients.engines.litellm_errors import litellm_errors
from dspy.clients.lm15_boundary import request_kwargs

from rematch.data.records import Usage
from rematch.runs.metering import read_usage, share_usage

_PATIENCE = 1.0
"""Seconds to wait for a straggler: some of the expected requests may never come."""

Reply = tuple[lm15.Response, Usage]


class _SharedRequest:
    def __init__(self, request: lm15.Request, expected: int) -> None:
        self.request = request
        self.expected = expected
        self.waiting: list[asyncio.Future[Reply]] = []
        self.timer: asyncio.TimerHandle | None = None


class JoinedRequests:
    """Collects equal requests of one event loop and sends each set once.

    Args:
        options: litellm's client options.
        provider: names the price list.
        complete: sends a single request, for providers without n.
    """

    def __init__(
        self,
        options: dict[str, Any],
        provider: str,
        complete: Callable[[lm15.Request], Awaitable[lm15.Response]],
    ) -> None:
        self._engine = _ManyCompletions(**options)
        self._provider = provider
        self._complete = complete
        self._open: dict[str, _SharedRequest] = {}
        self._sending: set[asyncio.Task[None]] = set()

    async def complete(self, request: lm15.Request, expected: int) -> Reply:
        """This caller's completion, and its share of what the request cost."""
        loop = asyncio.get_running_loop()
        key = json.dumps(request_kwargs(request, "chat"), sort_keys=True)
        shared = self._open.setdefault(key, _SharedRequest(request, expected))
        mine: asyncio.Future[Reply] = loop.create_future()
        shared.waiting.append(mine)
        if shared.timer:
            shared.timer.cancel()
        if len(shared.waiting) >= shared.expected:
            self._send(key)
        else:
            shared.timer = loop.call_later(_PATIENCE, self._send, key)
        return await mine

    def _send(self, key: str) -> None:
        shared = self._open.pop(key)
        task = asyncio.get_running_loop().create_task(self._deliver(shared))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _deliver(self, shared: _SharedRequest) -> None:
        waiting = shared.waiting
        try:
            outcomes = await self._ask(shared.request, len(waiting))
        except Exception as error:  # noqa: BLE001 - every caller gets it and raises it
            outcomes = [error] * len(waiting)
        for future, outcome in zip(waiting, outcomes, strict=True):
            if future.done():
                continue
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    async def _ask(self, request: lm15.Request, n: int) -> list[Reply | BaseException]:
        """As many outcomes. What one request did not bring is asked for singly."""
        replies: list[Reply | BaseException] = []
        # Looking it up imports litellm, which takes seconds the first time.
        if n > 1 and await asyncio.to_thread(_takes_n, request.model):
            responses = (await self._engine.complete_many(request, n))[:n]
            total = read_usage(responses[0], request, self._provider)
            replies += zip(responses, share_usage(total, len(responses)), strict=True)
        missing = (self._ask_one(request) for _ in range(n - len(replies)))
        return replies + await asyncio.gather(*missing, return_exceptions=True)

    async def _ask_one(self, request: lm15.Request) -> Reply:
        reply = await self._complete(request)
        return reply, read_usage(reply, request, self._provider)


class _ManyCompletions(AsyncLiteLLMEngine):
    """litellm with n completions, each as a response of its own."""

    async def complete_many(self, request: lm15.Request, n: int) -> list[lm15.Response]:
        """At least one response; some servers take n and answer with fewer."""
        import litellm

        arguments = {**self._arguments(request), "n": n}
        with litellm_errors(model=request.model):
            reply = await litellm.acompletion(**arguments)
        body = json.loads(reply.model_dump_json())
        if not body["choices"]:
            raise lm15.ServerError("the reply has no choices")
        return [
            lm15.response_from_openai_chat({**body, "choices": [choice]}, model=request.model)
            for choice in body["choices"]
        ]


async def close_litellm_clients() -> None:
    """Close the clients that litellm keeps for the running loop; other loops' stay open."""
    litellm = sys.modules.get("litellm")
    cache = getattr(litellm, "in_memory_llm_clients_cache", None)
    if cache is None:
        return
    loops_suffix = cache.update_cache_key_with_event_loop("")
    for key in [key for key in cache.cache_dict if key.endswith(loops_suffix)]:
        client = cache.cache_dict[key]
        cache.delete_cache(key)
        close = getattr(client, "aclose", None) or getattr(client, "close", None)
        closing = close() if close else None
        if inspect.isawaitable(closing):
            await closing


def _takes_n(model: str) -> bool:
    import litellm

    supported = litellm.get_supported_openai_params(model=model)
    return supported is not None and "n" in supported
