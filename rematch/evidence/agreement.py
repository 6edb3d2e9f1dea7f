"""How far the attempts at one task agree (self-consistency, arXiv 2203.11171, without a vote).

Mean cosine of sets of words or lines, in time linear in their size: the others are summed up
once, not met one by one.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence


def measure_agreement(
    bags: Sequence[Collection[str]], weights: Sequence[int], copies: bool
) -> list[float]:
    """Each attempt's mean cosine with the task's other attempts, 0..1.

    An empty set agrees with nobody; an attempt without others has agreement 0.

    Args:
        bags: what each entrant shows, without duplicates.
        weights: how many attempts each entrant stands for.
        copies: whether the attempts that an entrant stands for count as agreeing with it.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    for bag, weight in zip(bags, weights, strict=True):
        share = weight / math.sqrt(len(bag)) if bag else 0.0
        for item in bag:
            sums[item] += share
    total = sum(weights)
    agreements = []
    for bag, weight in zip(bags, weights, strict=True):
        others = total - 1 if copies else total - weight
        if not bag or others <= 0:
            agreements.append(0.0)
            continue
        # fsum and rounding: a set's order is not the same from one process to the next.
        everyone = math.fsum(sums[item] for item in bag) / math.sqrt(len(bag))
        own = 1 if copies else weight
        agreements.append(round(min(max((everyone - own) / others, 0.0), 1.0), 9))
    return agreements
