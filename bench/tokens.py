"""Batched votes: input tokens with n completions in one request, and without."""

from __future__ import annotations

import asyncio

from bench.figures import Figure
from bench.makers import TASK, make_entrant
from rematch.app.building import quiet_dspy
from rematch.data.records import Bracket
from rematch.programs import RTV, Judge, RTVConfig
from rematch.runs.models import ModelConfig, build_lm
from rematch.testing import Endpoint

VOTES, ENTRANTS = 8, 8


def measure() -> list[Figure]:
    """Input tokens by the endpoint's own count; the votes are the same."""
    batched, many = _play("batched")
    singly, few = _play("sequential")
    label = f"batched: input tokens of all votes, n completions on / off, V = {VOTES}"
    told = f"{batched:,} tokens in {many} requests / {singly:,} in {few}"
    return [Figure(label, batched / singly, 0.3, beside=(told,))]


def _play(mode: str) -> tuple[int, int]:
    """Input tokens and requests of one tournament without early stop."""
    config = RTVConfig.model_validate({"votes": VOTES, "mode": mode, "early_stop": False})
    with Endpoint() as endpoint, quiet_dspy():
        lm = build_lm("judge", ModelConfig(model="openai/scripted", api_base=endpoint.url))
        entrants = [make_entrant(number, f"number {number}") for number in range(ENTRANTS)]
        rtv = RTV(Judge(lm), config)
        bracket: Bracket = asyncio.run(rtv.acall(task=TASK, entrants=entrants))
        votes = sum(len(match.votes) for match in bracket.matches)
        assert votes == VOTES * (ENTRANTS - 1)
        return endpoint.usage(role="judge").input_tokens, len(endpoint.log)
