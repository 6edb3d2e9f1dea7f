"""A bracket as plain lines: rounds, matches, votes with their orders and reasons, byes, ties."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from rematch.data.records import Bracket, Decision, Match, Usage, Vote
from rematch.report.text import count, one_line, plain_name


def format_bracket(bracket: Bracket, *, votes: bool = True) -> list[str]:
    """Lines for people.

    Args:
        bracket: what was played.
        votes: show every vote under its match.
    """
    lines = [
        f"bracket of {count(len(bracket.entrants), 'entrant')}, iteration {bracket.iteration}, "
        f"seed {bracket.seed}"
    ]
    lines += [
        f"  {kept} stands for {', '.join(others)} too (equal patches)"
        for kept, others in bracket.merged.items()
    ]
    if bracket.note:
        lines.append(f"  note: {bracket.note}")
    for number, round_ in enumerate(bracket.rounds, 1):
        lines.append(f"  round {number}")
        for match in round_.matches:
            lines += _format_match(match, votes)
        lines += [f"    {rollout} has a bye" for rollout in round_.byes]
    lines.append(f"  left: {', '.join(bracket.survivors)}   cost: {format_usage(bracket.usage)}")
    return [plain_name(line) for line in lines]


def count_no_votes(brackets: Iterable[Bracket]) -> str:
    """In how many matches no vote came, with the reason most often met; "" where in none."""
    matches = [
        match
        for bracket in brackets
        for match in bracket.matches
        if match.decided_by is not Decision.NO_RESULT
    ]
    problems = [match.problem for match in matches if match.decided_by is Decision.NO_VOTE]
    if not problems:
        return ""
    most = one_line(Counter(problems).most_common(1)[0][0], 200)
    told = f"no vote came in {len(problems):,} of {len(matches):,} matches"
    return f"{told}, which the rule for ties settled; mostly: {most}"


def add_no_votes(line: str, brackets: Iterable[Bracket]) -> str:
    """A task's line, and behind it in how many of its matches no vote came, where in any."""
    return "; ".join(filter(None, [line, count_no_votes(brackets)]))


def format_usage(usage: Usage) -> str:
    """Calls, tokens and dollars in a few words."""
    if not usage.calls:
        return "no model calls"
    price = "price unknown" if usage.cost_usd is None else f"${usage.cost_usd:.4f}"
    tokens = f"{usage.input_tokens:,} + {usage.output_tokens:,} tokens"
    return f"{count(usage.calls, 'call')}, {tokens}, {price}"


def _format_match(match: Match, votes: bool) -> Iterator[str]:
    others = [name for index, name in enumerate(match.entrants) if index != match.winner]
    yield f"    {match.winner_id} beats {', '.join(others)}  {_how(match)}"
    if votes:
        for vote in match.votes:
            yield f"      {_format_vote(vote, match)}"


def _how(match: Match) -> str:
    if match.decided_by is Decision.NO_RESULT:
        return "(the others have no result)"
    if match.decided_by is Decision.NO_VOTE:
        return f"no vote came ({one_line(match.problem)}), settled by {match.tie_break}"
    order = (match.winner, *(i for i in range(len(match.entrants)) if i != match.winner))
    tally = "-".join(str(match.tally[index]) for index in order)
    tie = f", tie settled by {match.tie_break}" if match.decided_by is Decision.TIE else ""
    early = ", decided early" if match.stopped_early else ""
    lost = sum(vote.winner is None for vote in match.votes)
    none = f", {lost} without a vote" if lost else ""
    return f"{tally}{tie}{early}{none}"


def _format_vote(vote: Vote, match: Match) -> str:
    order = " | ".join(match.entrants[index] for index in vote.order)
    chosen = "no vote" if vote.winner is None else match.entrants[vote.winner]
    sure = "" if vote.confidence is None else f" ({vote.confidence:.2f})"
    margin = "" if vote.margin is None else f" (margin {vote.margin:.3f})"
    return f"[{order}] -> {chosen}{sure}{margin}: {one_line(vote.reasons)}"
