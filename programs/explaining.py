"""Why a pick was picked, in one or two sentences read off its bracket."""

from rematch.data.records import Bracket, Decision, Match


def explain_pick(bracket: Bracket) -> str:
    """The winner's way through the bracket, and the judge's reasons in its last match."""
    winner = bracket.survivors[0]
    won = [match for match in bracket.matches if match.winner_id == winner]
    if not won:
        return "the only entrant"
    return f"won {len(won)} of {len(won)} matches; the last one {explain_match(won[-1])}"


def explain_match(match: Match) -> str:
    """What decided a match, with the reasons of the first vote for its winner."""
    if match.decided_by is Decision.NO_RESULT:
        return "because it alone has a result"
    tally = "-".join(map(str, match.tally))
    reasons = next((v.reasons for v in match.votes if v.winner == match.winner), "")
    how = f"{tally} by votes"
    if match.decided_by is Decision.TIE:
        how = f"{tally}, a tie settled by {match.tie_break}"
    if match.stopped_early:
        how += " (decided early)"
    return f"{how}: {reasons}" if reasons else how
