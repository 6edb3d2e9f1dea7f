"""Work on many tasks side by side, and how it ends."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rematch.app.parts import Parts
from rematch.data.records import Bracket, Usage
from rematch.errors import ModelRefusedError, RematchError
from rematch.programs.concurrency import gather_all
from rematch.report.brackets import count_no_votes
from rematch.runs.calls import Event

T = TypeVar("T")


@dataclass(kw_only=True)
class Ending:
    """What is to be told of work on many tasks, beside what it made.

    `failures` are reasons by task, `events` what befell model calls, `notes` what is good to know
    of the budget and of matches in which no vote came; `refusal` is why the provider ended it
    before its end, "" where it did not.
    """

    failures: dict[str, str] = field(default_factory=dict)
    usage: dict[str, Usage] = field(default_factory=dict)
    events: Counter[Event] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    refusal: str = ""

    def note_no_votes(self, brackets: Iterable[Bracket]) -> None:
        """Note in how many of the brackets' matches no vote came, where there are any."""
        if told := count_no_votes(brackets):
            self.notes.append(told)

    def require_all(self) -> None:
        """See that the provider let it come to its end; for figures over all tasks.

        Raises:
            ModelRefusedError: it did not.
        """
        if self.refusal:
            raise ModelRefusedError(self.refusal)


async def answer_each(
    parts: Parts,
    task_ids: Sequence[str],
    answer: Callable[[str], Awaitable[T]],
    ending: Ending,
    *,
    in_flight: int,
    on_done: Callable[[str, T | str], None] | None = None,
) -> dict[str, T]:
    """The answers by task, in the order of the tasks.

    A task that fails is recorded with its reason and the rest goes on; only a provider that
    refuses the run stops it, and what is finished by then is returned.

    Args:
        parts: the wired program, whose calls are told of.
        task_ids: which tasks.
        answer: answers one of them.
        ending: gets what is to be told.
        in_flight: tasks under way at once.
        on_done: told (task id, answer or reason) as each task ends.

    Raises:
        ModelRefusedError: bad key, no money, unknown model; nothing is finished.
    """
    done: dict[str, T] = {}
    waiting = iter(task_ids)

    async def work(waiting: Iterator[str]) -> None:
        for task_id in waiting:
            outcome: T | str
            try:
                outcome = done[task_id] = await answer(task_id)
            except ModelRefusedError:
                raise
            except RematchError as error:
                outcome = ending.failures[task_id] = str(error)
            if on_done:
                on_done(task_id, outcome)

    try:
        await gather_all(work(waiting) for _ in range(in_flight))
    except ModelRefusedError as error:
        if not done:
            raise
        ending.refusal = str(error)
    finally:
        ending.usage = parts.usage()
        ending.events = parts.events()
        ending.notes = parts.tell_budget()
    return {task_id: done[task_id] for task_id in task_ids if task_id in done}
