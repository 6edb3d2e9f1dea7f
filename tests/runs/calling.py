"""Votes over HTTP with a ledger, a budget and patience of their own."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import dspy

from rematch.data.records import Vote
from rematch.programs import Judge
from rematch.runs.budget import Budget, BudgetConfig
from rematch.runs.calls import Calls
from rematch.runs.ledger import Ledger
from rematch.runs.models import ModelConfig, build_lm
from rematch.seams import asker
from rematch.testing import Endpoint
from tests.programs.makers import PATCH_TASK
from tests.programs.serving import make_pool


def open_calls(path: Path | None = None, **limits: Any) -> Calls:
    """What a run's calls share."""
    ledger = Ledger(path)
    return Calls(ledger=ledger, budget=Budget(BudgetConfig(**limits), ledger.spent))


def make_judge(endpoint: Endpoint, calls: Calls, model: str = "openai/m", **config: Any) -> Judge:
    settings = {"first_pause": 0.001, "max_tokens": 300, **config}
    return Judge(
        build_lm("judge", ModelConfig(model=model, api_base=endpoint.url, **settings), calls=calls)
    )


def cast(judge: Judge, samples: Iterable[int], places: int = 64) -> list[Vote | BaseException]:
    """One vote per sample, so many at once; what a vote raised stands in its place.

    Each 500 are another match's votes, 0 to 499: a vote that is asked again is sample 1,000 later.
    """
    entrants = make_pool(2)

    async def main() -> list[Vote | BaseException]:
        room = asyncio.Semaphore(places)

        async def one(sample: int) -> Vote:
            asker.set(f"match {sample // 500}")
            async with room:
                voted: Vote = await judge.acall(
                    task=PATCH_TASK, entrants=entrants, order=(0, 1), sample=sample % 500
                )
                return voted

        with dspy.context(trace=None, disable_history=True):
            return await asyncio.gather(*map(one, samples), return_exceptions=True)

    return asyncio.run(main())


def read_rows(path: Path) -> list[dict[str, Any]]:
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute("SELECT * FROM calls")]
