"""Labelled attempts: a recorded pool joined with its labels, as measuring and fitting need it.

The only readers of labels are fitting and evaluation; selection never imports this.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rematch.data.records import Rollout, Summary, Task
from rematch.errors import InputError
from rematch.evidence.facts import Facts, read_facts
from rematch.evidence.features import measure
from rematch.programs.entries import merge_equal, normalize_patch, order_ties
from rematch.seams import Entrant

_COLUMNS = ("task", "attempt", "reward")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One labelled attempt: what baselines need. `patch` is normalized, "" for none."""

    id: str
    reward: float
    steps: int
    tokens: int | None
    patch: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A distinct entrant: its attempt, its features, and its place where scores are equal."""

    attempt: int
    features: Mapping[str, float]
    eligible: bool
    place: int


@dataclass(frozen=True, slots=True)
class LabelledTask:
    """All labelled attempts at one task. `digest` knows the task's records again."""

    id: str
    digest: str
    attempts: tuple[Attempt, ...]
    candidates: tuple[Candidate, ...]

    @property
    def rewards(self) -> tuple[float, ...]:
        """Every attempt's reward."""
        return tuple(attempt.reward for attempt in self.attempts)

    @property
    def mean_reward(self) -> float:
        """What a random pick has."""
        return sum(self.rewards) / len(self.rewards)

    @property
    def is_mixed(self) -> bool:
        """Whether outcomes differ, so that picking matters."""
        return len(set(self.rewards)) > 1

    def pick(self, score: Callable[[Mapping[str, float]], float]) -> Attempt:
        """The attempt that a bracket judged by `score` ends with."""
        best = max(
            self.candidates,
            key=lambda one: (one.eligible, score(one.features), -one.place),
        )
        return self.attempts[best.attempt]


@dataclass(frozen=True, slots=True)
class LabelledPool:
    """Tasks with labels, and one line for each label or attempt that found no partner."""

    tasks: tuple[LabelledTask, ...]
    problems: tuple[str, ...] = ()


def read_labels(path: Path) -> tuple[dict[tuple[str, str], float], list[str]]:
    """Read a tab-separated file with the columns task, attempt, reward (0..1).

    Returns:
        The rewards, and one line for each row that can't be used.

    Raises:
        InputError: the file can't be read, or its header is another.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: no readable labels ({error.__class__.__name__})") from None
    reader = csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True)
    try:
        rows = list(reader)
    except csv.Error as error:  # such as a quote that is never closed
        raise InputError(f"{path}:{reader.line_num}: {error}") from None
    header = [name.strip().lower() for name in rows[0]] if rows else []
    if any(name not in header for name in _COLUMNS):
        raise InputError(f"{path}: the first line must name the columns {', '.join(_COLUMNS)}")
    places = [header.index(name) for name in _COLUMNS]
    rewards: dict[tuple[str, str], float] = {}
    problems = []
    for number, row in enumerate(rows[1:], 2):
        if not row:
            continue
        cells = [row[place].strip() if place < len(row) else "" for place in places]
        key, reward = (cells[0], cells[1]), _reward(cells[2])
        if reward is None:
            problems.append(f"{path.name}:{number}: reward {cells[2]!r} is no number in 0..1")
        elif key in rewards:
            problems.append(f"{path.name}:{number}: a second label for {'/'.join(key)}")
        else:
            rewards[key] = reward
    return rewards, problems


def join_labels(
    tasks: Iterable[tuple[Task, Sequence[Rollout]]],
    labels: Mapping[tuple[str, str], float],
    seed: int = 0,
) -> LabelledPool:
    """Join rollouts with labels, one task in memory at a time.

    An attempt is known by its rollout id, with or without the task's name before it.

    Args:
        tasks: tasks with their rollouts, as `read_pool` yields them.
        labels: rewards by task and attempt.
        seed: the seed for draws between equals.
    """
    left = dict(labels)
    joined, problems = [], []
    for task, rollouts in tasks:
        known = []
        for rollout in rollouts:
            key = find_label(task, rollout, left)
            if key is not None:
                known.append((rollout, left.pop(key)))
            else:
                problems.append(f"{task.id}/{rollout.id}: no label; left out")
        if known:
            joined.append(_join(task, known, seed))
    problems += [f"{task}/{attempt}: labelled, not in the pool" for task, attempt in left]
    return LabelledPool(tuple(joined), tuple(problems))


def find_label(
    task: Task, rollout: Rollout, labels: Mapping[tuple[str, str], float]
) -> tuple[str, str] | None:
    """The key of a rollout's label; it may be known with or without the task's name before it."""
    return next((key for key in _keys(task, rollout) if key in labels), None)


def _reward(text: str) -> float | None:
    try:
        reward = float(text)
    except ValueError:
        return None
    return reward if math.isfinite(reward) and 0 <= reward <= 1 else None


def _keys(task: Task, rollout: Rollout) -> Iterator[tuple[str, str]]:
    parts = rollout.id.split("/")
    for start in range(len(parts)):
        yield task.id, "/".join(parts[start:])


def _join(task: Task, known: Sequence[tuple[Rollout, float]], seed: int) -> LabelledTask:
    entrants = [Entrant(rollout, Summary(rollout_id=rollout.id)) for rollout, _ in known]
    facts = {rollout.id: read_facts(rollout) for rollout, _ in known}
    distinct, _ = merge_equal(entrants)
    rows = measure([facts[e.id] for e in distinct], [e.weight for e in distinct])
    ranks = order_ties(task, distinct, None, seed).ranks
    places = {rollout.id: index for index, (rollout, _) in enumerate(known)}
    return LabelledTask(
        id=task.id,
        digest=_digest(task.id, facts.values()),
        attempts=tuple(
            Attempt(
                id=rollout.id,
                reward=reward,
                steps=facts[rollout.id].steps,
                tokens=facts[rollout.id].tokens,
                patch=normalize_patch(rollout.patch or ""),
            )
            for rollout, reward in known
        ),
        candidates=tuple(
            Candidate(places[entrant.id], row, entrant.rollout.has_result(task.asks_for), place)
            for entrant, row, place in zip(distinct, rows, ranks, strict=True)
        ),
    )


def _digest(task_id: str, facts: Iterable[Facts]) -> str:
    """Eight hexadecimal digits by which a task's records are known, whatever their paths."""
    sizes = sorted((f.steps, f.commands, f.output_characters, f.patch.size) for f in facts)
    return hashlib.sha256(f"{task_id} {sizes}".encode()).hexdigest()[:8]
