"""Tables of picks and of what they cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rematch.data.records import Bracket, Pick, Rollout, Usage
from rematch.report.brackets import format_usage
from rematch.report.tables import ResultTable
from rematch.runs.calls import Event


@dataclass(frozen=True)
class PickRow:
    """A task's pick with the rollout and the bracket that it comes from."""

    pick: Pick
    winner: Rollout
    bracket: Bracket


def picks_table(rows: Iterable[PickRow]) -> ResultTable:
    """One row per task: how many entered, which rollout won, how surely, and why."""
    rows = list(rows)
    likely = ("likely",) if any(row.pick.probability is not None for row in rows) else ()
    titles = ("task", "rollouts", "pick", *likely, "why")
    table = ResultTable(*titles, numbers=("rollouts", "likely"), reason=True)
    for row in rows:
        rollouts = len(row.bracket.entrants) + sum(map(len, row.bracket.merged.values()))
        rated = (format_probability(row.pick.probability),) if likely else ()
        cells = (row.pick.task_id, str(rollouts), row.pick.rollout_id, *rated, row.pick.reasons)
        table.add_row(*cells)
    return table


def format_probability(probability: float | None) -> str:
    """That a pick is right, in per cent; "-" where no calibration says."""
    return "-" if probability is None else f"{100 * probability:.0f}%"


def usage_table(
    usage: Mapping[str, Usage], events: Mapping[Event, int] | None = None
) -> ResultTable | str:
    """Calls, tokens and dollars per role with what befell them, and their sum."""
    roles = list(dict.fromkeys([*usage, *(event.role for event in events or ())]))
    if not roles:
        return "no model calls: everything was answered from evidence"
    table = ResultTable("role", "cost", "faults", reason=True)
    for role in roles:
        theirs = {event: n for event, n in (events or {}).items() if event.role == role}
        table.add_row(role, format_usage(usage.get(role, Usage())), format_events(theirs))
    table.add_row("all", format_usage(sum(usage.values(), Usage())), "")
    return table


def format_events(events: Mapping[Event, int]) -> str:
    """What befell calls, such as `12 retried (9 rate-limit, 3 time-out), 1 lost (empty)`."""
    by_outcome: dict[str, list[str]] = {}
    sums: Counter[str] = Counter()
    for event, number in sorted(events.items(), key=lambda item: (-item[1], item[0].kind)):
        by_outcome.setdefault(event.outcome, []).append(f"{number:,} {event.kind}")
        sums[event.outcome] += number
    return ", ".join(
        f"{sums[outcome]:,} {outcome} ({', '.join(kinds)})" for outcome, kinds in by_outcome.items()
    )
