"""The scripted endpoint: a server of OpenAI's and Anthropic's API that computes its replies."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from rematch.testing import messages
from rematch.testing.agent_plan import Agent
from rematch.testing.answer import Answer
from rematch.testing.exchange import Exchange, parse_body
from rematch.testing.faults import (
    ErrorAnswer,
    Fault,
    Faults,
    LatencyPlan,
    fault_plan,
    latency_plan,
)
from rematch.testing.judge import Judge
from rematch.testing.log import Call, Log, Misunderstanding, record
from rematch.testing.prompt_cache import PromptCache
from rematch.testing.prompts import Misunderstood
from rematch.testing.request import ChatRequest, Responder
from rematch.testing.server import HOST, Outgoing, Peer, Server
from rematch.testing.usage import Usage
from rematch.testing.wire import HttpRequest, completion, json_response
from rematch.testing.writers import Distiller, Summarizer


class Endpoint:
    """A model server on 127.0.0.1 for tests, answering as judge, summarizer, distiller, agent.

    Use it as a context manager; it serves from a thread of its own. Leaving the context
    raises AssertionError if any request was not understood. Its log can be read over HTTP as
    well, without texts, at `{url}/log`: for one that serves from another process.

        with Endpoint(judge=Judge(accuracy=0.7), seed=3) as endpoint:
            lm = dspy.LM("openai/scripted", api_base=endpoint.url, api_key="any")
            ...
            assert len(endpoint.calls(role="judge")) == 8

    Chat completions are served, and messages of text (`{url}/messages`). Marked beginnings of
    prompts are kept, and counted as Anthropic does.

    Args:
        responders: asked before the built-in ones, in this order.
        judge: answers CompareRollouts.
        summarizer: answers SummarizeRollout.
        distiller: answers DistillSummaries.
        agent: answers requests that offer a `bash` tool.
        seed: of everything random.
        faults: a function, a probability per kind, or a script (see `fault_plan`).
        latency: median seconds, or a function (see `Latency`).
        retry_after: seconds in the Retry-After header of a rate limit that carries one.
        context_window: tokens of input and max_tokens beyond which a request overflows.
        headers: further headers of each answer without a fault, such as a rate limit's.
        keep_messages: whether the log keeps texts; else hashes and sizes only.
        strict: whether leaving the context raises on misunderstood requests.
        port: 0 picks a free one.

    Attributes:
        log: every understood request, in the order of the answers.
        misunderstood: every other one.
        peak: the most requests that were under way together.
    """

    def __init__(
        self,
        *responders: Responder,
        judge: Responder | None = None,
        summarizer: Responder | None = None,
        distiller: Responder | None = None,
        agent: Responder | None = None,
        seed: int = 0,
        faults: Faults = None,
        latency: float | LatencyPlan = 0.0,
        retry_after: float = 1.0,
        context_window: int | None = None,
        headers: Mapping[str, str] | None = None,
        keep_messages: bool = True,
        strict: bool = True,
        port: int = 0,
    ) -> None:
        built_in = (
            judge or Judge(),
            summarizer or Summarizer(),
            distiller or Distiller(),
            agent or Agent(),
        )
        self._exchange = Exchange(
            (*responders, *built_in),
            seed=seed,
            faults=fault_plan(faults),
            latency=latency_plan(latency),
            context_window=context_window,
        )
        self._cache = PromptCache()
        self._retry_after = retry_after
        self._headers = headers
        self._keep_messages = keep_messages
        self._strict = strict
        self._server = Server(self._handle, port)
        self._number = 0
        self._under_way = 0
        self._epoch = time.monotonic()
        self.log = Log()
        self.misunderstood: list[Misunderstanding] = []
        self.peak = 0

    @property
    def url(self) -> str:
        """The `api_base` for clients."""
        return f"http://{HOST}:{self._server.port}/v1"

    @property
    def connections(self) -> int:
        """How many connections clients hold open: one that is not closed stays here."""
        return self._server.open_connections

    def calls(
        self, *, role: str | None = None, model: str | None = None, answered: bool | None = None
    ) -> list[Call]:
        """The logged calls, filtered. `answered`: only those (not) replied to without fault."""
        return [
            call
            for call in self.log
            if (role is None or call.role == role)
            and (model is None or call.model == model)
            and (answered is None or call.answered is answered)
        ]

    def usage(self, *, role: str | None = None, model: str | None = None) -> Usage:
        """Tokens of the logged calls, filtered."""
        return sum((call.usage for call in self.calls(role=role, model=model)), Usage())

    def __enter__(self) -> Self:
        """Start to serve."""
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; complain about misunderstood requests unless an error is under way."""
        self._server.stop()
        if self._strict and self.misunderstood and kind is None:
            first = self.misunderstood[0]
            raise AssertionError(
                f"the endpoint did not understand {len(self.misunderstood)} requests; "
                f"number {first.number}: {first.reason}"
            )

    async def _handle(self, http: HttpRequest, peer: Peer) -> Outgoing:
        number = self._number
        self._number += 1
        self._under_way += 1
        self.peak = max(self.peak, self._under_way)
        try:
            return await self._respond(http, peer, number)
        except Misunderstood as error:
            reason = str(error)
        except Exception as error:  # noqa: BLE001  (a faulty responder of a test must be seen)
            reason = f"answering raised {error!r}"
        finally:
            self._under_way -= 1
        excerpt = http.body[-500:].decode(errors="replace")
        self.misunderstood.append(Misunderstanding(number, http.path, reason, excerpt))
        answer = ErrorAnswer(400, f"scripted endpoint: {reason}", "invalid_request_error")
        return Outgoing(json_response(answer.status, _error_body(http.path, answer)))

    async def _respond(self, http: HttpRequest, peer: Peer, number: int) -> Outgoing:
        if http.method == "GET" and http.path.endswith("/models"):
            return Outgoing(json_response(200, {"object": "list", "data": []}))
        if http.method == "GET" and http.path.endswith("/log"):
            return Outgoing(json_response(200, [call.facts() for call in self.log]))
        if http.method != "POST" or not http.path.endswith(("/chat/completions", messages.PATH)):
            raise Misunderstood(f"{http.method} {http.path} is not served here")
        started = time.monotonic() - self._epoch
        body = parse_body(http.body)
        if http.path.endswith(messages.PATH):
            body = messages.read_messages(body)
        request = ChatRequest(number, body, http.headers, http.path)
        answer = self._exchange.answer(request)
        if answer.usage.tokens:
            answer = replace(answer, usage=self._cache.count(request, answer.usage))
        if answer.latency > 0:
            await asyncio.sleep(answer.latency)
        if answer.usage.tokens:
            self._cache.keep(request)
        ended = time.monotonic() - self._epoch
        self.log.add(
            record(
                request,
                answer,
                started=started,
                ended=ended,
                client_gone=peer.gone,
                keep_messages=self._keep_messages,
            )
        )
        if answer.fault is Fault.HANG:
            await peer.wait_until_gone(3600)
        return self._outgoing(request, answer)

    def _outgoing(self, request: ChatRequest, answer: Answer) -> Outgoing:
        if answer.error:
            wait = {"retry-after": f"{self._retry_after:g}"}
            extra = wait if answer.fault is Fault.RATE_LIMIT_RETRY_AFTER else None
            return Outgoing(
                json_response(answer.status, _error_body(request.path, answer.error), extra)
            )
        if answer.fault in (Fault.HANG, Fault.DROP):
            return Outgoing(b"", cut=True)
        if request.path.endswith(messages.PATH):
            data = messages.message(request, answer.replies[0], answer.usage, self._headers)
        else:
            data = completion(request, answer.replies, answer.usage, self._headers)
        if answer.fault is Fault.TRUNCATE:
            return Outgoing(data[: len(data) * 2 // 3], cut=True)
        return Outgoing(data)


def _error_body(path: str, error: ErrorAnswer) -> dict[str, object]:
    return messages.error_body(error) if path.endswith(messages.PATH) else error.body()
