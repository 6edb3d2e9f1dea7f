"""Small finished tasks with known figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rematch.data.records import (
    Bracket,
    Decision,
    Grade,
    Match,
    Pick,
    Rollout,
    Round,
    Step,
    Trajectory,
    Usage,
    Vote,
)
from rematch.report.diagnostics import TaskRun

Ballot = tuple[tuple[int, ...], int | None]
"""The order in which a vote showed the entrants, and the one it named."""


def make_votes(ballots: Sequence[Ballot], reasons: str = "it is better") -> tuple[Vote, ...]:
    return tuple(
        Vote(
            sample=sample,
            order=order,
            winner=winner,
            reasons=reasons,
            usage=Usage(calls=1, input_tokens=100, output_tokens=10, cost_usd=0.25),
        )
        for sample, (order, winner) in enumerate(ballots)
    )


def make_match(
    *entrants: str,
    winner: int = 0,
    ballots: Sequence[Ballot] = (),
    decided_by: Decision = Decision.VOTES,
    tie_break: str = "",
    early: bool = False,
) -> Match:
    return Match(
        entrants=entrants,
        votes=make_votes(ballots),
        winner=winner,
        decided_by=decided_by,
        tie_break=tie_break,
        stopped_early=early,
    )


def make_bracket(
    *rounds: Sequence[Match],
    iteration: int = 0,
    survivors: Sequence[str] = ("a",),
    byes: Mapping[int, tuple[str, ...]] | None = None,
    merged: dict[str, tuple[str, ...]] | None = None,
    note: str = "",
) -> Bracket:
    met = [name for match in rounds[0] for name in match.entrants] if rounds else []
    return Bracket(
        task_id="task",
        iteration=iteration,
        entrants=tuple([*met, *(byes or {}).get(0, ())] or survivors),
        merged=merged or {},
        rounds=tuple(
            Round(matches=tuple(matches), byes=(byes or {}).get(number, ()))
            for number, matches in enumerate(rounds)
        ),
        survivors=tuple(survivors),
        note=note,
    )


def make_rollout(
    name: str,
    *,
    steps: int = 1,
    iteration: int = 0,
    priors: Sequence[str] = (),
    patch: str | None = None,
) -> Rollout:
    return Rollout(
        id=name,
        task_id="task",
        iteration=iteration,
        patch=patch,
        trajectory=Trajectory(steps=tuple(Step(number=n + 1) for n in range(steps))),
        priors=tuple(priors),
    )


def make_run(
    rollouts: Sequence[Rollout],
    *,
    rewards: Mapping[str, float] | None = None,
    brackets: Sequence[Bracket] = (),
    pick: str = "",
    task: str = "task",
) -> TaskRun:
    picked = pick or rollouts[0].id
    return TaskRun(
        task_id=task,
        rollouts=tuple(rollouts),
        brackets=tuple(brackets),
        pick=Pick(task_id=task, rollout_id=picked, reasons="won its match 2-0: it is better"),
        grades={
            name: Grade(task_id=task, rollout_id=name, reward=reward)
            for name, reward in (rewards or {}).items()
        },
    )
