"""Brackets in lines: everything that was played is told, and nothing harms a terminal."""

import pytest

from rematch.data.records import Bracket, Decision, Match, Usage
from rematch.programs.explaining import explain_pick
from rematch.report.brackets import count_no_votes, format_bracket, format_usage
from tests.report.makers import make_bracket, make_match


def lines_of(bracket: Bracket) -> list[str]:
    return [line.strip() for line in format_bracket(bracket)]


def test_rounds_votes_orders_byes_and_cost_are_told() -> None:
    first = make_match("a", "b", ballots=[((0, 1), 0), ((1, 0), 0)], early=True)
    final = make_match("c", "a", winner=1, ballots=[((1, 0), 1), ((0, 1), 0), ((1, 0), 1)])
    bracket = make_bracket([first], [final], byes={0: ("c",)})
    assert format_bracket(bracket) == [
        "bracket of 3 entrants, iteration 0, seed 0",
        "  round 1",
        "    a beats b  2-0, decided early",
        "      [a | b] -> a: it is better",
        "      [b | a] -> a: it is better",
        "    c has a bye",
        "  round 2",
        "    a beats c  2-1",
        "      [a | c] -> a: it is better",
        "      [c | a] -> c: it is better",
        "      [a | c] -> a: it is better",
        "  left: a   cost: 5 calls, 500 + 50 tokens, $1.2500",
    ]
    shown = format_bracket(bracket, votes=False)
    assert [line for line in shown if "->" in line] == []


def test_the_winner_comes_first_in_the_tally() -> None:
    match = make_match(
        *("a", "b", "c"), winner=2, ballots=[((0, 1, 2), 2), ((1, 2, 0), 2), ((2, 0, 1), 0)]
    )
    assert "c beats a, b  2-1-0" in lines_of(make_bracket([match], survivors=["c"]))


def test_ties_lost_votes_and_missing_results_are_told() -> None:
    tie = make_match(
        *("a", "b"),
        ballots=[((0, 1), 0), ((1, 0), 1), ((0, 1), None)],
        decided_by=Decision.TIE,
        tie_break="cheaper rollout",
    )
    walkover = make_match("c", "d", winner=1, decided_by=Decision.NO_RESULT)
    lines = lines_of(make_bracket([tie, walkover], survivors=["a", "d"]))
    assert "a beats b  1-1, tie settled by cheaper rollout, 1 without a vote" in lines
    assert "[a | b] -> no vote: it is better" in lines
    assert "d beats c  (the others have no result)" in lines
    assert "left: a, d   cost: 3 calls, 300 + 30 tokens, $0.7500" in lines


def no_vote(problem: str) -> Match:
    match = make_match("a", "b", ballots=[((0, 1), None)] * 2, tie_break="cheaper rollout")
    return match.model_copy(update={"decided_by": Decision.NO_VOTE, "problem": problem})


def test_a_match_in_which_no_vote_came_is_no_tie() -> None:
    lines = lines_of(make_bracket([no_vote("unreadable\nreply")]))
    assert "a beats b  no vote came (unreadable reply), settled by cheaper rollout" in lines
    why = "won its match in which no vote came (too long), settled by cheaper rollout"
    assert explain_pick(make_bracket([no_vote("too long")])) == why


def test_matches_without_a_vote_are_counted_with_their_most_frequent_reason() -> None:
    voted = make_match("a", "b", ballots=[((0, 1), 0)])
    walkover = make_match("c", "d", decided_by=Decision.NO_RESULT)
    problems = ["too long", "unreadable reply", "too long"]
    brackets = [make_bracket([no_vote(problem), voted, walkover]) for problem in problems]
    assert count_no_votes(brackets) == (
        "no vote came in 3 of 6 matches, which the rule for ties settled; mostly: too long"
    )
    assert count_no_votes([make_bracket([voted, walkover])]) == ""
    assert count_no_votes([]) == ""


def test_merged_rollouts_and_notes_are_told() -> None:
    bracket = make_bracket(
        survivors=["a"], merged={"a": ("b", "c")}, note="1 distinct entrants, so 1 survive"
    )
    assert lines_of(bracket) == [
        "bracket of 1 entrant, iteration 0, seed 0",
        "a stands for b, c too (equal patches)",
        "note: 1 distinct entrants, so 1 survive",
        "left: a   cost: no model calls",
    ]


def test_margin_and_confidence_are_told() -> None:
    match = make_match("a", "b", ballots=[((0, 1), 0)])
    vote = match.votes[0].model_copy(update={"margin": 0.5, "confidence": 0.9})
    bracket = make_bracket([match.model_copy(update={"votes": (vote,)})])
    assert "[a | b] -> a (0.90) (margin 0.500): it is better" in lines_of(bracket)


def test_no_line_holds_a_control_character_or_a_line_break() -> None:
    evil = "a\x1b]0;title\x07\n\x1b[2Jb\u202e"
    match = make_match(evil, "b", ballots=[((0, 1), 0)], tie_break=evil, decided_by=Decision.TIE)
    vote = match.votes[0].model_copy(update={"reasons": f"{evil} wins"})
    bracket = make_bracket(
        [match.model_copy(update={"votes": (vote,)})],
        [],
        survivors=[evil],
        byes={1: (evil,)},
        merged={evil: (evil,)},
        note=evil,
    )
    text = "".join(format_bracket(bracket))
    assert [c for c in text if c in "\x1b\x07\n\r\u202e"] == []


@pytest.mark.parametrize(
    ("usage", "said"),
    [
        (Usage(), "no model calls"),
        (
            Usage(calls=1, input_tokens=1_200, output_tokens=3, cost_usd=0.5),
            "1 call, 1,200 + 3 tokens, $0.5000",
        ),
        (Usage(calls=2, cost_usd=None), "2 calls, 0 + 0 tokens, price unknown"),
    ],
)
def test_usage_in_words(usage: Usage, said: str) -> None:
    assert format_usage(usage) == said
