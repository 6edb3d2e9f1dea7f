"""Selectors to compare: from a labelled task to the reward that they pick, exact over ties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from rematch.evidence.scoring import ScoringModel
from rematch.optimizers.labelled import Attempt, LabelledTask

Selector = Callable[[LabelledTask], float]


def pick_random(task: LabelledTask) -> float:
    """The exact expectation of a random pick: pass@1."""
    return _mean(task.attempts)


def pick_oracle(task: LabelledTask) -> float:
    """The best attempt: no selector can do better."""
    return max(task.rewards)


def pick_fewest_steps(task: LabelledTask) -> float:
    """The shortest attempt; the expectation over equally short ones."""
    return _least(task.attempts, lambda attempt: attempt.steps)


def pick_fewest_tokens(task: LabelledTask) -> float:
    """The attempt with the fewest completion tokens; random where none are recorded."""
    known = [attempt for attempt in task.attempts if attempt.tokens is not None]
    return _least(known, lambda attempt: attempt.tokens or 0) if known else pick_random(task)


def pick_majority(task: LabelledTask) -> float:
    """A patch that most attempts share; the expectation over equals, random without patches."""
    counts = Counter(attempt.patch for attempt in task.attempts if attempt.patch)
    if not counts:
        return pick_random(task)
    return _least([one for one in task.attempts if one.patch], lambda one: -counts[one.patch])


def pick_by_evidence(model: ScoringModel) -> Selector:
    """The pick of a bracket judged by evidence with these weights."""
    return lambda task: task.pick(model.score).reward


def pick_given(picks: Mapping[str, str]) -> Selector:
    """Picks made elsewhere (a model judge's), by task id; random where there is none."""

    def select(task: LabelledTask) -> float:
        rewards = {attempt.id: attempt.reward for attempt in task.attempts}
        return rewards.get(picks.get(task.id, ""), pick_random(task))

    return select


def list_baselines(tasks: Sequence[LabelledTask]) -> dict[str, Selector]:
    """The free baselines that mean something in this pool: no tokens or patches, no baseline."""
    attempts = [attempt for task in tasks for attempt in task.attempts]
    baselines: dict[str, Selector] = {
        "random": pick_random,
        "fewest-steps": pick_fewest_steps,
    }
    if any(attempt.tokens is not None for attempt in attempts):
        baselines["fewest-tokens"] = pick_fewest_tokens
    if any(attempt.patch for attempt in attempts):
        baselines["patch-majority"] = pick_majority
    return baselines


def _least(attempts: Sequence[Attempt], key: Callable[[Attempt], float]) -> float:
    least = min(key(attempt) for attempt in attempts)
    return _mean([attempt for attempt in attempts if key(attempt) == least])


def _mean(attempts: Sequence[Attempt]) -> float:
    return sum(attempt.reward for attempt in attempts) / len(attempts)
