"""Trials that fail are recorded with their reason; the run goes on, the picks follow the rule."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from rematch.app import TaskRun, load_run
from rematch.data.records import Decision, Ending, Rollout
from rematch.runs.folder import RunFolder
from rematch.testing import ChatRequest, Conversation, Endpoint, Fault, Terminus1
from tests.cli.running import rematch
from tests.harbor.tasks import copy_tasks, find_task, fixing_command

pytestmark = [pytest.mark.harbor, pytest.mark.filterwarnings("ignore")]


def read_task(folder: Path, task_id: str) -> TaskRun:
    return next(task for task in load_run(folder) if task.task_id == task_id)


def set_of_rewards(task: TaskRun) -> set[float]:
    return {grade.reward for grade in task.grades.values()}


def read_rollouts(folder: Path, task_id: str) -> list[Rollout]:
    return RunFolder(folder).task(task_id).rollouts()


def test_a_missing_image_and_a_late_verifier(tmp_path: Path) -> None:
    tasks = copy_tasks(tmp_path / "tasks", "wrap-width")
    copy_tasks(tasks, "url-dots", image="rematch-no-such-image:none")
    copy_tasks(tasks, "stock-totals", verifier=2.0)
    (tasks / "stock-totals" / "tests" / "test.sh").write_text("sleep 60\n")
    run = tmp_path / "run"

    done = rematch("run", tasks, "--agent", "harbor:oracle", "-n", "2", "-t", "1", "-o", run)

    assert done.code == 0, done.err
    assert set_of_rewards(read_task(run, "wrap-width")) == {1}
    for rollout in read_rollouts(run, "url-dots"):
        assert rollout.trajectory.ending is Ending.CRASHED
        assert "rematch-no-such-image" in rollout.trajectory.ending_detail
        grade = read_task(run, "url-dots").grades[rollout.id]
        assert (grade.reward, grade.status) == (0, "not-verified")
    late = read_task(run, "stock-totals")
    assert {grade.status for grade in late.grades.values()} == {"timeout"}
    assert all("2.0 seconds" in grade.detail for grade in late.grades.values())
    for rollout in read_rollouts(run, "stock-totals"):  # the agent had done its part
        assert rollout.trajectory.ending is not Ending.CRASHED


def test_a_late_agent_and_a_failing_model(tmp_path: Path) -> None:
    tasks = copy_tasks(tmp_path / "tasks", "wrap-width", agent=12.0)
    copy_tasks(tasks, "url-dots")
    run = tmp_path / "run"

    def plan(conversation: Conversation) -> list[str]:
        if conversation.attempt == 1:
            name = find_task(conversation.task, "wrap-width", "url-dots")
            return [fixing_command(name), "echo quality=0.9"]
        return ["echo quality=0.1", "sleep 100"]

    def fail(request: ChatRequest, rng: random.Random) -> Fault | None:
        begun = any("[attempt 0]" in message.text for message in request.messages)
        dots = request.asks_for("task_complete") and "example.org/docs" in request.last_user
        return Fault.SERVER_ERROR if begun and dots else None

    with Endpoint(Terminus1(plan, seconds=90.0), faults=fail) as endpoint:
        models = ("--model", "openai/scripted", "--api-base", endpoint.url)
        rules = ("-n", "2", "-t", "1", "-v", "2", "-c", "models.agent.attempts=2", "-o", str(run))
        done = rematch("run", tasks, "--agent", "harbor:terminus-1", *models, *rules)

    assert done.code == 0, done.err
    for task_id, ending, kind in (
        ("wrap-width", Ending.LIMIT, "AgentTimeoutError"),
        ("url-dots", Ending.CRASHED, "UnreadableReplyError"),
    ):
        task = read_task(run, task_id)
        (failed,) = (r for r in read_rollouts(run, task_id) if r.id != task.pick.rollout_id)
        assert failed.trajectory.ending is ending
        assert failed.trajectory.ending_detail.startswith(kind)
        assert len(failed.trajectory.steps) >= 1  # what it did before is kept
        assert task.reward(task.pick.rollout_id) == 1
        assert task.grades[failed.id].reward == 0
    # A limit is no crash, so its match was voted on; who crashed can win only against its like.
    assert [m.decided_by for m in read_task(run, "wrap-width").brackets[0].matches] == [
        Decision.VOTES
    ]
    assert [m.decided_by for m in read_task(run, "url-dots").brackets[0].matches] == [
        Decision.NO_RESULT
    ]
