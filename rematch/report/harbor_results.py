"""Results as Harbor shows and stores them: its table, and its job result for the picks."""

from __future__ import annotations

import io
import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from rich.console import Console
from rich.table import Table

from rematch.data.records import Ending, Rollout
from rematch.report.diagnostics import TaskRun
from rematch.runs.folder import write_text

TABLE, RESULT = "harbor-result.txt", "harbor-result.json"
GRADED, UNVERIFIED = "graded", ("timeout", "not-verified")
"""What a grade's status says of a trial with a reward, and of one whose verifier failed."""
Attempt = tuple[TaskRun, Rollout]


def write_results(folder: Path, runs: Sequence[TaskRun]) -> str:
    """Write a graded selection of Harbor trials in Harbor's manner.

        FOLDER/
          harbor-result.txt    attempts, picks and the best there is, as Harbor's tables
          harbor-result.json   the same as a job's result.json

    Args:
        folder: of the selection.
        runs: its graded tasks, at least one.

    Returns:
        The tables.
    """
    every = [(run, rollout) for run in runs for rollout in run.rollouts]
    picks = [(run, rollout) for run, rollout in every if rollout.id == run.pick.rollout_id]
    text = _draw(runs, every, picks)
    write_text(folder / TABLE, text)
    write_text(folder / RESULT, json.dumps(_describe(every, picks), indent=2) + "\n")
    return text


def _rewards(attempts: Sequence[Attempt]) -> list[float]:
    """A trial without a valid reward counts 0, as in Harbor's mean."""
    return [run.reward(rollout.id) or 0.0 for run, rollout in attempts]


def _draw(runs: Sequence[TaskRun], every: Sequence[Attempt], picks: Sequence[Attempt]) -> str:
    best = [max(_rewards([(run, rollout) for rollout in run.rollouts])) for run in runs]
    summary = Table(title=_title(every))
    for column in ("", "Trials", "Exceptions", "Mean"):
        summary.add_column(column, justify="right" if column else "left")
    for label, attempts in (("all attempts", every), (f"picks, best of {_most(runs)}", picks)):
        counted = _count(attempts)
        shown = (str(counted["n_trials"]), str(counted["n_errors"]))
        summary.add_row(label, *shown, f"{fmean(_rewards(attempts)):.3f}")
    summary.add_row("best there is (oracle)", str(len(best)), "", f"{fmean(best):.3f}")
    counts = Table(title="Picks")
    counts.add_column("Reward")
    counts.add_column("Count", justify="right")
    for reward in sorted(set(_rewards(picks))):
        counts.add_row(str(reward), str(_rewards(picks).count(reward)))
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(summary)
    console.print(counts)
    return console.export_text()


def _describe(every: Sequence[Attempt], picks: Sequence[Attempt]) -> dict[str, Any]:
    """A job's result: the picks are its trials, the attempts a second entry of its statistics."""
    now = datetime.now(UTC).isoformat()
    rollout = every[0][1]
    behind = "__".join(part for part in (rollout.origin.model, "selected") if part)
    names = sorted(rollout.id for _, rollout in picks)
    costs = [rollout.usage.cost_usd for _, rollout in picks]
    return {
        "schema_version": 1,
        "id": str(uuid5(NAMESPACE_URL, " ".join(names))),
        "started_at": now,
        "finished_at": now,
        "n_total_trials": len(picks),
        "stats": {
            "n_completed_trials": len(picks),
            "n_errored_trials": _count(picks)["n_errors"],
            "n_input_tokens": sum(rollout.usage.input_tokens for _, rollout in picks),
            "n_cache_tokens": sum(rollout.usage.cached_tokens for _, rollout in picks),
            "n_output_tokens": sum(rollout.usage.output_tokens for _, rollout in picks),
            "cost_usd": None if None in costs else sum(cost for cost in costs if cost),
            "evals": {
                f"rematch-best-of-{_most([run for run, _ in picks])}__{behind}": _count(picks),
                f"{rollout.origin.agent or 'agent'}__{behind}": _count(every),
            },
        },
    }


def _count(attempts: Sequence[Attempt]) -> dict[str, Any]:
    """Harbor's AgentDatasetStats: its trials are those that have a reward."""
    by_reward: dict[str, list[str]] = defaultdict(list)
    by_exception: dict[str, list[str]] = defaultdict(list)
    for run, rollout in attempts:
        if run.grades[rollout.id].status == GRADED:
            by_reward[str(run.grades[rollout.id].reward)].append(rollout.id)
        if kind := _exception(run, rollout):
            by_exception[kind].append(rollout.id)
    return {
        "n_trials": sum(map(len, by_reward.values())),
        "n_errors": sum(map(len, by_exception.values())),
        "metrics": [{"mean": fmean(_rewards(attempts))}],
        "reward_stats": {"reward": by_reward},
        "exception_stats": by_exception,
    }


def _exception(run: TaskRun, rollout: Rollout) -> str:
    """The kind of exception that a trial met, "" where it met none; the agent's goes first."""
    trajectory, grade = rollout.trajectory, run.grades[rollout.id]
    if trajectory.ending in (Ending.CRASHED, Ending.LIMIT):
        return trajectory.ending_detail.partition(":")[0] or "Exception"
    kind, colon, _ = grade.detail.partition(":")
    return kind if colon and grade.status in UNVERIFIED else ""


def _most(runs: Sequence[TaskRun]) -> int:
    return max(len(run.rollouts) for run in runs)


def _title(every: Sequence[Attempt]) -> str:
    origin = every[0][1].origin
    return " • ".join(part for part in ("rematch", origin.agent, origin.model) if part)
