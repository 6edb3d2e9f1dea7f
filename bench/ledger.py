"""What recording a call costs: looking it up, reserving it, settling it, in a file."""

from __future__ import annotations

import asyncio
import hashlib
import statistics
import tempfile
import time
from pathlib import Path

from dspy import lm15

from bench.figures import Figure
from bench.serving import VOTE
from rematch.data.records import Usage
from rematch.runs.keys import dump_reply
from rematch.runs.ledger import Ledger
from rematch.runs.ledger_rows import Amount, Answered, Asked

CALLS, IN_FLIGHT = 3_000, 64


def measure() -> list[Figure]:
    """The median of calls one by one; beside it, the mean of calls side by side."""
    with tempfile.TemporaryDirectory() as folder:
        singly = asyncio.run(_time_singly(Ledger(Path(folder) / "one.sqlite")))
        together = asyncio.run(_time_together(Ledger(Path(folder) / "many.sqlite")))
    told = f"{1e3 * together:.3f} ms a call where {IN_FLIGHT} are in flight; {CALLS:,} calls each"
    return [Figure("ledger overhead per call, median, in ms", 1e3 * singly, 1.0, beside=(told,))]


async def _time_singly(ledger: Ledger) -> float:
    took = []
    for number in range(CALLS):
        began = time.perf_counter()
        await _record(ledger, number)
        took.append(time.perf_counter() - began)
    ledger.close()
    return statistics.median(took)


async def _time_together(ledger: Ledger) -> float:
    waiting = iter(range(CALLS))

    async def work() -> None:
        for number in waiting:
            await _record(ledger, number)

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    ledger.close()
    return (time.perf_counter() - began) / CALLS


async def _record(ledger: Ledger, number: int) -> None:
    """A call's way through the ledger; its reply is dumped as the engine does it."""
    key = hashlib.sha256(str(number).encode()).digest()
    assert ledger.find(key) is None
    await ledger.reserve([Asked(key, "judge", "openai/scripted", number, Amount(0.01, 1, 1_000))])
    response = lm15.response_from_openai_chat(
        {
            "id": "one",
            "model": "scripted",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "content": VOTE},
                    "finish_reason": "stop",
                }
            ],
            "usage": {"prompt_tokens": 1000, "completion_tokens": 50, "total_tokens": 1050},
        },
        model="scripted",
    )
    usage = Usage(calls=1, input_tokens=1_000, output_tokens=50, cost_usd=0.001)
    await ledger.settle([(key, Answered("openai/scripted", dump_reply(response), usage))])
