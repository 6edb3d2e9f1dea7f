"""HTTP/1.1 on asyncio streams, as much as an API client uses, and OpenAI's JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from rematch.testing.request import ChatRequest, Reply
from rematch.testing.usage import Usage

HEAD_LIMIT = 65536


@dataclass(frozen=True)
class HttpRequest:
    """One request; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


async def read_request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> HttpRequest | None:
    """The next request of a connection; None when the client is done or breaks off."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, path, _ = first.split(" ", 2)
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in headers.get("transfer-encoding", ""):
            body = await _read_chunks(reader)
        else:
            body = await reader.readexactly(int(headers.get("content-length", 0)))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        return None
    return HttpRequest(method, path.partition("?")[0], headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks: list[bytes] = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(chunks)


def response(
    status: int,
    body: bytes,
    content_type: str = "application/json",
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """A whole HTTP response."""
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"content-type: {content_type}",
        f"content-length: {len(body)}",
        *(f"{name}: {value}" for name, value in (extra or {}).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def json_response(status: int, value: object, extra: Mapping[str, str] | None = None) -> bytes:
    """A whole HTTP response with a JSON body."""
    return response(status, json.dumps(value).encode(), extra=extra)


def completion(
    request: ChatRequest,
    replies: Sequence[Reply],
    usage: Usage,
    extra: Mapping[str, str] | None = None,
) -> bytes:
    """The HTTP response for a chat completion, as one body or as server-sent events."""
    if request.params.get("stream"):
        return response(200, _events(request, replies, usage), "text/event-stream", extra)
    choices = [
        {"index": index, "finish_reason": reply.finish, "logprobs": None, "message": _fields(reply)}
        for index, reply in enumerate(replies)
    ]
    body = _envelope(request, "chat.completion") | {"choices": choices, "usage": _usage(usage)}
    return json_response(200, body, extra)


def _envelope(request: ChatRequest, kind: str) -> dict[str, Any]:
    identifier = f"chatcmpl-{request.number}"
    return {"id": identifier, "object": kind, "created": 1, "model": request.model}


def _usage(usage: Usage) -> dict[str, Any]:
    cached = {"cached_tokens": usage.cached_tokens, "cache_write_tokens": usage.written_tokens}
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.tokens,
        **({"prompt_tokens_details": cached} if any(cached.values()) else {}),
    }


def _fields(reply: Reply) -> dict[str, Any]:
    fields: dict[str, Any] = {"role": "assistant", "content": reply.text}
    if reply.tool_calls:
        fields["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in reply.tool_calls
        ]
    return fields


def _events(request: ChatRequest, replies: Sequence[Reply], usage: Usage) -> bytes:
    head = _envelope(request, "chat.completion.chunk")
    chunks: list[dict[str, Any]] = []
    for index, reply in enumerate(replies):
        delta = _fields(reply)
        for place, call in enumerate(delta.get("tool_calls", ())):
            call["index"] = place
        for part, finish in ((delta, None), ({}, reply.finish)):
            choice = {"index": index, "delta": part, "finish_reason": finish}
            chunks.append(head | {"choices": [choice]})
    if (request.params.get("stream_options") or {}).get("include_usage"):
        chunks.append(head | {"choices": [], "usage": _usage(usage)})
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()
