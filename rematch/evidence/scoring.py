"""The scoring model: a weighted sum of features, its weights in a readable JSON file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files

from pydantic import Field, ValidationError

from rematch.data.records import Record, StoredRecord, Task
from rematch.errors import InputError
from rematch.evidence.facts import read_facts
from rematch.evidence.features import NAMES, measure
from rematch.seams import Entrant


class Weight(Record):
    """One feature's weight per `scale` of it, and what it means."""

    name: str
    group: str
    weight: float
    scale: float = Field(gt=0)
    meaning: str


class FittedPool(Record):
    """A labelled pool that served for fitting, known by its hash."""

    name: str
    hash: str
    tasks: int
    attempts: int


class ScoringModel(StoredRecord):
    """The weights, and what they were fitted on. Scores are comparable within a task only."""

    about: str = ""
    strength: float | None = None
    fitted_on: tuple[FittedPool, ...] = ()
    weights: tuple[Weight, ...]

    def explain(self, features: Mapping[str, float]) -> dict[str, float]:
        """What each feature adds to the score, relative to the task's median attempt."""
        return {w.name: w.weight * features.get(w.name, 0.0) / w.scale for w in self.weights}

    def score(self, features: Mapping[str, float]) -> float:
        """The sum of what all features add."""
        return sum(self.explain(features).values())


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
    unknown = [weight.name for weight in model.weights if weight.name not in NAMES]
    if unknown:
        raise InputError(f"{name}: unknown feature {unknown[0]!r}; known are {', '.join(NAMES)}")
    return model


@cache
def load_model() -> ScoringModel:
    """The committed weights."""
    resource = files("rematch.evidence") / "weights.json"
    return parse_model(resource.read_text(encoding="utf-8"), "weights.json")


class EvidenceScorer:
    """Scores entrants by a scoring model (seams.Scorer).

    Args:
        model: the weights; None takes the committed ones.
    """

    def __init__(self, model: ScoringModel | None = None) -> None:
        self.model = model or load_model()

    def __call__(self, task: Task, entrants: Sequence[Entrant]) -> tuple[float, ...]:
        """One score per entrant, higher is better; entrants are the task's population."""
        return tuple(sum(parts.values()) for parts in self.explain(entrants))

    def explain(self, entrants: Sequence[Entrant]) -> list[dict[str, float]]:
        """What each feature adds to each entrant's score."""
        facts = [read_facts(entrant.rollout) for entrant in entrants]
        rows = measure(facts, [entrant.weight for entrant in entrants])
        return [self.model.explain(row) for row in rows]


def score(task: Task, entrants: Sequence[Entrant]) -> tuple[float, ...]:
    """Scores by the committed weights (seams.Scorer)."""
    return EvidenceScorer()(task, entrants)
