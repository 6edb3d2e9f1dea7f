"""What `run` and `select` say of money: before, and at the end."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rematch.cli.console import open_console, write_error, write_note

if TYPE_CHECKING:
    from rematch.app import Finished, Forecast, Selected


def show_forecast(
    header: str, counts: dict[str, Any], rows: Sequence[Forecast], *, as_json: bool
) -> None:
    """What a run will ask and cost, of which nothing is done yet.

    Args:
        header: such as `2 tasks, 6 rollouts`.
        counts: the same for machines.
        rows: one per role with a model.
        as_json: whether to write JSON.
    """
    from rematch.report.forecasts import forecast_table

    if as_json:
        document = {**counts, "forecast": [row.as_json() for row in rows]}
        sys.stdout.write(json.dumps(document) + "\n")
        return
    sys.stdout.write(f"{header}\n")
    if rows:
        open_console().print(forecast_table(rows))
    else:
        sys.stdout.write("no model calls: everything is answered from evidence\n")


def show_costs(made: Finished | Selected) -> None:
    """The table of calls, tokens, dollars and faults; nothing where no model was asked."""
    from rematch.report.picks import usage_table

    if made.usage or made.events:
        open_console().print(usage_table(made.usage, made.events))


def tell_ending(made: Finished | Selected) -> bool:
    """What the budget and the provider did to the run; whether any of its work failed."""
    for line in made.notes:
        write_note(line)
    for task_id, reason in made.failures.items():
        write_error(f"{task_id}: {reason}")
    if made.refusal:
        write_error(f"{made.refusal} (what was finished before is kept)")
    return bool(made.failures or made.refusal)


def as_json(made: Finished | Selected) -> dict[str, Any]:
    """Usage, faults and how it ended, for machines."""
    return {
        "usage": {role: usage.model_dump() for role, usage in made.usage.items()},
        "faults": [
            {"role": event.role, "kind": event.kind, "outcome": event.outcome, "calls": number}
            for event, number in sorted(made.events.items(), key=str)
        ],
        "notes": made.notes,
        "failures": made.failures,
        "refusal": made.refusal,
    }
