"""What a format yields: one recorded attempt, before it gets its ids.

Labels do not fit in here: no format reads rewards, scores or the results of hidden tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rematch.data.records import (
    Action,
    Ending,
    Origin,
    ResultKind,
    Rollout,
    Step,
    Trajectory,
    Usage,
)
from rematch.errors import InputError

MAX_STEPS = 100_000
"""More steps than this are no attempt of an agent, but a broken or hostile file."""

NO_STEPS = Trajectory()
ONLY_PATCH = Trajectory(ending_detail="only its patch is recorded")
NOT_RECORDED = Usage(cost_usd=None)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One attempt as a file records it.

    `instance` is the task's id as the file itself names it, `name` the attempt's own name
    where a file holds several; both are "" where the file does not say.
    """

    trajectory: Trajectory = NO_STEPS
    instance: str = ""
    name: str = ""
    problem: str = ""
    patch: str | None = None
    asks_for: ResultKind = ResultKind.PATCH
    usage: Usage = NOT_RECORDED
    seconds: float | None = None
    agent: str = ""
    model: str = ""

    def to_rollout(self, id: str, task_id: str, path: str, format: str) -> Rollout:
        """The record, under the ids that the pool gives it."""
        return Rollout(
            id=id,
            task_id=task_id,
            trajectory=self.trajectory,
            patch=self.patch,
            usage=self.usage,
            seconds=self.seconds,
            origin=Origin(agent=self.agent, model=self.model, path=path, format=format),
        )


def make_trajectory(
    turns: Iterable[tuple[str, Sequence[Action]]],
    ending: Ending = Ending.UNKNOWN,
    detail: str = "",
) -> Trajectory:
    """Numbers the turns (message, actions) as steps.

    Raises:
        InputError: More than MAX_STEPS.
    """
    steps = []
    for number, (message, actions) in enumerate(turns, start=1):
        if number > MAX_STEPS:
            raise InputError(f"has more than {MAX_STEPS} steps; no attempt is that long")
        steps.append(Step(number=number, message=message, actions=tuple(actions)))
    return Trajectory(steps=tuple(steps), ending=ending, ending_detail=one_line(detail))


def one_line(text: str, limit: int = 200) -> str:
    """The text on one line, cut at `limit` characters."""
    line = " ".join(text[: limit * 4].split())
    return line if len(line) <= limit else line[: limit - 3] + "..."
