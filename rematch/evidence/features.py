"""What the scoring model weighs: few features with a meaning, higher is better for each.

Sizes are taken as logarithms, so a difference is a ratio within the task and no constant of
one benchmark stands in them. A feature that a rollout's record can't tell is None. Ours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from rematch.data.records import Ending
from rematch.evidence.agreement import measure_agreement
from rematch.evidence.facts import Facts

_WHOLE_REPORT = 1_000  # characters of a last message, from which on length says nothing more
_MOST_REPEATS = 0.2  # of the commands; some agents only ever poll

Column = list[float | None]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature.

    Attributes:
        name: as in the weights' file.
        group: what it is about, for ablation.
        meaning: in one line, for the weights' file.
        reason: in words, as a judge's reason.
        scale: a difference that is neither small nor large within a task; weights are per scale.
        prior: the weight per scale that fitting starts from and shrinks to.
        read: its values for the attempts at one task.
    """

    name: str
    group: str
    meaning: str
    reason: str
    scale: float
    prior: float
    read: Callable[[Sequence[Facts], Sequence[int]], Column]


def _each(read: Callable[[Facts], float | None]) -> Callable[..., Column]:
    """A feature that needs one attempt's facts only."""
    return lambda population, _weights: [read(facts) for facts in population]


def _fewer(count: float | None) -> float | None:
    return None if count is None else -math.log(count + 1)


def _reported(facts: Facts) -> float:
    return math.log(1 + min(facts.last_message, _WHOLE_REPORT)) / math.log(1 + _WHOLE_REPORT)


def _last_test(facts: Facts) -> float:
    run = facts.last_test
    return 0.0 if run is None else 1.0 if run.verdict == "green" else -1.0


def _failures(facts: Facts) -> float | None:
    return -len(facts.failed) / facts.exit_codes if facts.exit_codes else None


def _same_end(population: Sequence[Facts], weights: Sequence[int]) -> Column:
    return [*measure_agreement([facts.end_words for facts in population], weights, copies=False)]


def _same_patch(population: Sequence[Facts], weights: Sequence[int]) -> Column:
    return [*measure_agreement([facts.patch.changed for facts in population], weights, copies=True)]


FEATURES = (
    Feature(
        "submitted",
        "ending",
        "ended by submitting its work, not by a limit, a crash or giving up",
        "it ended by submitting its work",
        0.3,
        0.3,
        _each(lambda facts: float(facts.ending is Ending.SUBMITTED)),
    ),
    Feature(
        "reported",
        "ending",
        "its last message reports: 0 without words, 1 from 1000 characters on (logarithm)",
        "its last message reports what was done",
        0.3,
        0.1,
        _each(_reported),
    ),
    Feature(
        "fewer_steps",
        "size",
        "fewer steps (natural logarithm)",
        "it took fewer steps",
        0.3,
        0.3,
        _each(lambda facts: _fewer(facts.steps)),
    ),
    Feature(
        "fewer_tokens",
        "size",
        "fewer completion tokens (natural logarithm), where recorded",
        "it wrote fewer tokens",
        0.3,
        0.1,
        _each(lambda facts: _fewer(facts.tokens)),
    ),
    Feature(
        "same_end",
        "agreement",
        "its last five commands and their outputs share words with the other attempts' (cosine)",
        "its last commands and their results look like the other attempts'",
        0.05,
        0.3,
        _same_end,
    ),
    Feature(
        "same_patch",
        "agreement",
        "its patch shares changed lines with the other attempts' patches (cosine)",
        "its patch agrees with the other attempts' patches",
        0.15,
        0.3,
        _same_patch,
    ),
    Feature(
        "fewer_failures",
        "errors",
        "a smaller share of commands with an exit code other than 0",
        "fewer of its commands failed",
        0.04,
        0.1,
        _each(_failures),
    ),
    Feature(
        "calm_end",
        "errors",
        "fewer failed commands among the last ten, or last third (natural logarithm)",
        "fewer of its last commands failed",
        0.4,
        0.1,
        _each(lambda facts: _fewer(len(facts.late_errors))),
    ),
    Feature(
        "fewer_repeats",
        "errors",
        "a smaller share (at most a fifth) of commands that were run before, word for word",
        "it repeated fewer commands",
        0.03,
        0.1,
        _each(lambda facts: -min(facts.repeated / max(facts.commands, 1), _MOST_REPEATS)),
    ),
    Feature(
        "last_test",
        "tests",
        "the last test run with a readable result: green 1, none 0, red -1",
        "its last test run came out better",
        0.7,
        0.1,
        _each(_last_test),
    ),
    Feature(
        "settled",
        "tests",
        "no source file was edited after the last green test run",
        "nothing was edited after its last green test run",
        0.4,
        0.1,
        _each(lambda facts: -float(bool(facts.edits_after_green))),
    ),
    Feature(
        "fewer_hedges",
        "claims",
        "fewer words of doubt in the final message (natural logarithm)",
        "its final message hedges less",
        0.3,
        0.1,
        _each(lambda facts: _fewer(facts.final.hedges)),
    ),
    Feature(
        "touches_source",
        "patch",
        "its patch touches more than tests and scratch files",
        "its patch changes more than tests",
        0.5,
        0.1,
        _each(lambda facts: -float(facts.patch.tests_only)),
    ),
)
BY_NAME = {feature.name: feature for feature in FEATURES}
GROUPS = tuple(dict.fromkeys(feature.group for feature in FEATURES))


def measure(population: Sequence[Facts], weights: Sequence[int]) -> list[dict[str, float]]:
    """Every feature of every attempt at one task, relative to the task's median.

    Args:
        population: facts of the task's entrants.
        weights: how many attempts each entrant stands for.
    """
    rows: list[dict[str, float]] = [{} for _ in population]
    for feature in FEATURES:
        column = feature.read(population, weights)
        known = [value for value in column if value is not None]
        centre = median(known) if known else 0.0
        for row, value in zip(rows, column, strict=True):
            row[feature.name] = 0.0 if value is None else round(value - centre, 9)
    return rows
