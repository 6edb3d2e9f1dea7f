"""The scripted judge: answers CompareRollouts by a policy that a test can compute with."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rematch.testing.prompts import Misunderstood, numbered_blocks
from rematch.testing.request import ChatRequest

# Begins with a literal, which is several times faster to find than a word boundary.
QUALITY = re.compile(r"quality(?<!\wquality)=(-?\d+(?:\.\d+)?)")
_IN_BRACKETS = re.compile(rf"\[{QUALITY.pattern}\]")

UNREADABLE = (
    "I cannot tell these attempts apart.",
    "",
    '{"verdict": "the second"}',
    "[[ ## winner ## ]]\nboth\n\n[[ ## confidence ## ]]\n0.5\n\n[[ ## reasons ## ]]\nequal",
    "[[ ## winner ## ]]\n99\n\n[[ ## confidence ## ]]\n0.9\n\n[[ ## reasons ## ]]\nnobody\n\n"
    "[[ ## completed ## ]]",
)


def marker_quality(text: str) -> float | None:
    """The number of the last marker such as `quality=0.8` in the text; None without one.

    One in brackets goes first: so the scripted summarizer marks its verdict, whatever it quotes.
    """
    found = _IN_BRACKETS.findall(text) or QUALITY.findall(text)
    return float(found[-1]) if found else None


def hash_quality(text: str) -> float:
    """A stable number in [0, 1) made from the text, for candidates that carry no marker."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6]) / 2**48


@dataclass(frozen=True)
class Judge:
    """Votes for the best candidate with probability `accuracy`, else for one of the others.

    Equally good best candidates share the vote evenly. Where all are equal, each is right.

    Attributes:
        accuracy: probability of a right vote; a number, or computed from the request (so that
            a judge can get better by a better instruction).
        quality: a candidate's worth, higher is better. Where it is None for all candidates of
            a request, a hash of their text decides; None for only some is misunderstood.
        slot_bias: probability of naming `biased_slot` whatever stands there; 1 is "always".
        biased_slot: the slot (from 1) that the bias prefers; the last one if there are fewer.
        unreadable: probability of a reply that names no candidate.
        echo: whether the reasons repeat the whole last user message.
        confidence: the stated confidence, or computed from whether the vote is right.
    """

    accuracy: float | Callable[[ChatRequest], float] = 1.0
    quality: Callable[[str], float | None] = marker_quality
    slot_bias: float = 0.0
    biased_slot: int = 1
    unreadable: float = 0.0
    echo: bool = False
    confidence: float | Callable[[bool, random.Random], float] = 0.75
    role: str = "judge"

    def matches(self, request: ChatRequest) -> bool:
        """Whether winner, confidence and reasons are asked for."""
        return request.asks_for("winner", "confidence", "reasons")

    def reply(self, request: ChatRequest, rng: random.Random) -> str | Mapping[str, Any]:
        """One vote."""
        (candidates,) = request.require_prompt().require("candidates")
        worths = self._worths(numbered_blocks(candidates, "Candidate"))
        if rng.random() < self.unreadable:
            return rng.choice(UNREADABLE)
        slot = self._slot(worths, request, rng)
        right = worths[slot] == max(worths)
        reasons = f"Candidate {slot + 1} of {len(worths)} is preferred at {worths[slot]:.4g}."
        return {
            "reasoning": "Compared the candidates.",
            "winner": slot + 1,
            "confidence": (
                self.confidence(right, rng) if callable(self.confidence) else self.confidence
            ),
            "reasons": f"{reasons}\n{request.last_user}" if self.echo else reasons,
        }

    def _worths(self, candidates: tuple[str, ...]) -> list[float]:
        if len(candidates) < 2:
            raise Misunderstood(f"a match needs two candidates, this has {len(candidates)}")
        worths = [self.quality(candidate) for candidate in candidates]
        known = [worth for worth in worths if worth is not None]
        if not known:
            return [hash_quality(candidate) for candidate in candidates]
        if len(known) < len(worths):
            raise Misunderstood(f"only {len(known)} of {len(worths)} candidates carry a quality")
        return known

    def _slot(self, worths: list[float], request: ChatRequest, rng: random.Random) -> int:
        if rng.random() < self.slot_bias:
            return min(self.biased_slot, len(worths)) - 1
        accuracy = self.accuracy(request) if callable(self.accuracy) else self.accuracy
        best = [slot for slot, worth in enumerate(worths) if worth == max(worths)]
        others = [slot for slot in range(len(worths)) if slot not in best]
        return rng.choice(best if rng.random() < accuracy or not others else others)
