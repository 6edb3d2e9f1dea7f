"""What several runs have in common is made once; what differs is not mixed up."""

import asyncio
from pathlib import Path

import pytest

from rematch.data.records import Grade, Rollout, Task, Usage, name_rollout
from rematch.runs.shared import SharedAgent, SharedGrader

TASK = Task(id="org/task", problem="Fix it.")


class CountingAgent:
    def __init__(self) -> None:
        self.asked: list[tuple[str, int, int]] = []

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        self.asked.append((context, iteration, index))
        name = name_rollout(task.id, iteration, index)
        return Rollout(id=name, task_id=task.id, patch=f"+ {len(self.asked)}")


class CountingGrader:
    def __init__(self, status: str = "graded") -> None:
        self.asked = 0
        self.status = status

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        self.asked += 1
        return Grade(task_id=task.id, rollout_id=rollout.id, reward=1, status=self.status)


def attempt(agent: SharedAgent, task: Task = TASK, context: str = "", index: int = 0) -> Rollout:
    return asyncio.run(agent.attempt(task, context=context, iteration=0, index=index))


def test_an_equal_attempt_is_made_once_also_by_another_run(tmp_path: Path) -> None:
    agent = CountingAgent()
    first = attempt(SharedAgent(agent, tmp_path, "maker"))
    assert attempt(SharedAgent(agent, tmp_path, "maker")) == first
    assert len(agent.asked) == 1


@pytest.mark.parametrize(
    ("maker", "task", "context", "index"),
    [
        ("other", TASK, "", 0),
        ("maker", Task(id="org/task", problem="Fix that."), "", 0),
        ("maker", Task(id="org_task", problem="Fix it."), "", 0),
        ("maker", TASK, "told", 0),
        ("maker", TASK, "", 1),
    ],
)
def test_whatever_differs_makes_another_attempt(
    tmp_path: Path, maker: str, task: Task, context: str, index: int
) -> None:
    agent = CountingAgent()
    attempt(SharedAgent(agent, tmp_path, "maker"))
    attempt(SharedAgent(agent, tmp_path, maker), task, context, index)
    assert len(agent.asked) == 2


def grade(grader: SharedGrader, rollout: Rollout) -> Grade:
    return asyncio.run(grader.grade(TASK, rollout))


def test_an_equal_rollout_is_graded_once_whoever_told_its_agent(tmp_path: Path) -> None:
    grader = CountingGrader()
    rollout = Rollout(id="r", task_id="org/task", patch="+ 1")
    shared = SharedGrader(grader, tmp_path)
    told = rollout.model_copy(update={"priors": ("a", "b")})
    assert grade(shared, rollout) == grade(shared, told)
    assert grader.asked == 1


def test_another_patch_or_another_way_there_is_graded_again(tmp_path: Path) -> None:
    grader = CountingGrader()
    shared = SharedGrader(grader, tmp_path)
    rollout = Rollout(id="r", task_id="org/task", patch="+ 1")
    for other in ({}, {"patch": "+ 2"}, {"usage": Usage(calls=3)}, {"id": "s"}):
        grade(shared, rollout.model_copy(update=other))
    assert grader.asked == 4


def test_what_could_not_be_graded_is_tried_again(tmp_path: Path) -> None:
    grader = CountingGrader("grader-failed")
    shared = SharedGrader(grader, tmp_path)
    for _ in range(2):
        grade(shared, Rollout(id="r", task_id="org/task"))
    assert grader.asked == 2
