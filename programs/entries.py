"""From rollouts to entrants: equal patches are one entrant, and ties have a fixed order."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rematch.data.records import Rollout, Task
from rematch.seams import Entrant, Scorer
from rematch.seeds import derive_random

_NOISE = (
    (re.compile(r"^index [0-9a-f]+\.\.[0-9a-f]+.*(?:\n|\Z)", re.MULTILINE), ""),
    # Names the file once more, but for an empty or a renamed file, which has no `---` line.
    (re.compile(r"^diff --git .*\n((?:.* mode \d+\n)*)(?=--- )", re.MULTILINE), r"\1"),
    (re.compile(r"^(@@ -\d+(?:,\d+)? \+\d+(?:,\d+)? @@).*$", re.MULTILINE), r"\1"),
)

TieRule = Literal["evidence", "cost", "draw"]


def normalize_patch(patch: str) -> str:
    """A patch without what does not change its effect: blob hashes, hunk titles, line ends."""
    text = "\n".join(line.rstrip() for line in patch.splitlines())
    for noise, kept in _NOISE:
        text = noise.sub(kept, text)
    return text.strip()


@dataclass(frozen=True)
class TieOrder:
    """The order that settles ties, fixed before the first vote (ours).

    `ranks[i]` is entrant i's place, 0 first. `keys[i]` are what it was ranked by.
    """

    ranks: tuple[int, ...]
    keys: tuple[tuple[float, float, float, int], ...]

    def reason(self, first: int, second: int) -> str:
        """Which rule ranks `first` before `second`."""
        names = ("evidence margin", "more rollouts with this patch", "cheaper rollout")
        pairs = zip(names, self.keys[first], self.keys[second], strict=False)
        return next((name for name, one, other in pairs if one != other), "seeded draw")


def order_ties(
    task: Task,
    entrants: Sequence[Entrant],
    scorer: Scorer | None,
    seed: int,
    rule: TieRule = "evidence",
) -> TieOrder:
    """Rank entrants by evidence, weight, cost, then a seeded draw.

    Args:
        task: the task.
        entrants: whom to rank.
        scorer: makes the evidence scores; without one they are all equal.
        seed: the run's seed.
        rule: where to begin: `cost` leaves evidence out, `draw` leaves the draw alone.
    """
    count = len(entrants)
    scores = scorer(task, entrants) if scorer and rule == "evidence" else (0.0,) * count
    weights, costs = [0] * count, [0.0] * count
    if rule != "draw":
        weights = [entrant.weight for entrant in entrants]
        costs = _costs([entrant.rollout for entrant in entrants])
    draw = list(range(count))
    derive_random(seed, task.id, "ties").shuffle(draw)
    keys = tuple(
        (-score, -weight, cost, place)
        for score, weight, cost, place in zip(scores, weights, costs, draw, strict=True)
    )
    best_first = sorted(range(count), key=keys.__getitem__)
    ranks = [0] * count
    for place, index in enumerate(best_first):
        ranks[index] = place
    return TieOrder(tuple(ranks), keys)


def _costs(rollouts: Sequence[Rollout]) -> list[float]:
    """Dollars where all are known, else tokens where all are, else steps."""
    dollars = [rollout.usage.cost_usd for rollout in rollouts]
    known = [cost for cost in dollars if cost]
    if len(known) == len(rollouts):
        return known
    tokens = [float(rollout.usage.tokens) for rollout in rollouts]
    if all(tokens):
        return tokens
    return [float(len(rollout.trajectory.steps)) for rollout in rollouts]


def merge_equal(
    entrants: Sequence[Entrant],
) -> tuple[list[Entrant], dict[str, tuple[str, ...]]]:
    """Entrants with the same non-empty normalized patch become one, the cheapest.

    Returns:
        The distinct entrants in the order of their first member, and for each that stands for
        others the ids of those.
    """
    costs = dict(zip((e.id for e in entrants), _costs([e.rollout for e in entrants]), strict=True))
    groups: dict[str, list[Entrant]] = {}
    for entrant in entrants:
        patch = normalize_patch(entrant.rollout.patch or "")
        groups.setdefault(patch or f"\0{entrant.id}", []).append(entrant)
    distinct: list[Entrant] = []
    merged: dict[str, tuple[str, ...]] = {}
    for group in groups.values():
        chosen = min(group, key=lambda entrant: (costs[entrant.id], entrant.id))
        distinct.append(replace(chosen, weight=sum(entrant.weight for entrant in group)))
        others = tuple(entrant.id for entrant in group if entrant.id != chosen.id)
        if others:
            merged[chosen.id] = others
    return distinct, merged
