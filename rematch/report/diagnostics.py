"""The paper's diagnostics of a graded run, with free baselines and the oracle beside them.

Rates are means over tasks of task means; intervals are task bootstraps. Sources: paper's main
table, its judge accuracy, prior, redistribution and step ablations; baselines are ours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from rematch.data.records import Bracket, Decision, Grade, Pick, Rollout
from rematch.statistics import Estimate, estimate_mean

_UNJUDGED = (Decision.NO_RESULT, Decision.NO_VOTE)


@dataclass(frozen=True)
class TaskRun:
    """What a run holds of one finished task. `not_graded` could not be graded, with the reason.

    The rollouts' steps are only counted and the brackets hold no votes: there are many tasks.
    """

    task_id: str
    rollouts: tuple[Rollout, ...]
    brackets: tuple[Bracket, ...]
    pick: Pick
    grades: dict[str, Grade]
    not_graded: dict[str, Grade] = field(default_factory=dict)

    def population(self, iteration: int) -> list[Rollout]:
        """The rollouts of one iteration."""
        return [rollout for rollout in self.rollouts if rollout.iteration == iteration]

    @property
    def last_iteration(self) -> int:
        """The highest iteration."""
        return max(rollout.iteration for rollout in self.rollouts)

    def reward(self, rollout_id: str) -> float | None:
        """A rollout's reward, None where it was not graded."""
        grade = self.grades.get(rollout_id)
        return None if grade is None else grade.reward

    def mean_reward(self, rollout_ids: Iterable[str]) -> float | None:
        """The mean reward of graded rollouts, None where none is."""
        rewards = [reward for name in rollout_ids if (reward := self.reward(name)) is not None]
        return fmean(rewards) if rewards else None


Measure = Callable[[TaskRun], float | None]


def measure(runs: Sequence[TaskRun], what: Measure) -> Estimate | None:
    """A rate over the tasks that have it."""
    return estimate_mean([value for run in runs if (value := what(run)) is not None])


def mean_of_iteration(iteration: int) -> Measure:
    """pass@1 of an iteration: also the exact expectation of a random pick."""
    return lambda run: run.mean_reward(r.id for r in run.population(iteration))


def mean_of_selected(run: TaskRun) -> float | None:
    """The K survivors of iteration 0 (SelK)."""
    first = [bracket for bracket in run.brackets if bracket.iteration == 0]
    if run.last_iteration == 0 or not first:
        return None
    return run.mean_reward(first[0].survivors)


def picked(run: TaskRun) -> float | None:
    """The final pick."""
    return run.reward(run.pick.rollout_id)


def fewest_steps(iteration: int) -> Measure:
    """A free baseline: the attempt with the fewest steps; ties share their expectation."""

    def value(run: TaskRun) -> float | None:
        steps = {r.id: len(r.trajectory.steps) for r in run.population(iteration)}
        least = min(steps.values(), default=0)
        return run.mean_reward(name for name, count in steps.items() if count == least)

    return value


def oracle(iteration: int | None = None) -> Measure:
    """The best attempt there is, of one iteration or of all."""

    def value(run: TaskRun) -> float | None:
        among = run.rollouts if iteration is None else run.population(iteration)
        return max((g for r in among if (g := run.reward(r.id)) is not None), default=None)

    return value


def judge_accuracy(runs: Sequence[TaskRun]) -> dict[tuple[int, int], tuple[float, int]]:
    """How often a match of unequal entrants was won by a best one.

    Returns:
        (iteration, round from 1) to (share, number of such matches).
    """
    outcomes: dict[tuple[int, int], list[bool]] = defaultdict(list)
    for run in runs:
        for bracket in run.brackets:
            for number, round_ in enumerate(bracket.rounds, 1):
                for match in round_.matches:
                    rewards = [run.reward(name) for name in match.entrants]
                    known = [reward for reward in rewards if reward is not None]
                    if match.decided_by in _UNJUDGED or len(known) < len(rewards):
                        continue
                    if min(known) < max(known):
                        right = known[match.winner] == max(known)
                        outcomes[bracket.iteration, number].append(right)
    return {key: (fmean(right), len(right)) for key, right in sorted(outcomes.items())}


def success_by_priors(runs: Sequence[TaskRun]) -> dict[tuple[int, int], tuple[float, int]]:
    """Later rollouts' mean reward by how many of their priors passed.

    Returns:
        (passing priors, priors) to (mean reward, number of rollouts).
    """
    rewards: dict[tuple[int, int], list[float]] = defaultdict(list)
    for run in runs:
        for rollout in run.rollouts:
            reward = run.reward(rollout.id)
            priors = [run.reward(prior) for prior in rollout.priors]
            if reward is None or not priors or None in priors:
                continue
            passing = sum(prior is not None and prior >= 1 for prior in priors)
            rewards[passing, len(priors)].append(reward)
    return {key: (fmean(values), len(values)) for key, values in sorted(rewards.items())}


@dataclass(frozen=True)
class Spread:
    """How many tasks had no passing rollout, some, or only passing ones."""

    none: int
    some: int
    all: int


def spread(runs: Sequence[TaskRun], iteration: int) -> Spread:
    """Redistribution: tasks at 0/N, between, and at N/N in one iteration, of graded rollouts."""
    counts = [0, 0, 0]
    for run in runs:
        rewards = [run.reward(rollout.id) for rollout in run.population(iteration)]
        known = [reward for reward in rewards if reward is not None]
        passing = sum(reward >= 1 for reward in known)
        if known:
            counts[0 if passing == 0 else 2 if passing == len(known) else 1] += 1
    return Spread(*counts)


def mean_steps(runs: Sequence[TaskRun], iteration: int) -> float | None:
    """Mean steps of an iteration's rollouts."""
    steps = [len(r.trajectory.steps) for run in runs for r in run.population(iteration)]
    return fmean(steps) if steps else None
