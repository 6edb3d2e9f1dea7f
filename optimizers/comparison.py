"""Before and after: the same examples asked with both prompts, compared in pairs."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from pydantic import BaseModel, ConfigDict

from rematch.optimizers.evaluation import compare_paired
from rematch.programs.saved import SavedPredictor
from rematch.statistics import estimate_mean


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Figure(_Part):
    """A mean over tasks and its 95 % interval (bootstrap over tasks)."""

    mean: float
    low: float
    high: float


class Scored(_Part):
    """One example as one prompt did on it."""

    key: str
    task_id: str
    accuracy: float
    score: float
    parts: dict[str, float | None] = {}


class Outcome(_Part):
    """One example with both prompts; the accuracies decide who wins."""

    key: str
    before: float
    after: float


class Comparison(_Part):
    """One side's examples with both prompts.

    `gain` is the mean over tasks of the paired differences in accuracy. `wins` and `losses` count
    examples; `p` is McNemar's, exact and two-sided (a sign test where an example has more than two
    outcomes). `parts` are further means by name, before and after.
    """

    n_tasks: int
    n_examples: int
    before: Figure
    after: Figure
    gain: Figure
    wins: int
    losses: int
    p: float
    parts: dict[str, tuple[float | None, float | None]] = {}
    outcomes: tuple[Outcome, ...] = ()


def compare(before: Sequence[Scored], after: Sequence[Scored], seed: int) -> Comparison:
    """Compare two prompts on the same examples.

    Args:
        before: with the start; at least one example.
        after: with the tuned prompt, in the same order.
        seed: of the bootstrap.
    """
    paired = compare_paired([one.accuracy for one in after], [one.accuracy for one in before])
    rows = list(zip(before, after, strict=True))
    return Comparison(
        n_tasks=len({one.task_id for one in before}),
        n_examples=len(before),
        before=_estimate({one.key: (one.task_id, one.accuracy) for one in before}, seed),
        after=_estimate({one.key: (one.task_id, one.accuracy) for one in after}, seed),
        gain=_estimate({a.key: (a.task_id, b.accuracy - a.accuracy) for a, b in rows}, seed),
        wins=paired.better,
        losses=paired.worse,
        p=paired.p,
        parts={
            name: (_mean(before, name), _mean(after, name))
            for name in sorted({name for one in (*before, *after) for name in one.parts})
        },
        outcomes=tuple(Outcome(key=a.key, before=a.accuracy, after=b.accuracy) for a, b in rows),
    )


def diff_prompts(before: SavedPredictor, after: SavedPredictor) -> str:
    """What tuning changed in a prompt, as a unified diff; "" where nothing."""
    one, other = _write_prompt(before), _write_prompt(after)
    return "\n".join(difflib.unified_diff(one, other, "start", "tuned", lineterm="", n=2))


def _write_prompt(state: SavedPredictor) -> list[str]:
    """The instruction, the fields' words and the demonstrations, line by line."""
    fields = [f"{field.prefix} {field.description}" for field in state.signature.fields]
    demos = [f"{name}: {value}" for demo in state.demos for name, value in demo.items()]
    return [
        line
        for text in (state.signature.instructions, *fields, *demos)
        for line in text.splitlines()
    ]


def _estimate(values: Mapping[str, tuple[str, float]], seed: int) -> Figure:
    tasks: dict[str, list[float]] = {}
    for task_id, value in values.values():
        tasks.setdefault(task_id, []).append(value)
    estimate = estimate_mean([sum(own) / len(own) for own in tasks.values()], seed)
    if estimate is None:
        raise ValueError("no examples to compare")
    return Figure(mean=estimate.mean, low=estimate.low, high=estimate.high)


def _mean(scored: Sequence[Scored], name: str) -> float | None:
    known = [value for one in scored if (value := one.parts.get(name)) is not None]
    return sum(known) / len(known) if known else None
