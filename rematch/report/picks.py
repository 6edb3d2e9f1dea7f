"""Tables of picks and of what they cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text

from rematch.data.records import Bracket, Pick, Rollout, Usage
from rematch.report.brackets import format_usage
from rematch.report.text import one_line


@dataclass(frozen=True)
class PickRow:
    """A task's pick with the rollout and the bracket that it comes from."""

    pick: Pick
    winner: Rollout
    bracket: Bracket


def picks_table(rows: Iterable[PickRow]) -> Table:
    """One row per task: how many entered, which rollout won, and why."""
    table = Table(box=None, pad_edge=False)
    table.add_column("task", no_wrap=True)
    table.add_column("rollouts", justify="right")
    table.add_column("pick", no_wrap=True)
    table.add_column("why", no_wrap=True)
    for row in rows:
        rollouts = len(row.bracket.entrants) + sum(map(len, row.bracket.merged.values()))
        table.add_row(
            Text(row.pick.task_id),
            str(rollouts),
            Text(row.pick.rollout_id),
            Text(one_line(row.pick.reasons, 90)),
        )
    return table


def usage_table(usage: Mapping[str, Usage]) -> Table | str:
    """Calls, tokens and dollars per role, and their sum."""
    if not usage:
        return "no model calls: everything was answered from evidence"
    table = Table(box=None, pad_edge=False)
    table.add_column("role")
    table.add_column("cost")
    for role, spent in usage.items():
        table.add_row(role, format_usage(spent))
    table.add_row("all", format_usage(sum(usage.values(), Usage())))
    return table
