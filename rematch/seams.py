"""The seams: what a part must offer to be swapped for another. Protocols only.

A model-backed part and an evidence part stand behind the same seam, so programs never know
which one they hold.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol, TypeVar, runtime_checkable

from rematch.data.records import CheckedClaim, Grade, Rollout, Summary, Task, Usage, Vote

T = TypeVar("T")

same_requests: ContextVar[int] = ContextVar("same_requests", default=1)
"""How many equal requests the caller has under way together (V votes of one order). An engine
may send them as one request with n completions."""

repeated: ContextVar[bool] = ContextVar("repeated", default=False)
"""Whether equal requests are sure to follow this one's answer, or have gone before: then its whole
prompt is worth keeping in a provider's cache, also in one that charges for what it keeps."""

sample: ContextVar[int | None] = ContextVar("sample", default=None)
"""Which of several independent answers the caller wants. Equal requests for equal samples are
one question: an engine may answer from its record. None: every request is a new question."""

asker: ContextVar[str] = ContextVar("asker", default="")
"""Whose questions these are, where several ask the same without knowing of each other (the
rollouts of one task): their equal requests are different questions."""

stages_left: ContextVar[int] = ContextVar("stages_left", default=0)
"""How many stages of its task still come after a job, itself included. Of the jobs that wait
for a place, those with the most go first: they keep the longest way from growing longer."""

spent: ContextVar[list[Usage] | None] = ContextVar("spent", default=None)
"""Where an engine notes what each request cost, for whoever asked."""


class Allowance(Protocol):
    """What one rollout may spend on model calls that its agent makes by itself.

    Safe to use from any thread; a rollout makes one call at a time.
    """

    def hold(self, prompt_bytes: int, reply_tokens: int | None) -> None:
        """Set a call aside before each try at it.

        Args:
            prompt_bytes: UTF-8 bytes of all that the model will read.
            reply_tokens: the most that it may write, None where nobody bounds it.

        Raises:
            BudgetSpentError: it does not fit: the rollout ends here.
            RematchError: the run has stopped.
        """
        ...

    def settle(self, usage: Usage) -> None:
        """Note what the call cost; a price that is unknown here is reckoned."""
        ...

    def fail(self, kind: str, *, may_be_billed: bool) -> None:
        """Note that the try failed, and whether it may have been paid for all the same."""
        ...


allowance: ContextVar[Allowance | None] = ContextVar("allowance", default=None)
"""What the rollout that is about to be made may spend; None where nobody bounds or counts it."""


@dataclass(frozen=True)
class Entrant:
    """What enters a bracket: a rollout with its summary.

    `weight` is how many rollouts with the same patch it stands for; it is shown to no judge
    and serves ties only.
    """

    rollout: Rollout
    summary: Summary
    weight: int = 1

    @property
    def id(self) -> str:
        """The rollout's id."""
        return self.rollout.id


@runtime_checkable
class Agent(Protocol):
    """Produces rollouts. A failed attempt is a rollout that says so, not an exception."""

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        """Make one attempt in a fresh environment, told `context` (empty in iteration 0)."""
        ...


@runtime_checkable
class Summarizer(Protocol):
    """Turns a rollout into a summary."""

    async def acall(self, *, task: Task, rollout: Rollout) -> Summary:
        """Summarize one rollout of the task."""
        ...


@runtime_checkable
class Judge(Protocol):
    """Compares entrants. `deterministic`: asking again cannot change the answer."""

    deterministic: bool

    async def acall(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        """Cast one vote on the entrants shown in `order` (indexes, first slot first)."""
        ...


@runtime_checkable
class PopulationJudge(Judge, Protocol):
    """A judge that compares by what no single match shows: the task's other entrants."""

    def for_task(self, task: Task, entrants: Sequence[Entrant]) -> Judge:
        """The judge of one tournament, told all its entrants before the first match."""
        ...


class Scorer(Protocol):
    """Scores entrants of one task from evidence, higher is better. Comparable in a task only.

    Evidence is what the rollouts hold: the entrants' summaries may still be missing.
    """

    def __call__(self, task: Task, entrants: Sequence[Entrant]) -> tuple[float, ...]:
        """One score per entrant."""
        ...


class Checker(Protocol):
    """Holds a summary's claims against the rollout's record."""

    def __call__(self, summary: Summary, rollout: Rollout) -> tuple[CheckedClaim, ...]:
        """One verdict per claim."""
        ...


class Grader(Protocol):
    """Runs a task's own tests. Called after selection only."""

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        """Grade one rollout."""
        ...


class Executor(Protocol):
    """Decides where and how many jobs run. A role is "agent", "summarizer", "judge", ..."""

    async def run(self, role: str, job: Callable[[], Awaitable[T]]) -> T:
        """Run the job when the role has a free place."""
        ...
