"""The scripted summarizer and distiller: truthful, extractive, and they keep the markers."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rematch.testing.judge import QUALITY
from rematch.testing.prompts import Misunderstood, numbered_blocks, numbered_steps
from rematch.testing.request import ChatRequest

_CHECK = re.compile(r"\b(?:py)?tests?\b|\bcheck|\bassert", re.IGNORECASE)
_FAILURE = re.compile(r"error|traceback|fail|not found", re.IGNORECASE)
_FENCE = re.compile(r"^`{3,}$")


def quote(text: str, width: int = 120) -> str:
    """The text's first telling line, in quotes; lines of a fence tell nothing."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not _FENCE.match(line)), "")
    return f'"{first[:width]}"' if first else "nothing"


def ranges(numbers: Iterable[int]) -> str:
    """Numbers in short, such as `1-3, 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


@dataclass(frozen=True)
class Summarizer:
    """Answers SummarizeRollout with quotes from the steps that it was shown.

    Attributes:
        marker: what must survive into the summary, so that a judge can decide by it: the last
            match in the trajectory, else in the result.
        width: characters per quote.
        most: claims per list.
    """

    marker: re.Pattern[str] = QUALITY
    width: int = 120
    most: int = 3
    role: str = "summarizer"

    def matches(self, request: ChatRequest) -> bool:
        """Whether a summary's first and last fields are asked for."""
        return request.asks_for("final_outcome", "lessons_to_avoid")

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        """The summary's fields; no chance in it."""
        task, trajectory, result = request.require_prompt().require("task", "trajectory", "result")
        steps = numbered_steps(trajectory)
        if not steps and len(trajectory) > 500:
            raise Misunderstood("the trajectory shows no line `### Step 1`")
        markers = [m[0] for text in (result, trajectory) for m in self.marker.finditer(text)]
        kept = f" [{markers[-1]}]" if markers else ""
        ends = sorted(steps)[:1] + sorted(steps)[1:][-1:]
        failures = [n for n, body in steps.items() if _FAILURE.search(body)]
        return {
            "reasoning": "Read the steps.",
            "final_outcome": f"It ended with {quote(result, self.width)}{kept}.",
            "problem": f"The task says {quote(task, self.width)}.",
            "hypotheses": [
                claim | {"fate": "open"} for claim in self._claims(steps, ends[:1], "began with")
            ],
            "key_actions": self._claims(steps, ends, "says"),
            "progress": f"{len(steps)} steps were shown: {ranges(steps) or 'none'}.",
            "verified": self._claims(
                steps, [n for n, body in steps.items() if _CHECK.search(body)], "checks:", _CHECK
            ),
            "failure_modes": self._claims(steps, failures, "shows", _FAILURE),
            "lessons_to_reuse": self._claims(steps, ends[-1:], "came last:"),
            "lessons_to_avoid": self._claims(steps, failures[:1], "did not work:", _FAILURE),
        }

    def _claims(
        self,
        steps: Mapping[int, str],
        numbers: list[int],
        verb: str,
        telling: re.Pattern[str] | None = None,
    ) -> list[dict[str, Any]]:
        claims = []
        for number in numbers[-self.most :]:
            lines = steps[number].splitlines()
            body = next((ln for ln in lines if telling and telling.search(ln)), steps[number])
            text = f"Step {number} {verb} {quote(body, self.width)}"
            claims.append({"text": text, "steps": [number]})
        return claims


@dataclass(frozen=True)
class Distiller:
    """Answers DistillSummaries with one quote and the marker of every summary."""

    marker: re.Pattern[str] = QUALITY
    width: int = 120
    role: str = "distiller"

    def matches(self, request: ChatRequest) -> bool:
        """Whether a workspace's fields are asked for."""
        return request.asks_for("agreements", "contradictions", "open_ends", "dead_ends")

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        """The workspace's fields; no chance in it."""
        _, summaries = request.require_prompt().require("task", "summaries")
        bodies = numbered_blocks(summaries)
        if not bodies:
            raise Misunderstood("there are no summaries to distill")
        agreements, dead_ends = [], []
        for number, body in enumerate(bodies, start=1):
            marker = self.marker.search(body)
            kept = f" [{marker[0]}]" if marker else ""
            agreements.append(f"Attempt {number}: {quote(body, self.width)}{kept}")
            failing = [line for line in body.splitlines() if _FAILURE.search(line)]
            dead_ends += [f"Attempt {number}: {quote(line, self.width)}" for line in failing[:1]]
        return {
            "reasoning": "Read the summaries.",
            "agreements": agreements,
            "contradictions": [],
            "open_ends": [f"{len(bodies)} summaries were read; none was graded."],
            "dead_ends": dead_ends,
        }
