"""What every call of a run takes and says, fixed by a seed and by what is asked."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import Any

from rematch.seeds import derive_random
from rematch.testing import ChatRequest, Endpoint, Latency, Summarizer
from rematch.testing.prompts import numbered_blocks

SEED = 7
MEDIANS = {"agent": 0.5, "summarizer": 0.5, "judge": 0.25}
"""Seconds; log-normal around them, and 2 % of the calls take eight times as long."""
ACCURACY = 0.8
MARK = re.compile(r"mark=([\w-]+);")


def choose_latency(role: str, names: Sequence[str], occurrence: int) -> float:
    """Seconds of a call about these rollouts; equal calls are told apart by their occurrence."""
    rng = derive_random(SEED, "latency", role, *names, occurrence)
    return Latency(MEDIANS[role])(NO_REQUEST, rng)


def choose_slot(names: Sequence[str], occurrence: int) -> int:
    """Which of the candidates shown a vote goes to, from 0: mostly to the best."""
    worths = [derive_random(SEED, "worth", name).random() for name in names]
    best = worths.index(max(worths))
    rng = derive_random(SEED, "vote", *names, occurrence)
    others = [slot for slot in range(len(names)) if slot != best]
    return best if rng.random() < ACCURACY else rng.choice(others)


def make_endpoint() -> Endpoint:
    """An endpoint that plays the script."""

    def wait(request: ChatRequest, rng: random.Random) -> float:
        text = " ".join(message.text for message in request.messages)
        names = tuple(dict.fromkeys(MARK.findall(text)))
        return choose_latency(request.role, names, request.attempt)

    return Endpoint(
        _AskedAgent(),
        _MarkJudge(),
        summarizer=Summarizer(marker=MARK),
        latency=wait,
        keep_messages=False,
    )


class _AskedAgent:
    role = "agent"

    def matches(self, request: ChatRequest) -> bool:
        return request.last_user.startswith("bench agent")

    def reply(self, request: ChatRequest, rng: random.Random) -> str:
        return "I look at the next part."


class _MarkJudge:
    role = "judge"

    def matches(self, request: ChatRequest) -> bool:
        return request.asks_for("winner", "confidence", "reasons")

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        (candidates,) = request.require_prompt().require("candidates")
        blocks = numbered_blocks(candidates, "Candidate")
        names = [MARK.findall(block)[0] for block in blocks]
        slot = choose_slot(names, request.sample)
        reasons = f"Candidate {slot + 1} was tested better."
        return {"winner": slot + 1, "confidence": 0.8, "reasons": reasons}


NO_REQUEST: Any = None
"""`Latency` draws from its generator alone."""
