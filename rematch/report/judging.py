"""How a judge judges, read off its recorded votes: no label is needed.

Each figure is a mean over matches with a bootstrap interval over matches (ours; effective votes
after Kish's design effect).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from rematch.data.records import Bracket, Decision, Match, Summary, Vote
from rematch.statistics import Estimate, estimate_mean

Lengths = Mapping[str, int]
"""Characters of each rollout's summary."""


@dataclass(frozen=True)
class Figure:
    """One figure of the report: its name, its estimate, and how to read it."""

    name: str
    estimate: Estimate | None
    meaning: str


def measure_length(summary: Summary) -> int:
    """Characters that a judge reads of a summary."""
    told = summary.model_dump(exclude={"schema_version", "rollout_id", "author", "usage"})
    return len(str(list(told.values())))


def report_judge(brackets: Sequence[Bracket], lengths: Lengths) -> list[Figure]:
    """All figures over the matches that votes decided."""
    matches = [
        match
        for bracket in brackets
        for match in bracket.matches
        if match.decided_by is not Decision.NO_RESULT
    ]

    def figure(name: str, what: Callable[[Match], float | None], meaning: str) -> Figure:
        values = [value for match in matches if (value := what(match)) is not None]
        return Figure(name, estimate_mean(values), meaning)

    return [
        figure("slot-flip rate", _flips, "pairs of votes in different orders that disagree"),
        figure("first slot chosen", _first_slot, "1/G for a judge without slot bias"),
        figure(
            "longer summary chosen",
            lambda match: _longer(match, lengths),
            "of all votes; 0.5 without length bias, unless longer ones are better",
        ),
        figure("agreement", _agreement, "pairs of votes of a match that agree"),
        figure("effective votes", _effective, "votes that add information, of those cast"),
        figure("votes cast", lambda match: float(len(match.votes)), "per match"),
        figure("lost votes", _lost, "replies that named no candidate"),
        figure("decided early", lambda match: float(match.stopped_early), "matches"),
    ]


def _cast(match: Match) -> list[Vote]:
    return [vote for vote in match.votes if vote.winner is not None]


def _share(pairs: list[tuple[Vote, Vote]], holds: Callable[[Vote, Vote], bool]) -> float | None:
    return fmean(holds(one, other) for one, other in pairs) if pairs else None


def _flips(match: Match) -> float | None:
    pairs = [(a, b) for a, b in combinations(_cast(match), 2) if a.order != b.order]
    return _share(pairs, lambda a, b: a.winner != b.winner)


def _agreement(match: Match) -> float | None:
    return _share(list(combinations(_cast(match), 2)), lambda a, b: a.winner == b.winner)


def _first_slot(match: Match) -> float | None:
    votes = _cast(match)
    return fmean(vote.winner == vote.order[0] for vote in votes) if votes else None


def _longer(match: Match, lengths: Lengths) -> float | None:
    """For pairs only: with more entrants "the longer one" is not one."""
    sizes = [lengths.get(name) for name in match.entrants]
    votes = _cast(match)
    if len(sizes) != 2 or None in sizes or sizes[0] == sizes[1] or not votes:
        return None
    longer = sizes.index(max(size for size in sizes if size is not None))
    return fmean(vote.winner == longer for vote in votes)


def _effective(match: Match) -> float | None:
    """V / (1 + (V - 1) rho), rho being the agreement beyond the chance of 1/G."""
    votes, agreement = len(_cast(match)), _agreement(match)
    if agreement is None:
        return None
    chance = 1 / len(match.votes[0].order)
    rho = max(0.0, (agreement - chance) / (1 - chance))
    return votes / (1 + (votes - 1) * rho)


def _lost(match: Match) -> float | None:
    votes = match.votes
    return fmean(vote.winner is None for vote in votes) if votes else None
