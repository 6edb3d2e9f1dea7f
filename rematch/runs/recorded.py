"""Parts that remember: what a run folder holds already is taken from it, the rest is made."""

from __future__ import annotations

from rematch.data.records import Rollout, Summary, Task, name_rollout
from rematch.runs.folder import RunFolder
from rematch.seams import Agent, Summarizer
from rematch.stopping import Stop, stopping


class RecordedAgent:
    """An agent whose finished attempts are kept (seams.Agent).

    Args:
        agent: makes attempts that are not there yet.
        folder: keeps them.
    """

    def __init__(self, agent: Agent, folder: RunFolder) -> None:
        self._agent, self._folder = agent, folder

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        """The kept attempt, or a new one. An attempt that never ended was not kept."""
        folder = self._folder.task(task.id)
        kept = folder.read_rollout(name_rollout(task.id, iteration, index))
        if kept is not None:
            return kept
        # A rollout cannot be resumed: once begun it is finished, whatever it still asks.
        stopped = stopping.set(Stop())
        try:
            rollout = await self._agent.attempt(
                task, context=context, iteration=iteration, index=index
            )
        finally:
            stopping.reset(stopped)
        folder.write_rollout(rollout)
        return rollout


class RecordedSummarizer:
    """A summarizer whose summaries are kept (seams.Summarizer).

    Args:
        summarizer: makes summaries that are not there yet.
        folder: keeps them.
    """

    def __init__(self, summarizer: Summarizer, folder: RunFolder) -> None:
        self._summarizer, self._folder = summarizer, folder

    async def acall(self, *, task: Task, rollout: Rollout) -> Summary:
        """The kept summary, or a new one."""
        folder = self._folder.task(task.id)
        kept = folder.read_summary(rollout.id)
        if kept is not None:
            return kept
        summary = await self._summarizer.acall(task=task, rollout=rollout)
        folder.write_summary(summary)
        return summary
