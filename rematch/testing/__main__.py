"""Serve the scripted endpoint by hand: `python -m rematch.testing`, until Ctrl-C.

Its log is to be read at `{url}/log`.
"""

from __future__ import annotations

import signal
import sys
import threading
from typing import Annotated

import typer

from rematch.testing import Agent, Endpoint, Fault, Judge, Latency


def serve(
    port: Annotated[int, typer.Option(help="0 picks a free one")] = 0,
    seed: Annotated[int, typer.Option(help="of everything random")] = 0,
    accuracy: Annotated[float, typer.Option(help="probability of a right vote")] = 1.0,
    slot_bias: Annotated[float, typer.Option(help="probability of naming slot 1")] = 0.0,
    unreadable: Annotated[float, typer.Option(help="probability of an unreadable vote")] = 0.0,
    command: Annotated[list[str] | None, typer.Option(help="the agent's plan, in order")] = None,
    latency: Annotated[float, typer.Option(help="median seconds per answer")] = 0.0,
    faults: Annotated[float, typer.Option(help="share of answers with a fault")] = 0.0,
    context_window: Annotated[int | None, typer.Option(help="tokens; default none")] = None,
) -> None:
    """Serve a scripted model on 127.0.0.1 and print its address."""
    endpoint = Endpoint(
        judge=Judge(accuracy, slot_bias=slot_bias, unreadable=unreadable),
        agent=Agent(command or ()),
        seed=seed,
        faults={fault: faults / len(Fault) for fault in Fault},
        latency=Latency(latency),
        context_window=context_window,
        keep_messages=False,
        strict=False,
        port=port,
    )
    with endpoint:
        for number in (signal.SIGINT, signal.SIGTERM):  # shells start background jobs deaf to it
            signal.signal(number, signal.default_int_handler)
        try:  # from here on: a client may have its answer, and stop us, before we wait
            sys.stdout.write(f"{endpoint.url}\n")
            sys.stdout.flush()
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.stderr.write(_closing(endpoint))


def _closing(endpoint: Endpoint) -> str:
    lines = [f"{len(endpoint.log)} calls, {endpoint.usage().tokens} tokens"]
    lines += [f"not understood: {entry.reason}" for entry in endpoint.misunderstood]
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    typer.run(serve)
