"""What building hands to selecting and running: wired programs with what watches them."""

from __future__ import annotations

from dataclasses import dataclass

from rematch.data.records import Rollout, Step, Usage
from rematch.programs import Rematch
from rematch.runs.calls import Calls
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder
from rematch.seams import Grader


@dataclass(frozen=True)
class Parts:
    """A wired program with what watches it."""

    program: Rematch
    calls: Calls
    executor: LocalExecutor

    def usage(self) -> dict[str, Usage]:
        """What our own model calls cost in this session so far, by role."""
        return self.calls.meter.by_role()

    def close(self) -> None:
        """Close what is open."""
        self.calls.close()


@dataclass(frozen=True)
class Run(Parts):
    """A suite's run: also the grader that the program never sees, and where results go.

    Without a grader nothing is graded: a repository of one's own has no hidden tests.
    """

    grader: Grader | None
    folder: RunFolder
    notices: tuple[str, ...] = ()

    def close(self) -> None:
        """Close what is open, and let other processes into the folder."""
        super().close()
        self.folder.close()


def lighten(rollout: Rollout) -> Rollout:
    """A rollout whose steps are only counted: tables of many tasks need no more."""
    steps = tuple(Step(number=step.number) for step in rollout.trajectory.steps)
    light = rollout.trajectory.model_copy(update={"steps": steps})
    return rollout.model_copy(update={"trajectory": light})
