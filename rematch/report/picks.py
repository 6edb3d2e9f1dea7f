"""Tables of picks and of what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rematch.data.records import Bracket, Pick, Rollout, Usage
from rematch.report.brackets import format_usage
from rematch.report.tables import ResultTable


@dataclass(frozen=True)
class PickRow:
    """A task's pick with the rollout and the bracket that it comes from."""

    pick: Pick
    winner: Rollout
    bracket: Bracket


def picks_table(rows: Iterable[PickRow]) -> ResultTable:
    """One row per task: how many entered, which rollout won, and why."""
    table = ResultTable("task", "rollouts", "pick", "why", numbers=("rollouts",), reason=True)
    for row in rows:
        rollouts = len(row.bracket.entrants) + sum(map(len, row.bracket.merged.values()))
        table.add_row(row.pick.task_id, str(rollouts), row.pick.rollout_id, row.pick.reasons)
    return table


def usage_table(usage: Mapping[str, Usage]) -> ResultTable | str:
    """Calls, tokens and dollars per role, and their sum."""
    if not usage:
        return "no model calls: everything was answered from evidence"
    table = ResultTable("role", "cost")
    for role, spent in usage.items():
        table.add_row(role, format_usage(spent))
    table.add_row("all", format_usage(sum(usage.values(), Usage())))
    return table
