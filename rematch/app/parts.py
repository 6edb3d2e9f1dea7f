"""What building hands to selecting and running: wired programs with what watches them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from rematch.data.records import Bracket, Record, Rollout, Step, Usage
from rematch.programs import Rematch
from rematch.runs.calls import Calls, Event
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder
from rematch.runs.ledger_rows import Amount
from rematch.seams import Grader

R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class Parts:
    """A wired program with what watches it."""

    program: Rematch
    calls: Calls
    executor: LocalExecutor

    def usage(self) -> dict[str, Usage]:
        """What our own model calls cost in this session so far, by role."""
        return self.calls.meter.by_role()

    def events(self) -> Counter[Event]:
        """What befell our model calls in this session so far, and how often."""
        return self.calls.events()

    def tell_budget(self) -> list[str]:
        """What a user should know of the budget, one line each; nothing where all is well."""
        budget = self.calls.budget
        lines = []
        if budget.refused:
            lines.append(
                f"the budget is spent ({budget.describe()}): {budget.refused:,} calls were not "
                "made, and the picks are the best so far; with a larger one the same command "
                "goes on"
            )
        if budget.excess != Amount():
            lines.append(
                f"calls cost more than was held for them, together by {budget.excess}: an "
                "estimate was too low"
            )
        return lines

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
    steps = tuple(_count_step(step.number) for step in rollout.trajectory.steps)
    light = rollout.trajectory.model_copy(update={"steps": steps})
    for part in (light, rollout.usage, rollout.origin):
        share_names(part)
    return share_names(rollout.model_copy(update={"trajectory": light}))


def lighten_bracket(bracket: Bracket) -> Bracket:
    """A bracket without its votes: tables need who met and who won.

    Votes are most of a bracket: V reasons of a paragraph a match. They stay in the task's folder.
    """
    rounds = []
    for round_ in bracket.rounds:
        matches = (match.model_copy(update={"votes": ()}) for match in round_.matches)
        light = round_.model_copy(update={"matches": tuple(map(share_names, matches))})
        rounds.append(share_names(light))
    return share_names(bracket.model_copy(update={"rounds": tuple(rounds)}))


def share_names(record: R) -> R:
    """The record, its set of the fields' names shared with all that were given the same fields.

    Pydantic keeps one a record (728 bytes from five names on), which is more than the values of a
    small record. It changes none after a record is made; a changed copy has its own.
    """
    names = _name_fields(frozenset(record.model_fields_set))
    object.__setattr__(record, "__pydantic_fields_set__", names)
    return record


@cache
def _name_fields(names: frozenset[str]) -> set[str]:
    return set(names)


@cache
def _count_step(number: int) -> Step:
    """One empty step a number serves all rollouts: a thousand tasks have a million steps."""
    return Step(number=number)
