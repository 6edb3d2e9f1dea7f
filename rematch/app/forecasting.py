"""What a run will ask and cost, told before it begins: calls at most, tokens and dollars about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from statistics import fmean
from typing import Any

from rematch.app.config import Config
from rematch.app.running import count_run_calls
from rematch.app.selecting import count_calls
from rematch.data.pools import Pool
from rematch.data.records import Task, Usage
from rematch.data.suites import Suite
from rematch.runs.models import ModelConfig, price_model

_SUMMARY, _VOTE, _WORKSPACE = 1_200, 400, 1_500
"""Tokens of one reply; a model that reasons at length writes more."""
_QUESTION = 900
"""Tokens of a question around what it shows."""
_TRAJECTORY = 20_000
"""Tokens of a rollout that is not made yet."""
_AGENT_CALLS, _AGENT_READS, _AGENT_WRITES = 40, 12_000, 250
"""Of one rollout: its calls, and what each reads and writes on average."""
_SAMPLE = 20
"""Tasks whose texts are measured."""


@dataclass(frozen=True)
class Forecast:
    """One role's share.

    `calls` is the most; tokens and dollars (None: the price is unknown) are estimates for a model
    that replies as briefly as it is asked to.
    """

    role: str
    calls: int
    input_tokens: int
    output_tokens: int
    dollars: float | None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return asdict(self)


def forecast_run(suite: Suite, config: Config) -> list[Forecast]:
    """What a suite's run will ask, by role; nothing for roles without a model."""
    calls = count_run_calls(suite, config)
    rollouts = calls.pop("rollouts")
    if config.models.agent:
        calls = {"agent": rollouts * _AGENT_CALLS, **calls}
    text = _measure_tasks(known.task for known in suite.tasks)
    rows = [_forecast(config, role, calls[role], text, _TRAJECTORY) for role in calls]
    cap = 0.0 if config.agent.in_harbor else config.agent.mini.cost_limit * rollouts
    return [_cap(row, cap) if row.role == "agent" and cap else row for row in rows]


def forecast_selection(pool: Pool, config: Config) -> list[Forecast]:
    """What selecting among a pool will ask, by role."""
    calls = count_calls(pool, config)
    if not calls:
        return []
    tasks = [pool.tasks[name] for name in islice(pool.sizes, _SAMPLE)]
    rollouts = [rollout for task in tasks for rollout in task.rollouts]
    read = fmean(len(r.trajectory.model_dump_json()) + len(r.patch or "") for r in rollouts) / 4
    text = _measure_tasks(task.task for task in tasks)
    return [_forecast(config, role, calls[role], text, int(read)) for role in calls]


def _forecast(config: Config, role: str, calls: int, text: int, trajectory: int) -> Forecast:
    reads, writes = {
        "agent": (_AGENT_READS, _AGENT_WRITES),
        "summarizer": (
            min(_QUESTION + text + trajectory, config.summarizer.input_tokens),
            _SUMMARY,
        ),
        "judge": (_QUESTION + text + config.rtv.group_size * _SUMMARY, _VOTE),
        "distiller": (_QUESTION + text + config.context.k * _SUMMARY, _WORKSPACE),
    }[role]
    taken, given = calls * reads, calls * writes
    return Forecast(role, calls, taken, given, _price(config, role, taken, given))


def _price(config: Config, role: str, taken: int, given: int) -> float | None:
    model: ModelConfig = dict(config.models)[role]
    price = price_model(model.model, model)
    return price.reckon(Usage(input_tokens=taken, output_tokens=given))


def _cap(row: Forecast, dollars: float) -> Forecast:
    known = None if row.dollars is None else min(row.dollars, dollars)
    return Forecast(row.role, row.calls, row.input_tokens, row.output_tokens, known)


def _measure_tasks(tasks: Iterable[Task]) -> int:
    """Tokens of a task's text on average."""
    sizes = [len(task.problem) / 4 for task in islice(tasks, _SAMPLE)]
    return int(fmean(sizes)) if sizes else 0
