"""What is read of a trial's folder: how it ended, never what its verifier said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rematch.agents.harbor.agent import read_trial
from rematch.data.records import Ending
from rematch.errors import ModelRefusedError


def write_trial(folder: Path, exception: tuple[str, str] | None = None, **more: Any) -> Path:
    (folder / "agent").mkdir(parents=True)
    result: dict[str, Any] = {"task_name": "one", "trial_name": "one__1", **more}
    if exception:
        kind, message = exception
        result["exception_info"] = {"exception_type": kind, "exception_message": message}
    (folder / "result.json").write_text(json.dumps(result))
    return folder


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("AgentTimeoutError", Ending.LIMIT),
        ("TurnLimitError", Ending.LIMIT),
        ("BudgetSpentError", Ending.LIMIT),
        ("EnvironmentStartTimeoutError", Ending.CRASHED),
        ("InternalServerError", Ending.CRASHED),
        ("UnreadableReplyError", Ending.CRASHED),
        ("VerifierTimeoutError", Ending.UNKNOWN),
        ("RewardFileNotFoundError", Ending.UNKNOWN),
    ],
)
def test_an_exception_is_how_the_attempt_ended_unless_it_is_the_verifiers(
    tmp_path: Path, kind: str, ending: Ending
) -> None:
    trajectory = read_trial(write_trial(tmp_path / "t", (kind, "why"))).trajectory
    assert trajectory.ending is ending
    assert trajectory.ending_detail == ("" if ending is Ending.UNKNOWN else f"{kind}: why")


def test_a_long_message_keeps_the_end_that_says_why(tmp_path: Path) -> None:
    message = f"Docker compose command failed. {'word ' * 500}no such image: a/b"
    detail = read_trial(write_trial(tmp_path / "t", ("RuntimeError", message))).trajectory
    assert detail.ending_detail.startswith("RuntimeError: Docker compose command failed. word")
    assert detail.ending_detail.endswith("no such image: a/b")
    assert len(detail.ending_detail) < 350


def test_a_trial_that_could_not_be_made_is_a_crash(tmp_path: Path) -> None:
    recorded = read_trial(tmp_path / "missing", fault="ValueError: no such network")
    assert recorded.trajectory.ending is Ending.CRASHED
    assert recorded.trajectory.ending_detail == "ValueError: no such network"


def test_a_broken_trajectory_is_a_crash(tmp_path: Path) -> None:
    folder = write_trial(tmp_path / "t")
    (folder / "agent" / "trajectory.json").write_text("{")
    recorded = read_trial(folder)
    assert recorded.trajectory.ending is Ending.CRASHED
    assert "trajectory cannot be read" in recorded.trajectory.ending_detail


@pytest.mark.parametrize("kind", ["AuthenticationError", "ModelNotFoundError", "ModelRefusedError"])
def test_a_provider_that_refuses_stops_the_run(tmp_path: Path, kind: str) -> None:
    with pytest.raises(ModelRefusedError, match=f"^{kind}: the key has expired$"):
        read_trial(write_trial(tmp_path / "t", (kind, "the key has\nexpired")))


def test_keys_in_messages_are_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    folder = write_trial(tmp_path / "t", ("BadRequestError", "bad key sk-0123456789"))
    assert (
        read_trial(folder).trajectory.ending_detail == "BadRequestError: bad key [OPENAI_API_KEY]"
    )


def test_rewards_change_nothing_that_is_read(tmp_path: Path) -> None:
    plain = write_trial(tmp_path / "a")
    rewarded = write_trial(tmp_path / "b", verifier_result={"rewards": {"reward": 0.4242}})
    assert read_trial(plain) == read_trial(rewarded)
