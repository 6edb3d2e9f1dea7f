"""Anthropic's messages API, as much as text needs: to chat completions, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rematch.testing.faults import ErrorAnswer
from rematch.testing.prompts import Misunderstood
from rematch.testing.request import ChatRequest, Reply
from rematch.testing.usage import Usage
from rematch.testing.wire import json_response

PATH = "/messages"
_STOPS = {"stop": "end_turn", "length": "max_tokens", "content_filter": "refusal"}
_ERRORS = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    404: "not_found_error",
    429: "rate_limit_error",
}


def read_messages(body: Mapping[str, Any]) -> dict[str, Any]:
    """The body that asks for the same as a chat completion; marks stay where they are.

    Raises:
        Misunderstood: it lacks what the API demands, or wants more than text.
    """
    if not isinstance(body.get("max_tokens"), int):
        raise Misunderstood("the messages API demands `max_tokens`")
    for name in ("tools", "stream", "n"):
        if body.get(name):
            raise Misunderstood(f"`{name}` is not served on the messages API here")
    turns = body.get("messages")
    if not isinstance(turns, list) or not turns:
        raise Misunderstood("the body needs a non-empty list `messages`")
    system = body.get("system")
    messages = [{"role": "system", "content": system}] if system else []
    for turn in map(_read_turn, turns):
        if messages and messages[-1]["role"] == turn["role"]:
            # Turns of one speaker that follow each other are one.
            messages[-1]["content"] += turn["content"]
        else:
            messages.append(turn)
    return {**{k: v for k, v in body.items() if k != "system"}, "messages": messages}


def _read_turn(turn: Any) -> dict[str, Any]:
    role = turn.get("role") if isinstance(turn, dict) else None
    if role not in ("user", "assistant"):
        raise Misunderstood(f"not a turn of user or assistant: {str(turn)[:80]!r}")
    content = turn.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    if not isinstance(blocks, list) or not blocks:
        raise Misunderstood(f"a turn needs content: {str(turn)[:80]!r}")
    return {"role": role, "content": [*blocks]}


def message(
    request: ChatRequest, reply: Reply, usage: Usage, extra: Mapping[str, str] | None = None
) -> bytes:
    """The HTTP response with one message; cached tokens are counted apart from input."""
    body = {
        "id": f"msg_{request.number}",
        "type": "message",
        "role": "assistant",
        "model": request.model,
        "content": [{"type": "text", "text": reply.text}],
        "stop_reason": _STOPS[reply.finish],
        "stop_sequence": None,
        "usage": {
            "input_tokens": usage.input_tokens - usage.cached_tokens - usage.written_tokens,
            "cache_read_input_tokens": usage.cached_tokens,
            "cache_creation_input_tokens": usage.written_tokens,
            "output_tokens": usage.output_tokens,
        },
    }
    return json_response(200, body, extra)


def error_body(error: ErrorAnswer) -> dict[str, Any]:
    """An HTTP error in Anthropic's shape."""
    kind = _ERRORS.get(error.status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": error.message}}
