"""Candidates: every prompt that an optimizer tries, and how it scores on the examples that decide.

Kept beside whatever an optimizer keeps itself, so that the best so far is known however it ends.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Collection
from typing import Any, Self

import dspy
from pydantic import BaseModel, ConfigDict

from rematch.errors import HaltError
from rematch.programs.saved import SavedPredictor, dump_predictor


class Candidate(BaseModel):
    """One prompt and its scores by example; `mean` is None until every deciding one is scored."""

    model_config = ConfigDict(frozen=True)

    name: str
    number: int
    state: SavedPredictor
    mean: float | None = None


class Candidates:
    """All candidates of one tuning. Safe to share between threads.

    Args:
        deciding: keys of the examples that decide between candidates.
        on_complete: told each candidate whose last deciding example was scored.
    """

    def __init__(
        self, deciding: Collection[str], on_complete: Callable[[Candidate], None] | None = None
    ) -> None:
        self._deciding = frozenset(deciding)
        self._on_complete = on_complete
        self._lock = threading.Lock()
        self._known: dict[str, Candidate] = {}
        self._scores: dict[str, dict[str, float]] = {}
        self._reason = ""

    def __deepcopy__(self, _: Any) -> Self:
        """Optimizers copy what they tune; the list of candidates stays one."""
        return self

    def name(self, predictor: dspy.Predict) -> str:
        """The candidate that a predictor's prompt is; equal prompts are one."""
        if self._reason:
            raise HaltError(self._reason)
        state = dump_predictor(predictor)
        name = hashlib.sha256(state.model_dump_json().encode()).hexdigest()[:12]
        with self._lock:
            if name not in self._known:
                self._known[name] = Candidate(name=name, number=len(self._known), state=state)
                self._scores[name] = {}
        return name

    def note(self, name: str, key: str, score: float) -> None:
        """Note a candidate's score on one example; those that do not decide are passed over."""
        if key not in self._deciding:
            return
        with self._lock:
            scores = self._scores[name]
            was_complete = len(scores) == len(self._deciding)
            scores[key] = score
            if was_complete or len(scores) < len(self._deciding):
                return
            mean = sum(scores[each] for each in sorted(scores)) / len(scores)
            found = self._known[name].model_copy(update={"mean": mean})
            self._known[name] = found
        if self._on_complete:
            self._on_complete(found)

    def stop(self, reason: str) -> None:
        """Refuse every further question: threads of an optimizer may still be under way."""
        self._reason = reason

    @property
    def count(self) -> int:
        """How many candidates were tried."""
        return len(self._known)

    @property
    def best(self) -> Candidate | None:
        """The best completely scored one, the first of equals; None where there is none."""
        complete = [one for one in self._known.values() if one.mean is not None]
        return max(complete, key=lambda one: (one.mean or 0.0, -one.number), default=None)
