"""The scoring model: a weighted sum of features, its weights in a readable JSON file."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from importlib.resources import files

from pydantic import Field, ValidationError

from rematch.data.records import Record, StoredRecord, Task
from rematch.errors import InputError
from rematch.evidence.facts import read_facts
from rematch.evidence.features import BY_NAME, measure
from rematch.seams import Entrant


class Weight(Record):
    """One feature's weight per `scale` of it, and what it means."""

    name: str
    group: str
    weight: float
    scale: float = Field(gt=0)
    meaning: str


class FittedPool(Record):
    """A labelled pool that served for fitting. `tasks` holds a short hash of each task in it."""

    name: str
    attempts: int
    tasks: tuple[str, ...]


class ScoringModel(StoredRecord):
    """The weights, and what they were fitted on. Scores are comparable within a task only.

    `strength` is how strongly fitting held the weights to their priors, None for no fitting.
    """

    about: str = ""
    strength: float | None = None
    weights: tuple[Weight, ...]
    fitted_on: tuple[FittedPool, ...] = ()

    def explain(self, features: Mapping[str, float]) -> dict[str, float]:
        """What each feature adds to the score, relative to the task's median attempt."""
        return {w.name: w.weight * features.get(w.name, 0.0) / w.scale for w in self.weights}

    def score(self, features: Mapping[str, float]) -> float:
        """The sum of what all features add."""
        return math.fsum(self.explain(features).values())

    def without(self, groups: Collection[str]) -> ScoringModel:
        """The same weights but for these groups of features."""
        kept = tuple(weight for weight in self.weights if weight.group not in groups)
        return self.model_copy(update={"weights": kept})


def parse_model(text: str, name: str) -> ScoringModel:
    """Read a scoring model from JSON.

    Raises:
        InputError: it is none, or names a feature that this version does not know.
    """
    try:
        model = ScoringModel.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"{name}: no scoring model ({place}: {first['msg']})") from None
    unknown = [weight.name for weight in model.weights if weight.name not in BY_NAME]
    if unknown:
        raise InputError(f"{name}: unknown feature {unknown[0]!r}; known are {', '.join(BY_NAME)}")
    return model


@cache
def load_model() -> ScoringModel:
    """The committed weights."""
    resource = files("rematch.evidence") / "weights.json"
    return parse_model(resource.read_text(encoding="utf-8"), "weights.json")


OWN_TESTS = "own_tests"
_MORE_THAN_ALL_ELSE = 100.0


class EvidenceScorer:
    """Scores entrants by a scoring model (seams.Scorer).

    Where the user's own tests were run on patches, they go first: no sum of features makes up
    for tests that fail.

    Args:
        model: the weights; None takes the committed ones.
    """

    def __init__(self, model: ScoringModel | None = None) -> None:
        self.model = model or load_model()

    def __call__(self, task: Task, entrants: Sequence[Entrant]) -> tuple[float, ...]:
        """One score per entrant, higher is better; entrants are the task's population."""
        return tuple(math.fsum(parts.values()) for parts in self.explain(entrants))

    def explain(self, entrants: Sequence[Entrant]) -> list[dict[str, float]]:
        """What each feature adds to each entrant's score."""
        facts = [read_facts(entrant.rollout) for entrant in entrants]
        rows = measure(facts, [entrant.weight for entrant in entrants])
        parts = [self.model.explain(row) for row in rows]
        tests = [entrant.rollout.own_tests for entrant in entrants]
        if not any(tests):
            return parts
        passed = [tried is not None and tried.exit_code == 0 for tried in tests]
        return [
            {**part, OWN_TESTS: _MORE_THAN_ALL_ELSE * value}
            for part, value in zip(parts, passed, strict=True)
        ]


def score(task: Task, entrants: Sequence[Entrant]) -> tuple[float, ...]:
    """Scores by the committed weights (seams.Scorer)."""
    return EvidenceScorer()(task, entrants)
