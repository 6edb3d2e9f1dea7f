"""Rewards of Harbor's verifier, sealed when they arrive and opened after selection.

Harbor verifies within the trial, long before there is a pick. So what the verifier said is put
into a file of grading's own at once; nothing that summarizes or selects ever opens that file, and
the trial's files are read by a reader that passes over rewards (data.formats.harbor).
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rematch.data.formats.parts import as_dict, as_list, as_name, as_text, seconds_between
from rematch.data.formats.recorded import one_line
from rematch.data.formats.source import load_file
from rematch.data.records import Grade, Rollout, Task
from rematch.errors import GradingError, InputError

FindFile = Callable[[str, str], Path]
"""Where the sealed grade of (task id, rollout id) is kept."""

_REWARD = "reward"


class SealedRewards:
    """Keeps each trial's verdict until a rollout is to be graded (seams.Grader).

    Args:
        find_file: where a verdict is kept.
    """

    def __init__(self, find_file: FindFile) -> None:
        self._find_file = find_file

    def seal(self, task_id: str, rollout_id: str, trial: Path) -> None:
        """Put away what a trial's verifier said.

        Raises:
            GradingError: the file cannot be written.
        """
        grade = read_reward(trial, task_id, rollout_id)
        file = self._find_file(task_id, rollout_id)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f".{file.name}.{os.getpid()}.part")
            part.write_text(grade.model_dump_json(indent=1) + "\n", encoding="utf-8")
            part.replace(file)
        except OSError as error:
            raise GradingError(f"{file}: cannot be written ({error.strerror})") from error

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        """The verdict that was put away.

        Raises:
            GradingError: there is none, or it cannot be read.
        """
        file = self._find_file(task.id, rollout.id)
        try:
            return Grade.model_validate_json(file.read_bytes())
        except OSError as error:
            raise GradingError(f"{file}: cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise GradingError(f"{file}: is no sealed grade ({one_line(str(error))})") from error


def read_reward(trial: Path, task_id: str, rollout_id: str) -> Grade:
    """The grade in a trial's folder, or in a file that holds all of it.

    Fractional rewards stay as they are.
    A trial without a reward counts 0, as in Harbor's own mean; `status` says why there is none.
    """
    try:
        result = as_dict(load_file(trial if trial.is_file() else trial / "result.json"))
    except InputError as error:
        return _refuse(task_id, rollout_id, "no-trial", f"result.json {error}")
    rewards = as_dict(as_dict(result.get("verifier_result")).get("rewards"))
    reward = _find_reward(rewards)
    if reward is None:
        status, detail = _explain(result, rewards)
        return _refuse(task_id, rollout_id, status, detail)
    if not 0 <= reward <= 1:
        return _refuse(task_id, rollout_id, "no-reward", f"reward {reward} is not in 0..1")
    verified = as_dict(result.get("verifier"))
    return Grade(
        task_id=task_id,
        rollout_id=rollout_id,
        reward=reward,
        detail=_tell_others(rewards),
        seconds=seconds_between(verified.get("started_at"), verified.get("finished_at")),
    )


def _find_reward(rewards: dict[str, Any]) -> float | None:
    """The reward of that name, else the only one."""
    value = rewards.get(_REWARD)
    if value is None and len(rewards) == 1:
        value = next(iter(rewards.values()))
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _tell_others(rewards: dict[str, Any]) -> str:
    return json.dumps(rewards, sort_keys=True)[:500] if len(rewards) > 1 else ""


def _explain(result: dict[str, Any], rewards: dict[str, Any]) -> tuple[str, str]:
    """Why there is no reward: (status, detail)."""
    steps = [as_dict(step).get("exception_info") for step in as_list(result.get("step_results"))]
    found = [as_dict(info) for info in [result.get("exception_info"), *steps] if info]
    if found:
        kind = as_name(found[-1].get("exception_type"))
        detail = one_line(f"{kind}: {as_text(found[-1].get('exception_message'))}", 500)
        is_late = kind == "VerifierTimeoutError"
        return ("timeout" if is_late else "not-verified", detail)
    if rewards:
        return "no-reward", f"none of {', '.join(sorted(rewards))} is the reward"
    return "no-reward", "the verifier left none"


def _refuse(task_id: str, rollout_id: str, status: str, detail: str) -> Grade:
    return Grade(task_id=task_id, rollout_id=rollout_id, reward=0, status=status, detail=detail)
