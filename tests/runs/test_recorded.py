"""What a folder holds already is taken from it, the rest is made and kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rematch.data.records import Rollout, Summary, Task, name_rollout
from rematch.errors import AgentError, ModelError
from rematch.runs.folder import RunFolder
from rematch.runs.recorded import RecordedAgent, RecordedSummarizer
from rematch.seams import Agent, Summarizer

TASK = Task(id="org/repo", problem="p")


class CountingAgent:
    """Makes rollouts, after as many failures as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.asked: list[tuple[str, int, int]] = []
        self._failures = failures

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        self.asked.append((context, iteration, index))
        if len(self.asked) <= self._failures:
            raise AgentError("no sandbox")
        return Rollout(
            id=name_rollout(task.id, iteration, index),
            task_id=task.id,
            iteration=iteration,
            patch=f"+ {len(self.asked)}",
        )


class CountingSummarizer:
    """Makes summaries, after as many failures as it is told."""

    def __init__(self, failures: int = 0) -> None:
        self.asked = 0
        self._failures = failures

    async def acall(self, *, task: Task, rollout: Rollout) -> Summary:
        self.asked += 1
        if self.asked <= self._failures:
            raise ModelError("no reply")
        return Summary(rollout_id=rollout.id, final_outcome=f"number {self.asked}")


def attempt(agent: RecordedAgent, iteration: int = 0, index: int = 0, told: str = "") -> Rollout:
    return asyncio.run(agent.attempt(TASK, context=told, iteration=iteration, index=index))


def test_both_keep_their_seam(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert isinstance(RecordedAgent(CountingAgent(), folder), Agent)
    assert isinstance(RecordedSummarizer(CountingSummarizer(), folder), Summarizer)


def test_attempt_is_made_once_and_kept(tmp_path: Path) -> None:
    agent = CountingAgent()
    first = attempt(RecordedAgent(agent, RunFolder(tmp_path)), 1, 3, "be careful")
    again = attempt(RecordedAgent(agent, RunFolder(tmp_path)), 1, 3, "be careful")
    assert first == again
    assert agent.asked == [("be careful", 1, 3)]


def test_other_attempts_are_made(tmp_path: Path) -> None:
    agent = CountingAgent()
    recorded = RecordedAgent(agent, RunFolder(tmp_path))
    made = {attempt(recorded, iteration, index).id for iteration in (0, 1) for index in (0, 1)}
    assert len(made) == len(agent.asked) == 4


def test_attempt_that_never_ended_is_not_kept(tmp_path: Path) -> None:
    recorded = RecordedAgent(CountingAgent(failures=1), RunFolder(tmp_path))
    with pytest.raises(AgentError):
        attempt(recorded)
    assert RunFolder(tmp_path).task(TASK.id).rollouts() == []
    assert attempt(recorded).patch == "+ 2"


def test_summary_is_made_once_and_kept(tmp_path: Path) -> None:
    summarizer = CountingSummarizer(failures=1)
    rollout = Rollout(id="a/b", task_id=TASK.id)

    def summarize() -> Summary:
        recorded = RecordedSummarizer(summarizer, RunFolder(tmp_path))
        return asyncio.run(recorded.acall(task=TASK, rollout=rollout))

    with pytest.raises(ModelError):
        summarize()
    assert summarize().final_outcome == "number 2"
    assert summarize().final_outcome == "number 2"
    assert summarizer.asked == 2
