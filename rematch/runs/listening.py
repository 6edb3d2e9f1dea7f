"""What a provider tells of its limits beside a successful reply, on either engine."""

from __future__ import annotations

import importlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from dspy import lm15

from rematch.runs.pace import Headers

# By name, as in keys.py: DSPy offers them under no public one.
transports: Any = importlib.import_module("dspy._vendor.lm15.transports")
rate_limits: Any = importlib.import_module("dspy._vendor.lm15.rate_limits")

Listener = Callable[[Headers], None]
_PROVIDERS_OWN = "llm_provider-"
"""What litellm writes before a header that it passes on."""


class ListeningTransport:
    """The native engine's transport; a listener gets the limits told by each success."""

    def __init__(self, transport: Any, hear: Listener) -> None:
        self._transport, self._hear = transport, hear

    @asynccontextmanager
    async def stream(self, request: Any) -> AsyncIterator[Any]:
        """One exchange. What an error tells comes with the error."""
        async with self._transport.stream(request) as response:
            if response.status < 400:
                self._hear(rate_limits.capture_rate_limits(response.headers))
            yield response

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()


def listen(router: lm15.RouterConfig, hear: Listener) -> lm15.RouterConfig:
    """A router like this one, for one event loop, whose successes a listener follows."""
    transport = transports.StdlibAsyncTransport(**router.transport_kwargs())
    return replace(
        router,
        transport=ListeningTransport(transport, hear),
        timeouts=None,
        max_connections=None,
    )


def read_litellm(reply: Any) -> Headers:
    """The limits that a reply of litellm's carries."""
    hidden = getattr(reply, "_hidden_params", None)
    told = hidden.get("additional_headers") if isinstance(hidden, Mapping) else None
    if not isinstance(told, Mapping):
        return {}
    headers: Headers = rate_limits.capture_rate_limits(
        (str(name).removeprefix(_PROVIDERS_OWN), str(value))
        for name, value in told.items()
        if str(name).startswith(_PROVIDERS_OWN)
    )
    return headers
