"""What is read of a trial is what its agent had written before the verifier ran."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from rematch.agents.harbor.snapshots import (
    keep_trajectory,
    place_record,
    restore_trajectory,
)


@pytest.fixture
def trial(tmp_path: Path) -> Path:
    folder = tmp_path / "one__1"
    (folder / "agent").mkdir(parents=True)
    (folder / "agent" / "trajectory.json").write_text("before")
    return folder


def keep(trial: Path) -> None:
    event: Any = SimpleNamespace(
        config=SimpleNamespace(trials_dir=trial.parent, trial_name=trial.name)
    )
    asyncio.run(keep_trajectory(event))


def test_what_is_written_while_the_verifier_runs_is_undone(trial: Path) -> None:
    keep(trial)
    (trial / "agent" / "trajectory.json").write_text("reward 1")
    (trial / "agent" / "trajectory.cont-1.json").write_text("reward 1")
    restore_trajectory(trial)
    files = {path.name: path.read_text() for path in (trial / "agent").iterdir()}
    assert files == {"trajectory.json": "before"}
    assert [path.name for path in trial.parent.iterdir()] == [trial.name]


def test_a_link_is_neither_followed_nor_kept(trial: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of this machine")
    (trial / "agent" / "trajectory.json").unlink()
    (trial / "agent" / "trajectory.json").symlink_to(secret)
    keep(trial)
    restore_trajectory(trial)
    assert list((trial / "agent").iterdir()) == []
    assert secret.read_text() == "of this machine"


def test_a_folder_of_that_name_gives_way(trial: Path) -> None:
    keep(trial)
    (trial / "agent" / "trajectory.json").unlink()
    (trial / "agent" / "trajectory.json" / "deep").mkdir(parents=True)
    restore_trajectory(trial)
    assert (trial / "agent" / "trajectory.json").read_text() == "before"


def test_what_an_agent_outside_recorded_stands_whatever_the_environment_left(trial: Path) -> None:
    record = place_record(trial / "agent")
    record.write_text("outside")
    (trial / "agent" / "trajectory.json").write_text("forged")
    keep(trial)
    (trial / "agent" / "trajectory.cont-1.json").write_text("forged")
    restore_trajectory(trial)
    files = {path.name: path.read_text() for path in (trial / "agent").iterdir()}
    assert files == {"trajectory.json": "outside"}
    assert [path.name for path in trial.parent.iterdir()] == [trial.name]


def test_a_record_outside_serves_where_the_log_folder_was_lost(trial: Path) -> None:
    place_record(trial / "agent").write_text("outside")
    shutil.rmtree(trial / "agent")
    restore_trajectory(trial)
    assert (trial / "agent" / "trajectory.json").read_text() == "outside"


def test_without_verification_everything_stays(trial: Path) -> None:
    restore_trajectory(trial)
    assert (trial / "agent" / "trajectory.json").read_text() == "before"


def test_a_task_in_steps_is_left_alone(trial: Path) -> None:
    keep(trial)
    (trial / "steps").mkdir()
    keep(trial)
    (trial / "agent" / "trajectory.json").write_text("second step")
    restore_trajectory(trial)
    assert (trial / "agent" / "trajectory.json").read_text() == "second step"
