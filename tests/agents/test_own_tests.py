"""The user's own tests on every attempt's patch."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rematch.agents.own_tests import OwnTestsAgent
from rematch.agents.sandboxes import ProcessSandbox, SandboxLimits
from rematch.data.records import Rollout, Step, Task, Trajectory
from tests.data.repository_makers import hash_tree, make_repository

TASK = Task(id="t", problem="It is wrong.")
TEST = "echo tried >> log; cat log; test $(cat a.txt) = right"


def patch(text: str) -> str:
    return f"diff --git a/a.txt b/a.txt\n--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-wrong\n+{text}\n"


class Scripted:
    """Answers with one patch after the other."""

    def __init__(self, *patches: str | None) -> None:
        self._patches = patches

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        steps = (Step(number=1, message="I have mended it."),)
        return Rollout(
            id=f"t-{index}",
            task_id=task.id,
            patch=self._patches[index],
            trajectory=Trajectory(steps=steps),
        )


class Boxes:
    """Opens process sandboxes, and counts them."""

    def __init__(self, seconds: float = 30) -> None:
        self.made: list[ProcessSandbox] = []
        self._limits = SandboxLimits(seconds=seconds)

    def __call__(self, folder: Path) -> ProcessSandbox:
        self.made.append(ProcessSandbox(folder, self._limits))
        return self.made[-1]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "clone", a__txt="wrong\n")


def attempt_all(agent: OwnTestsAgent, count: int) -> list[Rollout]:
    async def run() -> list[Rollout]:
        jobs = [agent.attempt(TASK, context="", iteration=0, index=i) for i in range(count)]
        return await asyncio.gather(*jobs)

    return asyncio.run(run())


def test_each_patch_is_tried_on_a_copy_of_its_own(source: Path) -> None:
    before = hash_tree(source)
    boxes = Boxes()
    agent = OwnTestsAgent(Scripted(patch("right"), patch("other")), source, TEST, boxes)
    right, other = attempt_all(agent, 2)
    assert right.own_tests is not None
    assert other.own_tests is not None
    assert (right.own_tests.exit_code, other.own_tests.exit_code) == (0, 1)
    assert right.own_tests.output == other.own_tests.output == "tried\n"  # no copy is used twice
    assert right.own_tests.command == TEST
    assert len(boxes.made) == 3  # the state before is tried once
    assert hash_tree(source) == before


def test_the_last_step_tells_summaries_what_came_out_before_and_after(source: Path) -> None:
    agent = OwnTestsAgent(Scripted(patch("right")), source, TEST, Boxes())
    (rollout,) = attempt_all(agent, 1)
    first, last = rollout.trajectory.steps
    assert first.message == "I have mended it."
    assert (last.number, last.actions) == (2, (rollout.own_tests,))
    assert "without any patch its exit code is 1" in last.message


@pytest.mark.parametrize("nothing", [None, "", " \n"])
def test_without_a_patch_nothing_is_tried(source: Path, nothing: str | None) -> None:
    boxes = Boxes()
    (rollout,) = attempt_all(OwnTestsAgent(Scripted(nothing), source, TEST, boxes), 1)
    assert rollout.own_tests is None
    assert len(rollout.trajectory.steps) == 1
    assert boxes.made == []


def test_a_patch_that_does_not_apply_fails_the_tests(source: Path) -> None:
    hostile = "diff --git a/../x b/../x\nnew file mode 100644\n--- /dev/null\n+++ b/../x\n"
    agent = OwnTestsAgent(Scripted(f"{hostile}@@ -0,0 +1 @@\n+x\n"), source, "true", Boxes())
    (rollout,) = attempt_all(agent, 1)
    assert rollout.own_tests is not None
    assert rollout.own_tests.exit_code == 1
    assert "the patch does not apply" in rollout.own_tests.output
    assert not (source.parent / "x").exists()


def test_tests_that_hang_are_stopped_and_told(source: Path) -> None:
    test = "test $(cat a.txt) = wrong || sleep 60"
    agent = OwnTestsAgent(Scripted(patch("right")), source, test, Boxes(seconds=0.5))
    (rollout,) = attempt_all(agent, 1)
    assert rollout.own_tests is not None
    assert rollout.own_tests.exit_code == 124


def test_a_sandbox_that_breaks_is_told_in_the_result(source: Path) -> None:
    class Broken(ProcessSandbox):
        def open(self) -> None:
            from rematch.errors import SandboxError

            raise SandboxError("no room")

    agent = OwnTestsAgent(Scripted(patch("right")), source, TEST, Broken)
    (rollout,) = attempt_all(agent, 1)
    assert rollout.own_tests is not None
    assert rollout.own_tests.output == "the tests could not be run: no room"
    assert rollout.own_tests.exit_code != 0


def test_a_cancelled_attempt_ends_its_tests(source: Path) -> None:
    boxes = Boxes(seconds=600)
    started = source.parent / "started"
    agent = OwnTestsAgent(Scripted(patch("right")), source, f"touch {started}; sleep 600", boxes)

    async def run() -> None:
        job = asyncio.ensure_future(agent.attempt(TASK, context="", iteration=0, index=0))
        while not started.exists():
            await asyncio.sleep(0.05)
        job.cancel()
        with pytest.raises(asyncio.CancelledError):
            await job

    asyncio.run(asyncio.wait_for(run(), 60))
    assert all(box.cancelled for box in boxes.made)
