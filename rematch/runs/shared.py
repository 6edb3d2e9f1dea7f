"""Parts that several runs share: an equal attempt is made once, an equal rollout graded once."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from rematch.data.records import Grade, Rollout, Task
from rematch.runs.folder import file_name, read_record, write_record
from rematch.seams import Agent, Grader


class SharedAgent:
    """An agent whose attempts serve every run that asks for the same (seams.Agent).

    Attempts are the same where agent, seed, task, iteration, number and context are.

    Args:
        agent: makes attempts that are not there yet.
        folder: keeps them, for all runs.
        maker: knows the agent with all its settings and its seed.
    """

    def __init__(self, agent: Agent, folder: Path, maker: str) -> None:
        self._agent, self._folder, self._maker = agent, folder, maker

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        """The kept attempt, or a new one."""
        key = _hash([self._maker, task.model_dump(mode="json"), iteration, index, context])
        path = self._folder / file_name(task.id) / f"{key}.json"
        kept = read_record(path, Rollout)
        if kept is not None:
            return kept
        rollout = await self._agent.attempt(task, context=context, iteration=iteration, index=index)
        write_record(path, rollout)
        return rollout


class SharedGrader:
    """A grader whose verdicts serve every run that has the same rollout (seams.Grader).

    Args:
        grader: grades what is not there yet.
        folder: keeps verdicts, for all runs; what could not be graded is tried again.
    """

    def __init__(self, grader: Grader, folder: Path) -> None:
        self._grader, self._folder = grader, folder

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        """The kept verdict, or a new one."""
        made = rollout.model_dump(mode="json", exclude={"priors"})  # who told it is no part of it
        path = self._folder / file_name(task.id) / f"{_hash([task.id, made])}.json"
        kept = read_record(path, Grade)
        if kept is not None:
            return kept
        grade = await self._grader.grade(task, rollout)
        if grade.is_verdict:
            write_record(path, grade)
        return grade


def _hash(asked: object) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:24]
