"""A chat completion request as a responder sees it, and what a responder may answer."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, Protocol

from rematch.testing.prompts import DspyPrompt, Misunderstood, parse_prompt

Finish = Literal["stop", "length", "tool_calls", "content_filter"]


@dataclass(frozen=True)
class ToolCall:
    """A call of a tool; `arguments` is JSON text."""

    name: str
    arguments: str
    id: str = ""


@dataclass(frozen=True)
class Message:
    """One message of a conversation; content parts are joined into `text`."""

    role: str
    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True)
class Reply:
    """One completion."""

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish: Finish = "stop"


@dataclass
class ChatRequest:
    """One request to `/chat/completions`.

    Two requests are equal when model, messages and tools are; `attempt` says how many equal
    ones arrived before, `sample` how many replies to equal ones were given before. Both make
    randomness independent of the order in which different requests arrive.
    """

    number: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    path: str = "/v1/chat/completions"
    role: str = ""
    attempt: int = 0
    sample: int = 0

    @cached_property
    def model(self) -> str:
        """The model's name as sent."""
        return str(self.body.get("model", ""))

    @cached_property
    def n(self) -> int:
        """How many completions are asked for."""
        n = self.body.get("n")
        n = 1 if n is None else n
        if not isinstance(n, int) or not 1 <= n <= 128:
            raise Misunderstood(f"n must be a whole number from 1 to 128, not {n!r}")
        return n

    @cached_property
    def messages(self) -> tuple[Message, ...]:
        """The conversation."""
        messages = self.body.get("messages")
        if not isinstance(messages, list) or not messages:
            raise Misunderstood("the body needs a non-empty list `messages`")
        return tuple(_message(raw) for raw in messages)

    @cached_property
    def tools(self) -> Mapping[str, Mapping[str, Any]]:
        """The functions on offer, by name."""
        tools = [_require(tool, "tool") for tool in _list(self.body, "tools")]
        functions = [_require(tool.get("function"), "function") for tool in tools]
        return {str(function.get("name")): function for function in functions}

    @cached_property
    def params(self) -> dict[str, Any]:
        """All other parameters, such as temperature and max_tokens."""
        return {k: v for k, v in self.body.items() if k not in ("model", "messages", "n", "tools")}

    @cached_property
    def max_tokens(self) -> int | None:
        """The cap on a reply's tokens, under either of its names."""
        cap = self.body.get("max_completion_tokens", self.body.get("max_tokens"))
        if isinstance(cap, int | None):
            return cap
        raise Misunderstood(f"the cap on tokens must be a whole number, not {cap!r}")

    @cached_property
    def text(self) -> str:
        """All messages' text."""
        return "\n\n".join(message.text for message in self.messages)

    @cached_property
    def last_user(self) -> str:
        """The last user message's text."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @cached_property
    def prompt(self) -> DspyPrompt | None:
        """The DSPy prompt in it; None when it is not DSPy's."""
        system = next((m.text for m in self.messages if m.role in ("system", "developer")), "")
        return parse_prompt(system, self.last_user)

    @cached_property
    def content_hash(self) -> str:
        """Hash of model, messages and tools: what makes two requests equal."""
        parts = [self.model, *sorted(self.tools)]
        for message in self.messages:
            parts += [message.role, message.text]
            parts += [f"{call.id} {call.name} {call.arguments}" for call in message.tool_calls]
        return hashlib.sha256("\0".join(parts).encode(errors="surrogatepass")).hexdigest()

    def asks_for(self, *outputs: str) -> bool:
        """Whether it is a DSPy prompt with all these output fields."""
        return self.prompt is not None and self.prompt.outputs() >= set(outputs)

    def require_prompt(self) -> DspyPrompt:
        """Its DSPy prompt.

        Raises:
            Misunderstood: when there is none.
        """
        if self.prompt is None:
            raise Misunderstood("this is no DSPy prompt")
        return self.prompt


class Responder(Protocol):
    """Answers the requests that it matches. The first one that matches is asked.

    `reply` returns a text, a `Reply`, or the values of a DSPy prompt's output fields; it is
    called once per completion, with `request.sample` and a generator of its own.
    """

    @property
    def role(self) -> str:
        """What the log calls it."""
        ...

    def matches(self, request: ChatRequest) -> bool:
        """Whether this responder answers the request."""
        ...

    def reply(self, request: ChatRequest, rng: random.Random) -> str | Reply | Mapping[str, Any]:
        """One completion."""
        ...


def _message(raw: Any) -> Message:
    if not isinstance(raw, dict) or not isinstance(raw.get("role"), str):
        raise Misunderstood(f"not a message: {str(raw)[:80]!r}")
    calls = tuple(_tool_call(call) for call in _list(raw, "tool_calls"))
    return Message(raw["role"], _content(raw.get("content")), calls)


def _content(content: Any) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    parts = content if isinstance(content, list) else [content]
    texts = [part.get("text") for part in parts if isinstance(part, dict) and _is_text(part)]
    if len(texts) < len(parts):
        raise Misunderstood("only text content is understood")
    return "".join(map(str, texts))


def _is_text(part: Mapping[str, Any]) -> bool:
    return part.get("type") == "text" and isinstance(part.get("text"), str)


def _tool_call(raw: Any) -> ToolCall:
    function = _require(_require(raw, "tool call").get("function"), "function")
    return ToolCall(
        str(function.get("name")), str(function.get("arguments")), str(raw.get("id", ""))
    )


def _require(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misunderstood(f"not a {what}: {str(value)[:80]!r}")
    return value


def _list(body: Mapping[str, Any], name: str) -> list[Any]:
    found = body.get(name) or []
    if not isinstance(found, list):
        raise Misunderstood(f"`{name}` must be a list, not {str(found)[:80]!r}")
    return found
