"""Servers in processes of their own: a client shall not share its processor with them."""

from __future__ import annotations

import contextlib
import multiprocessing
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

from rematch.testing import Endpoint
from rematch.testing.server import HOST, Outgoing, Peer, Server
from rematch.testing.wire import HttpRequest, json_response

VOTE = (
    "[[ ## winner ## ]]\n1\n\n[[ ## confidence ## ]]\n0.8\n\n[[ ## reasons ## ]]\n"
    "Candidate 1 is preferred: its tests were run.\n\n[[ ## completed ## ]]"
)


@contextlib.contextmanager
def serve(make: Callable[[], Endpoint]) -> Iterator[str]:
    """The address of an endpoint that serves from another process."""
    with _other_process(_serve_endpoint, make) as url:
        yield url


@contextlib.contextmanager
def serve_votes() -> Iterator[str]:
    """The address of a server that knows one answer, and gives it at once."""
    with _other_process(_serve_votes) as url:
        yield url


@contextlib.contextmanager
def _other_process(target: Callable[..., None], *given: Any) -> Iterator[str]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *given), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("end")
        process.join()


def _serve_endpoint(pipe: Connection, make: Callable[[], Endpoint]) -> None:
    with make() as endpoint:
        pipe.send(endpoint.url)
        pipe.recv()


def _serve_votes(pipe: Connection) -> None:
    message = {"role": "assistant", "content": VOTE}
    reply = {
        "id": "one",
        "object": "chat.completion",
        "created": 0,
        "model": "scripted",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
    }
    answer = Outgoing(json_response(200, reply))

    async def handle(http: HttpRequest, peer: Peer) -> Outgoing:
        return answer

    server = Server(handle)
    server.start()
    pipe.send(f"http://{HOST}:{server.port}/v1")
    pipe.recv()
    server.stop()
