"""Splits by task: train, validation and held-out test, alike in repositories and difficulty."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from rematch.data.records import StoredRecord
from rematch.errors import InputError
from rematch.optimizers.leaks import group_copies
from rematch.seeds import derive_random

Side = Literal["train", "validation", "test"]
SIDES: tuple[Side, ...] = ("train", "validation", "test")
Shares = tuple[float, float, float]

_REPOSITORY = re.compile(r"(.+__.+)-[^-]+")
_DIFFICULTIES = ((1 / 3, "hard"), (2 / 3, "middle"), (1.0, "easy"))


@dataclass(frozen=True)
class Splittable:
    """What a task is split by: its text, and how often its attempts pass."""

    id: str
    text: str
    pass_rate: float

    @property
    def stratum(self) -> tuple[str, str]:
        """Repository ("" where the id names none) and difficulty."""
        found = _REPOSITORY.fullmatch(self.id)
        difficulty = next(name for most, name in _DIFFICULTIES if self.pass_rate <= most)
        return (found[1] if found else "", difficulty)


class Split(StoredRecord):
    """Which task is on which side. `digest` knows the examples made from it again, by side."""

    seed: int = 0
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    digest: dict[str, str] = Field(default_factory=dict)

    def find_side(self, task_id: str) -> Side | None:
        """The task's side; None for a task that is in none."""
        return next((side for side in SIDES if task_id in getattr(self, side)), None)


def split_tasks(tasks: Sequence[Splittable], shares: Shares, seed: int) -> Split:
    """Deal tasks out to the sides.

    Tasks are dealt in the order of their strata, so every stratum spreads over the sides by the
    shares, however small it is; near-copies go together.

    Args:
        tasks: at least three whose texts are no copies of each other.
        shares: of train, validation and test.
        seed: of the order within strata.

    Raises:
        InputError: there are too few tasks.
    """
    by_id = {task.id: task for task in tasks}
    groups = group_copies({task.id: task.text for task in sorted(tasks, key=lambda t: t.id)})
    derive_random(seed, "split", len(groups)).shuffle(groups)
    groups.sort(key=lambda group: by_id[group[0]].stratum)
    if len(groups) < len(SIDES):
        raise InputError(
            f"{len(groups)} tasks that differ in their text and have mixed outcomes: tuning needs "
            "at least one each for training, validation and test"
        )
    dealt: dict[Side, list[list[str]]] = {side: [] for side in SIDES}
    for place, group in enumerate(groups, 1):
        side = max(SIDES, key=lambda s: shares[SIDES.index(s)] * place - len(dealt[s]))
        dealt[side].append(group)
    for side in SIDES:  # with very few tasks a small share may have got none
        if not dealt[side]:
            dealt[side].append(max(dealt.values(), key=len).pop())
    ids = {side: tuple(sorted(id for group in dealt[side] for id in group)) for side in SIDES}
    return Split(seed=seed, train=ids["train"], validation=ids["validation"], test=ids["test"])


def hold_out(
    tasks: Sequence[Splittable], share: float, seed: int, told: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Two sides: the tasks to work on, and those that are held out.

    Args:
        tasks: likewise.
        share: of the held-out ones.
        seed: of the order within strata.
        told: what the tasks are, for the user.

    Raises:
        InputError: there are too few tasks.
    """
    half = (1 - share) / 2
    try:
        split = split_tasks(tasks, (half, half, share), seed)
    except InputError as error:
        raise InputError(f"{told}: too few whose texts differ to split") from error
    return tuple(sorted((*split.train, *split.validation))), split.test


def read_split(path: Path) -> Split:
    """Read a split that an earlier tuning wrote.

    Raises:
        InputError: the file is none.
    """
    try:
        return Split.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        raise InputError(f"{path}: is no split ({error.errors()[0]['msg']})") from error


def hash_lines(lines: Iterable[str]) -> str:
    """A hash of examples' lines, by which they are known again."""
    return hashlib.sha256(json.dumps(list(lines)).encode()).hexdigest()[:16]
