"""Parts that remember: what a run folder holds already is taken from it, the rest is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from rematch.data.records import Rollout, Summary, Task, name_rollout
from rematch.errors import BudgetSpentError, ModelRefusedError
from rematch.runs.budget import note_refusal, watch_refusals
from rematch.runs.faults import explain
from rematch.runs.folder import RunFolder
from rematch.runs.purse import Purse
from rematch.seams import Agent, Summarizer, allowance
from rematch.stopping import Stop, stopping


class RecordedAgent:
    """An agent whose finished attempts are kept (seams.Agent).

    Args:
        agent: makes attempts that are not there yet.
        folder: keeps them.
        purse: bounds and records what the agent's own calls cost; None where it makes none, or
            none but through our engine.
    """

    def __init__(self, agent: Agent, folder: RunFolder, purse: Purse | None = None) -> None:
        self._agent, self._folder, self._purse = agent, folder, purse

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        """The kept attempt, or a new one. An attempt that never ended was not kept.

        Raises:
            BudgetSpentError: the budget does not allow it.
        """
        folder = self._folder.task(task.id)
        rollout_id = name_rollout(task.id, iteration, index)
        kept = folder.read_rollout(rollout_id)
        if kept is not None:
            return kept

        async def make() -> Rollout:
            # A rollout cannot be resumed: once begun it is finished, whatever it still asks.
            stopped = stopping.set(Stop())
            try:
                return await self._agent.attempt(
                    task, context=context, iteration=iteration, index=index
                )
            finally:
                stopping.reset(stopped)

        if self._purse is not None:
            prompt = f"{task.problem}\n{context}"
            return await _pay(self._purse, rollout_id, prompt, make, folder.write_rollout)
        rollout = await make()
        folder.write_rollout(rollout)
        return rollout


async def _pay(
    purse: Purse,
    rollout_id: str,
    prompt: str,
    make: Callable[[], Awaitable[Rollout]],
    keep: Callable[[Rollout], None],
) -> Rollout:
    """Make a rollout within its share, keep it, and record what it cost."""
    try:
        key, share = await purse.open(rollout_id, prompt)
    except BudgetSpentError as error:
        note_refusal(str(error))
        raise
    granting = allowance.set(share)
    try:
        rollout = await make()
        if not share.is_too_small:
            keep(rollout)
    except BaseException as error:
        await purse.lose(key, share, explain(error))
        if isinstance(error, ModelRefusedError):
            purse.calls.gate.close(error)
        raise
    finally:
        allowance.reset(granting)
    if share.is_too_small:
        reason = "its share of the budget is too small for a single call"
        await purse.lose(key, share, reason)
        note_refusal(reason)
        raise BudgetSpentError(f"{rollout_id}: {reason}")
    await purse.settle(key, share, rollout.usage, rollout_id)
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
        """The kept summary, or a new one; one that lacks what the budget refused is not kept."""
        folder = self._folder.task(task.id)
        kept = folder.read_summary(rollout.id)
        if kept is not None:
            return kept
        with watch_refusals() as refused:
            summary = await self._summarizer.acall(task=task, rollout=rollout)
        if not refused:
            folder.write_summary(summary)
        return summary
