"""Harbor trials: one object with its trajectory, a trial's folder, a job's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import Ending, ResultKind
from tests.data.formats.reading import (
    actions_of,
    messages_of,
    read_document,
    read_one_file,
    rollouts_of,
    write_json,
)
from tests.data.formats.samples import atif, mini_v2, trial


def write_trial(folder: Path, **result: Any) -> Path:
    """A trial's folder as Harbor leaves it, with traps in the places that must not be read."""
    document = {**trial(), "trial_name": folder.name, **result}
    write_json(folder / "agent" / "trajectory.json", document.pop("trajectory"))
    write_json(folder / "agent" / "mini-swe-agent.trajectory.json", mini_v2())
    write_json(folder / "result.json", document)
    task = {"path": "tasks/basket"}
    write_json(folder / "config.json", {"trial_name": folder.name, "task": task})
    write_json(folder / "verifier" / "ctrf.json", {"results": "canary-reward"})
    (folder / "verifier" / "reward.txt").write_text("canary-reward")
    return folder


def write_job(folder: Path) -> Path:
    write_json(folder / "result.json", {"id": "x", "n_total_trials": 2, "stats": {"evals": {}}})
    write_json(folder / "config.json", {"job_name": "j", "jobs_dir": "jobs"})
    (folder / "job.log").write_text("started\n")
    write_trial(folder / "basket__aaaaaaa")
    write_trial(folder / "basket__bbbbbbb")
    return folder


def test_an_object_with_its_trajectory() -> None:
    recorded = read_document(trial())
    assert recorded.instance == "basket"
    assert recorded.asks_for is ResultKind.STATE
    assert recorded.seconds == 300
    assert len(recorded.trajectory.steps) == 2


def test_a_trial_folder_is_one_attempt(tmp_path: Path) -> None:
    rollout = read_one_file(write_trial(tmp_path / "basket__abc1234"))
    assert rollout.id == "basket__abc1234"
    assert rollout.task_id == "basket"
    assert actions_of(rollout)[0] == ("ls\n", "shop.py", None)
    assert rollout.origin.format == "harbor-trial"


def test_a_job_folder_is_its_trials(tmp_path: Path) -> None:
    pool = read_pool([write_job(tmp_path / "job")])
    assert pool.problems == ()
    assert pool.sizes == {"basket": 2}
    assert [r.id for r in rollouts_of(pool)] == ["basket__aaaaaaa", "basket__bbbbbbb"]


def test_nothing_of_the_verifier_is_read(tmp_path: Path) -> None:
    folder = write_trial(
        tmp_path / "basket__abc1234",
        verifier_result={"rewards": {"canary-reward": 1.0}},
        exception_info={"exception_type": "VerifierTimeoutError", "exception_message": "canary"},
    )
    rollout = read_one_file(folder)
    assert "canary" not in rollout.model_dump_json()
    assert rollout.trajectory.ending is Ending.SUBMITTED


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("AgentTimeoutError", Ending.LIMIT),
        ("ContextWindowExceededError", Ending.LIMIT),
        ("AgentSetupTimeoutError", Ending.CRASHED),
        ("EnvironmentStartTimeoutError", Ending.CRASHED),
        ("NonZeroAgentExitCodeError", Ending.CRASHED),
        ("ApiRateLimitError", Ending.CRASHED),
        ("MemoryLimitExceededError", Ending.CRASHED),
        ("AgentSafetyRefusalError", Ending.GAVE_UP),
        ("SomethingNew", Ending.CRASHED),
        ("RewardFileNotFoundError", Ending.SUBMITTED),
    ],
)
def test_an_exception_is_how_it_ended(kind: str, ending: Ending) -> None:
    exception = {"exception_type": kind, "exception_message": "so\nit was"}
    trajectory = read_document({**trial(), "exception_info": exception}).trajectory
    assert trajectory.ending is ending
    if ending is not Ending.SUBMITTED:
        assert trajectory.ending_detail == f"{kind}: so it was"


def test_an_exception_during_verification_is_not_the_attempts() -> None:
    exception = {"exception_type": "RuntimeError", "occurred_at": "2026-01-01T10:04:30Z"}
    document = {**trial(), "exception_info": exception}
    assert read_document(document).trajectory.ending is Ending.CRASHED
    document["verifier"] = {"started_at": "2026-01-01T10:04:00Z"}
    assert read_document(document).trajectory.ending is Ending.SUBMITTED


def test_a_trial_that_never_ran_has_no_steps(tmp_path: Path) -> None:
    folder = write_trial(
        tmp_path / "basket__abc1234",
        exception_info={"exception_type": "AgentSetupTimeoutError"},
        agent_info={"name": "terminus-2", "model_info": {"name": "model"}},
        agent_result={"n_input_tokens": 7, "n_output_tokens": 1, "cost_usd": 0.1},
    )
    (folder / "agent" / "trajectory.json").unlink()
    rollout = read_one_file(folder)
    assert rollout.trajectory.steps == ()
    assert rollout.trajectory.ending is Ending.CRASHED
    assert (rollout.origin.agent, rollout.origin.model) == ("terminus-2", "model")
    assert (rollout.usage.input_tokens, rollout.usage.cost_usd) == (7, 0.1)


def test_a_killed_trial_is_known_by_its_configuration(tmp_path: Path) -> None:
    folder = write_trial(tmp_path / "basket__abc1234")
    (folder / "result.json").unlink()
    assert read_one_file(folder).task_id == "basket"


def test_a_continued_trajectory_is_read_to_its_end(tmp_path: Path) -> None:
    folder = write_trial(tmp_path / "basket__abc1234")
    first, second = atif(), atif()
    first["continued_trajectory_ref"] = "trajectory.cont-1.json"
    first["steps"] = first["steps"][:2]
    second["steps"][1]["is_copied_context"] = True
    write_json(folder / "agent" / "trajectory.json", first)
    write_json(folder / "agent" / "trajectory.cont-1.json", second)
    assert messages_of(read_one_file(folder)) == ["Look first.", "Done."]


def test_a_continuation_that_leads_in_a_circle_ends(tmp_path: Path) -> None:
    folder = write_trial(tmp_path / "basket__abc1234")
    circle = {**atif(), "continued_trajectory_ref": "../../agent/trajectory.json"}
    write_json(folder / "agent" / "trajectory.json", circle)
    assert messages_of(read_one_file(folder)) == ["Look first.", "Done."]


def test_a_trial_of_several_steps_is_read_in_order(tmp_path: Path) -> None:
    folder = write_trial(tmp_path / "basket__abc1234", step_results=[{"agent_result": {}}])
    (folder / "agent" / "trajectory.json").unlink()
    for name in ("1-first", "2-second"):
        write_json(folder / "steps" / name / "agent" / "trajectory.json", atif())
    assert messages_of(read_one_file(folder)) == ["Look first.", "Done."] * 2


def test_a_broken_trial_is_one_problem(tmp_path: Path) -> None:
    folder = write_trial(tmp_path / "job" / "basket__abc1234")
    (folder / "agent" / "trajectory.json").write_text('{"schema_version": "ATIF-v1.6", "steps": [')
    write_trial(tmp_path / "job" / "basket__good123")
    pool = read_pool([tmp_path / "job"])
    assert [problem.path for problem in pool.problems] == [folder.as_posix()]
    assert pool.sizes == {"basket": 1}
