"""Near-copies: whether a text holds another one, whatever was done to case, space and signs.

Texts are compared by their runs of five words. Source: ours (w-shingling, Broder 1997).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from rematch.errors import InputError

SHARE = 0.6
"""A text holds a copy where so large a part of the shorter one's runs of words stands in it."""

_RUN = 5
_LEAST_RUNS = 8  # of shorter texts only equal ones are copies: issues have phrases in common
_LEAST_WORDS = 4  # of a short text that is looked for inside longer ones
_WORD = re.compile(r"\w+")


def list_runs(text: str) -> frozenset[str]:
    """A text's runs of five words; of a short text the whole, of an empty one none."""
    words = _WORD.findall(text.casefold())
    count = len(words) - _RUN + 1
    if count < _LEAST_RUNS:
        return frozenset([" ".join(words)] if words else [])
    return frozenset(" ".join(words[start : start + _RUN]) for start in range(count))


def group_copies(texts: Mapping[str, str]) -> list[list[str]]:
    """Names whose texts are near-copies of each other, in one group; order is kept.

    Args:
        texts: by name. Empty texts are copies of nothing.
    """
    runs = {name: list_runs(text) for name, text in texts.items()}
    leader = {name: name for name in texts}

    def find(name: str) -> str:
        while leader[name] != name:
            name = leader[name]
        return name

    for one, other in _pairs(runs):
        first, second = sorted((find(one), find(other)), key=list(texts).index)
        leader[second] = first
    groups: dict[str, list[str]] = defaultdict(list)
    for name in texts:
        groups[find(name)].append(name)
    return list(groups.values())


def find_leaks(
    held_out: Mapping[str, str], training: Mapping[str, Iterable[str]]
) -> list[tuple[str, str]]:
    """Held-out texts that stand in training texts, as (held-out name, training name).

    Args:
        held_out: the tasks' texts, by name.
        training: everything that training shows, by name.
    """
    index: dict[str, list[str]] = defaultdict(list)
    runs = {name: list_runs(text) for name, text in held_out.items()}
    short = {name: f" {next(iter(own))} " for name, own in runs.items() if len(own) == 1}
    for name, own in runs.items():
        for run in own:
            index[run].append(name)
    leaks = []
    for name, texts in training.items():
        shown = list(texts)
        found: Counter[str] = Counter()
        for run in frozenset().union(*map(list_runs, shown)):
            found.update(index.get(run, ()))
        copied = {held for held, count in found.items() if count >= SHARE * len(runs[held])}
        words = [f" {' '.join(_WORD.findall(text.casefold()))} " for text in shown]
        copied |= {
            held
            for held, text in short.items()
            if len(text.split()) >= _LEAST_WORDS and any(text in line for line in words)
        }
        leaks += [(held, name) for held in sorted(copied)]
    return leaks


def check_leaks(
    tasks: Mapping[str, Mapping[str, str]], shown: Mapping[str, Mapping[str, Iterable[str]]]
) -> None:
    """See that no side shows a task of another side.

    Args:
        tasks: by side, the tasks' texts by id.
        shown: by side, all texts that its examples show, by the task's id.

    Raises:
        InputError: a task, or a near-copy of its text, stands on two sides.
    """
    for side, texts in tasks.items():
        for other in (name for name in tasks if name != side):
            if both := sorted(texts.keys() & tasks[other].keys()):
                raise InputError(f"{both[0]}: stands in {side} and in {other}: leave it in one")
            for held, name in find_leaks(texts, shown[other]):
                raise InputError(
                    f"{held} ({side}): its text stands in {other}, in examples of {name}: "
                    "held-out figures would flatter; put both on one side"
                )


def _pairs(runs: Mapping[str, frozenset[str]]) -> Iterable[tuple[str, str]]:
    """Names whose texts are near-copies of each other."""
    index: dict[str, list[str]] = defaultdict(list)
    for name, those in runs.items():
        common = Counter(other for run in those for other in index[run])
        for other, count in common.items():
            if count >= SHARE * min(len(those), len(runs[other])):
                yield other, name
        for run in those:
            index[run].append(name)
