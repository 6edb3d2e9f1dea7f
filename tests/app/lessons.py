"""A labelled pool to tune on, and an endpoint that only a better instruction makes better.

Each attempt notes, and its summary repeats, how broadly it was tried and how narrow its change is;
mostly both are higher where it passes. The judge reads either only where its instruction asks.
"""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

from rematch.testing import AttentiveJudge, Coach, Endpoint
from tests.app.recordings import make_patch, make_turns, mini_swe, write

USEFUL = (
    "Prefer the attempt that was tried on more cases.",
    "Prefer the attempt whose change is narrower.",
)
USELESS = (
    "Think step by step.",
    "You are a careful reviewer of great experience.",
    "Prefer the attempt that is described at greater length.",
    "Take your time and be fair to every attempt.",
)
LOOKS_FOR = {
    "tried on more cases": re.compile(r"tried=(\d\.\d+)"),
    "whose change is narrower": re.compile(r"narrow=(\d\.\d+)"),
}
_WORDS = (
    "archive branch buffer cache column cursor driver editor filter folder handle kernel ledger "
    "matrix module packet parser printer reader record router schema screen server signal socket "
    "string system target thread token vector widget window worker"
)


def write_lessons(folder: Path, *, tasks: int = 60, attempts: int = 4, seed: int = 0) -> Path:
    """A pool of tasks that differ in their text, with `labels.tsv` beside them."""
    rng = random.Random(seed)
    rows = ["task\tattempt\treward"]
    for number in range(tasks):
        task = f"org__repo{number % 4}-{number}"
        problem = " ".join(rng.sample(_WORDS.split(), 16)) + f" number {number} fails."
        for attempt in range(attempts):
            tried, narrow = rng.random() / 2, rng.random() / 2
            passes = attempt % 2 == 0
            tried, narrow = (v + 0.5 * (passes ^ (rng.random() < 0.1)) for v in (tried, narrow))
            note = f"Hypothesis: the fix holds, tried={tried:.3f} narrow={narrow:.3f}"
            turns = make_turns(3, says=note)
            document = mini_swe(
                turns, task=task, patch=make_patch(f"fix {attempt}"), problem=problem
            )
            write(folder / task / f"attempt{attempt}.traj.json", document)
            rows.append(f"{task}\tattempt{attempt}\t{int(passes)}")
    (folder / "labels.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def coached(*, useful: bool = True, accuracy: float = 1.0, **settings: Any) -> Endpoint:
    """The endpoint; where nothing useful is proposed it cannot get better.

    `accuracy`: how often the judge names what it holds for best; SIMBA learns from answers that
    come out differently.
    """
    sentences = (*USEFUL, *USELESS) if useful else USELESS
    return Endpoint(
        Coach(sentences), judge=AttentiveJudge(accuracy, looks_for=LOOKS_FOR), **settings
    )
