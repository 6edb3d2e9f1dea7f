"""Why a pick was picked, in one or two sentences read off its bracket."""

from rematch.data.records import Bracket, Decision, Match


def explain_pick(bracket: Bracket) -> str:
    """The winner's way through the bracket, and the judge's reasons in its last match."""
    winner = bracket.survivors[0]
    won = [match for match in bracket.matches if match.winner_id == winner]
    if not won:
        return "the only entrant"
    matches = "its match" if len(won) == 1 else f"{len(won)} matches, the last"
    return f"won {matches} {explain_match(won[-1])}"


def explain_match(match: Match) -> str:
    """What decided a match, with the reasons of the first vote for its winner."""
    if match.decided_by is Decision.NO_RESULT:
        return "because it alone has a result"
    if match.decided_by is Decision.NO_VOTE:
        return f"in which no vote came ({match.problem}), settled by {match.tie_break}"
    others = [votes for index, votes in enumerate(match.tally) if index != match.winner]
    how = "-".join(map(str, (match.tally[match.winner], *others)))
    if match.decided_by is Decision.TIE:
        how += f", the tie settled by {match.tie_break}"
    if match.stopped_early:
        how += ", decided early"
    reasons = next((v.reasons for v in match.votes if v.winner == match.winner), "")
    return f"{how}: {reasons}" if reasons else how
