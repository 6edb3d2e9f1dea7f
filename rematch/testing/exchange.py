"""From a request to its answer: who replies, which sample, which fault, after how long."""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence

from rematch.testing.answer import Answer
from rematch.testing.faults import Fault, FaultPlan, LatencyPlan
from rematch.testing.prompts import Misunderstood
from rematch.testing.request import ChatRequest, Reply, Responder
from rematch.testing.usage import Usage, message_tokens

MALFORMED = "Sure! Here is what I think about it: it depends."

_CONTENT_FAULTS: Mapping[Fault, Reply] = {
    Fault.EMPTY: Reply(""),
    Fault.MALFORMED: Reply(MALFORMED),
    Fault.CONTENT_FILTER: Reply("", finish="content_filter"),
}


class Exchange:
    """Answers requests. Used from one thread.

    Everything random is drawn from (seed, purpose, request content, occurrence). A request
    that meets a fault uses up an attempt but no sample: k replies to equal requests are
    always the samples 0 to k-1, be they asked for one by one, in batches or with retries.
    """

    def __init__(
        self,
        responders: Sequence[Responder],
        *,
        seed: int,
        faults: FaultPlan,
        latency: LatencyPlan,
        context_window: int | None,
    ) -> None:
        self._responders = tuple(responders)
        self._seed = seed
        self._faults = faults
        self._latency = latency
        self._window = context_window
        self._attempts: Counter[str] = Counter()
        self._samples: Counter[str] = Counter()

    def answer(self, request: ChatRequest) -> Answer:
        """The answer; sets the request's role, attempt and sample.

        Raises:
            Misunderstood: when no responder understands the request.
        """
        responder = self._responder(request)
        content = request.content_hash
        request.attempt = self._attempts[content]
        self._attempts[content] += 1
        request.sample = self._samples[content]
        fault = self._faults(request, self._rng("fault", content, request.attempt))
        latency = self._latency(request, self._rng("latency", content, request.attempt))
        input_tokens = message_tokens(request.messages)
        if self._window is not None and input_tokens + (request.max_tokens or 0) > self._window:
            fault = Fault.OVERFLOW
        replies: tuple[Reply, ...] = ()
        if fault is not None and fault in _CONTENT_FAULTS:
            replies = (_CONTENT_FAULTS[fault],) * request.n
        elif fault in (None, Fault.TRUNCATE):
            replies = tuple(self._replies(responder, request))
        if not replies or fault is Fault.TRUNCATE:
            return Answer(replies, Usage(), fault, latency)
        if fault is None:
            self._samples[content] += request.n
        usage = Usage(input_tokens, sum(message_tokens([reply]) for reply in replies))
        return Answer(replies, usage, fault, latency)

    def _responder(self, request: ChatRequest) -> Responder:
        for responder in self._responders:
            if responder.matches(request):
                request.role = responder.role
                return responder
        outputs = sorted(request.prompt.outputs()) if request.prompt else None
        what = f"a DSPy prompt for {outputs}" if outputs else "no DSPy prompt"
        raise Misunderstood(f"no responder matches {what}, tools {sorted(request.tools)}")

    def _replies(self, responder: Responder, request: ChatRequest) -> list[Reply]:
        content = request.content_hash
        replies = []
        for sample in range(request.sample, request.sample + request.n):
            request.sample = sample
            made = responder.reply(request, self._rng("reply", content, sample))
            replies.append(_capped(_as_reply(made, request), request.max_tokens))
        return replies

    def _rng(self, purpose: str, content: str, occurrence: int) -> random.Random:
        key = f"{self._seed} {purpose} {content} {occurrence}".encode()
        return random.Random(int.from_bytes(hashlib.sha256(key).digest()[:8]))


def _as_reply(made: str | Reply | Mapping[str, object], request: ChatRequest) -> Reply:
    if isinstance(made, Reply):
        return made
    if isinstance(made, str):
        return Reply(made)
    return Reply(request.require_prompt().structure.render(made))


def _capped(reply: Reply, max_tokens: int | None) -> Reply:
    if max_tokens is None or message_tokens([reply]) <= max_tokens or reply.tool_calls:
        return reply
    kept = reply.text.encode()[: max_tokens * 4].decode(errors="ignore")
    return Reply(kept, finish="length")


def parse_body(body: bytes) -> Mapping[str, object]:
    """The JSON object of a request's body.

    Raises:
        Misunderstood: when it is none.
    """
    try:
        value = json.loads(body)
    except ValueError as error:
        raise Misunderstood(f"the body is no JSON: {error}") from None
    if not isinstance(value, dict):
        raise Misunderstood("the body is no JSON object")
    return value
