"""Reads one attempt, the way pools do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rematch.data.formats import find_format
from rematch.data.formats.recorded import Recorded
from rematch.data.pools import Pool, read_pool
from rematch.data.records import Rollout


def read_document(document: Any) -> Recorded:
    """The one attempt of a document, through the registry."""
    format = find_format(document)
    assert format is not None
    [recorded] = format.read(document)
    return recorded


def actions_of(recorded: Recorded | Rollout) -> list[tuple[str, str, int | None]]:
    steps = recorded.trajectory.steps
    return [(a.command, a.output, a.exit_code) for step in steps for a in step.actions]


def messages_of(recorded: Recorded | Rollout) -> list[str]:
    return [step.message for step in recorded.trajectory.steps]


def write_json(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value))
    return path


def rollouts_of(pool: Pool) -> list[Rollout]:
    return [rollout for task in pool.tasks.values() for rollout in task.rollouts]


def read_one_file(path: Path) -> Rollout:
    pool = read_pool([path])
    assert pool.problems == ()
    [rollout] = rollouts_of(pool)
    return rollout
