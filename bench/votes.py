"""Votes a second through Judge, beside what litellm and the bare engine do on the same wire."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any

import dspy
from dspy import lm15
from dspy.clients.engines.lm15_engine import AsyncLM15Engine

from bench.figures import Figure
from bench.makers import TASK, make_entrant
from bench.serving import serve_votes
from rematch.app.building import quiet_dspy
from rematch.programs import Judge
from rematch.runs.calls import Calls
from rematch.runs.ledger import Ledger
from rematch.runs.models import ModelConfig, build_lm
from rematch.runs.routes import find_route

IN_FLIGHT, ROUNDS = 64, 3
VOTES, FLOOR_CALLS = 1_500, 300
MODEL = "openai/scripted"

Ask = Callable[[int], Awaitable[Any]]


def measure() -> list[Figure]:
    """Both ratios, from the medians of rounds that take turns."""
    with serve_votes() as url, quiet_dspy(), tempfile.TemporaryDirectory() as folder:
        judge, litellm, native = asyncio.run(_measure(url, Path(folder)))
    told = (
        f"Judge {judge:,.0f} votes/s; litellm.acompletion {litellm:,.0f} calls/s; "
        f"bare native engine {native:,.0f} calls/s; {IN_FLIGHT} in flight",
    )
    return [
        Figure("votes/s through Judge / litellm.acompletion alone", judge / litellm, 2.5, True),
        Figure("votes/s through Judge / the bare native engine", judge / native, 0.2, True, told),
    ]


async def _measure(url: str, folder: Path) -> tuple[float, float, float]:
    import litellm

    numbers = count()
    calls = Calls(ledger=Ledger(folder / "ledger.sqlite"))
    judge = Judge(build_lm("judge", ModelConfig(model=MODEL, api_base=url), calls=calls))
    entrants = [make_entrant(0, "first"), make_entrant(1, "second")]
    engine = AsyncLM15Engine(find_route("judge", MODEL, url, 600, {}).router)
    messages = _write_prompt(judge, entrants)
    request = lm15.request_from_openai_chat(
        {"model": MODEL, "messages": messages, "temperature": 1.0, "max_tokens": 4_000}
    )

    async def vote(_: int) -> None:
        number = next(numbers)
        cast = await judge.acall(task=TASK, entrants=entrants, order=(0, 1), sample=number)
        assert cast.winner == 0, cast.reasons

    async def ask_litellm(_: int) -> None:
        await litellm.acompletion(
            model=MODEL, messages=messages, api_base=url, api_key="none", max_tokens=4_000
        )

    async def ask_engine(_: int) -> None:
        await engine.complete(request)

    rates: dict[str, list[float]] = {"judge": [], "litellm": [], "native": []}
    plan: list[tuple[str, Ask, int]] = [
        ("judge", vote, VOTES),
        ("litellm", ask_litellm, FLOOR_CALLS),
        ("native", ask_engine, VOTES),
    ]
    for _, ask, _ in plan:
        await _time(ask, IN_FLIGHT)  # imports and connections belong to nobody
    for _ in range(ROUNDS):
        for name, ask, calls_made in plan:
            rates[name].append(await _time(ask, calls_made))
    await engine.aclose()
    calls.close()
    judged, lite, native = (statistics.median(rates[name]) for name in rates)
    return judged, lite, native


async def _time(ask: Ask, calls: int) -> float:
    """Calls a second, so many in flight."""
    waiting = iter(range(calls))

    async def work() -> None:
        for number in waiting:
            await ask(number)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    return calls / (time.perf_counter() - began)


def _write_prompt(judge: Judge, entrants: list[Any]) -> list[dict[str, Any]]:
    """The very messages that the judge sends."""
    shown = "\n\n".join(judge.represent(entrant) for entrant in entrants)
    inputs = {"task": TASK.problem, "candidates": shown}
    signature = judge.compare.signature
    return list(dspy.ChatAdapter().format(signature, judge.compare.demos, inputs))
