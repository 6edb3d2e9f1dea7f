"""Rewards of Harbor's verifier: sealed on arrival, fractional, and a reason where there is none."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from rematch.data.records import Rollout, Task
from rematch.errors import GradingError
from rematch.grading.harbor import SealedRewards, read_reward

TASK = Task(id="one", problem="Do it.")
ROLLOUT = Rollout(id="one-t0-00", task_id="one")


def write_trial(folder: Path, **result: Any) -> Path:
    folder.mkdir()
    (folder / "result.json").write_text(json.dumps({"task_name": "one", **result}))
    return folder


def verified(**rewards: object) -> dict[str, Any]:
    return {"verifier_result": {"rewards": rewards}}


@pytest.mark.parametrize(
    ("rewards", "reward", "status"),
    [
        ({"reward": 1}, 1.0, "graded"),
        ({"reward": 0.375}, 0.375, "graded"),
        ({"accuracy": 0.5}, 0.5, "graded"),
        ({"reward": 0.25, "style": 1.0}, 0.25, "graded"),
        ({"speed": 0.25, "style": 1.0}, 0.0, "no-reward"),
        ({"reward": 7}, 0.0, "no-reward"),
        ({"reward": "1"}, 0.0, "no-reward"),
        ({"reward": True}, 0.0, "no-reward"),
        ({}, 0.0, "no-reward"),
    ],
)
def test_rewards(tmp_path: Path, rewards: dict[str, object], reward: float, status: str) -> None:
    grade = read_reward(write_trial(tmp_path / "t", **verified(**rewards)), "one", "one-t0-00")
    assert (grade.reward, grade.status) == (reward, status)
    assert (grade.task_id, grade.rollout_id) == ("one", "one-t0-00")


@pytest.mark.parametrize(
    ("kind", "status"),
    [("VerifierTimeoutError", "timeout"), ("RuntimeError", "not-verified")],
)
def test_a_trial_without_reward_says_why(tmp_path: Path, kind: str, status: str) -> None:
    info = {"exception_type": kind, "exception_message": "after\n2 seconds"}
    grade = read_reward(write_trial(tmp_path / "t", exception_info=info), "one", "r")
    assert (grade.reward, grade.status) == (0, status)
    assert grade.detail == f"{kind}: after 2 seconds"


def test_an_agent_that_ran_out_of_time_is_graded_all_the_same(tmp_path: Path) -> None:
    info = {"exception_type": "AgentTimeoutError", "exception_message": ""}
    trial = write_trial(tmp_path / "t", exception_info=info, **verified(reward=0.5))
    assert read_reward(trial, "one", "r").reward == 0.5


def test_a_missing_or_broken_trial_has_no_reward(tmp_path: Path) -> None:
    assert read_reward(tmp_path / "none", "one", "r").status == "no-trial"
    trial = write_trial(tmp_path / "t")
    (trial / "result.json").write_text("{")
    assert read_reward(trial, "one", "r").status == "no-trial"


def test_a_file_that_holds_a_whole_trial_is_read_too(tmp_path: Path) -> None:
    write_trial(tmp_path / "t", **verified(reward=0.75))
    assert read_reward(tmp_path / "t" / "result.json", "one", "r").reward == 0.75


def test_what_is_sealed_is_graded_whatever_becomes_of_the_trial(tmp_path: Path) -> None:
    rewards = SealedRewards(lambda task, rollout: tmp_path / task / f"{rollout}.json")
    trial = write_trial(tmp_path / "t", **verified(reward=0.375))
    rewards.seal("one", "one-t0-00", trial)
    (trial / "result.json").unlink()
    grade = asyncio.run(rewards.grade(TASK, ROLLOUT))
    assert (grade.reward, grade.status) == (0.375, "graded")
    assert [path.name for path in (tmp_path / "one").iterdir()] == ["one-t0-00.json"]


def test_a_seal_that_is_missing_or_broken_is_one_line(tmp_path: Path) -> None:
    rewards = SealedRewards(lambda task, rollout: tmp_path / f"{rollout}.json")
    with pytest.raises(GradingError, match="cannot be read"):
        asyncio.run(rewards.grade(TASK, ROLLOUT))
    (tmp_path / "one-t0-00.json").write_text("{}")
    with pytest.raises(GradingError, match="is no sealed grade") as caught:
        asyncio.run(rewards.grade(TASK, ROLLOUT))
    assert "\n" not in str(caught.value)
