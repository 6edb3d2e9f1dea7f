"""Grades of predictions: one row each, and how many are resolved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rematch.data.records import Grade
from rematch.report.tables import ResultTable
from rematch.report.text import count
from rematch.statistics import estimate_mean

_RESOLVED = 1.0


def grades_table(grades: Mapping[str, Sequence[Grade]]) -> ResultTable:
    """One row per prediction: its reward, what became of it, and why."""
    table = ResultTable(
        "task", "rollout", "reward", "status", "why", numbers=("reward",), reason=True
    )
    for task_id, given in grades.items():
        for grade in given:
            reward = f"{grade.reward:g}" if grade.is_verdict else "-"
            table.add_row(task_id, grade.rollout_id, reward, grade.status, grade.detail)
    return table


def format_grades(grades: Mapping[str, Sequence[Grade]], in_suite: int) -> list[str]:
    """How many predictions are resolved, with an interval over tasks, and what became of the rest.

    Args:
        grades: by task.
        in_suite: how many tasks the suite has.
    """
    verdicts = [[g.reward for g in given if g.is_verdict] for given in grades.values()]
    means = [sum(rewards) / len(rewards) for rewards in verdicts if rewards]
    resolved = sum(reward >= _RESOLVED for rewards in verdicts for reward in rewards)
    lines = [f"resolved: {resolved} of {count(sum(map(len, verdicts)), 'prediction')}"]
    if estimate := estimate_mean(means):
        interval = f"{100 * estimate.low:.1f} .. {100 * estimate.high:.1f}"
        of = f"{count(estimate.n, 'task')} of the suite's {in_suite}"
        lines.append(
            f"mean over tasks: {100 * estimate.mean:.1f}% (95 % interval {interval}; {of})"
        )
    statuses = Counter(grade.status for given in grades.values() for grade in given)
    lines.append("outcomes: " + ", ".join(f"{n} {status}" for status, n in statuses.items()))
    return lines
