"""Who meets whom: a tournament's plan is fixed by its size, group size and seed alone.

Positions, not winners, are paired, so every match can start as soon as its own entrants are
known. Source: paper section 3.2; uneven groups, byes and stopping at exactly K are ours.
"""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Leaf:
    """An entrant, by its index in the (shuffled) entry order."""

    entrant: int


@dataclass(frozen=True)
class Group:
    """A match to be played by the winners of its `slots`."""

    slots: tuple[Slot, ...]


Slot = Leaf | Group


@dataclass(frozen=True)
class PlannedRound:
    """The groups of one round and the slots that sit it out."""

    groups: tuple[Group, ...]
    byes: tuple[Slot, ...]


@dataclass(frozen=True)
class Plan:
    """Rounds in order, and the slots whose winners survive."""

    rounds: tuple[PlannedRound, ...]
    survivors: tuple[Slot, ...]


def plan_bracket(entrants: int, group_size: int, keep: int, rng: random.Random) -> Plan:
    """Plan rounds of groups until exactly `keep` are left.

    A round plays groups of `group_size`; where the numbers do not divide, one group is
    smaller or one slot gets a bye, and the last round plays only as many matches as are
    needed to stop at exactly `keep`. Byes are drawn by `rng`.

    Args:
        entrants: how many enter, at least 1.
        group_size: G, at least 2.
        keep: K, at least 1; no round is played when it is not below `entrants`.
        rng: shuffles the entry order and draws the byes.
    """
    order = list(range(entrants))
    rng.shuffle(order)
    slots: tuple[Slot, ...] = tuple(Leaf(index) for index in order)
    rounds: list[PlannedRound] = []
    while len(slots) > keep:
        target = max(keep, -(-len(slots) // group_size))
        sizes = _sizes(len(slots) - target, group_size)
        planned = _plan_round(slots, sizes, rng)
        rounds.append(planned)
        slots = (*planned.groups, *planned.byes)
    return Plan(tuple(rounds), slots)


def count_rounds(entrants: int, group_size: int, keep: int) -> int:
    """How many rounds a bracket takes; it depends on no draw."""
    return len(plan_bracket(entrants, group_size, keep, random.Random(0)).rounds)


def count_matches(entrants: int, group_size: int, keep: int) -> int:
    """How many matches a bracket plays; it depends on no draw."""
    plan = plan_bracket(entrants, group_size, keep, random.Random(0))
    return sum(len(planned.groups) for planned in plan.rounds)


def _sizes(eliminated: int, group_size: int) -> list[int]:
    """Group sizes that eliminate so many: full groups, then one smaller group."""
    full, rest = divmod(eliminated, group_size - 1)
    return [group_size] * full + ([rest + 1] if rest else [])


def _plan_round(slots: tuple[Slot, ...], sizes: list[int], rng: random.Random) -> PlannedRound:
    resting = set(rng.sample(range(len(slots)), len(slots) - sum(sizes)))
    playing = [slot for index, slot in enumerate(slots) if index not in resting]
    groups = []
    for size in sizes:
        groups.append(Group(tuple(playing[:size])))
        playing = playing[size:]
    return PlannedRound(tuple(groups), tuple(slots[index] for index in sorted(resting)))
