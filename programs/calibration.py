"""How likely a pick is right: read off its bracket, by weights fitted on labelled picks (ours)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from rematch.data.records import Bracket, Decision, Match, Record, StoredRecord
from rematch.errors import InputError

Kind = Literal["votes", "evidence"]

SIGNALS: dict[Kind, tuple[str, ...]] = {
    "votes": ("least lead", "mean lead", "confidence"),
    "evidence": ("least margin", "mean margin"),
}
"""What is read off a bracket, by what voted in it; more of each speaks for the pick."""


class SignalWeight(Record):
    """One signal's weight in the log-odds, and the value from which it counts."""

    name: str
    weight: float = Field(ge=0)
    centre: float


class Calibration(StoredRecord):
    """From a bracket to the probability that its pick is right.

    `intercept` are the log-odds at the signals' centres. It holds for picks made as those that it
    was fitted on were: `about` says what judged, `fitted_on` how many tasks there were.
    """

    kind: Kind
    intercept: float
    weights: tuple[SignalWeight, ...]
    fitted_on: int = Field(ge=0)
    about: str = ""

    def predict(self, bracket: Bracket) -> float | None:
        """The probability, None where the bracket was judged by something else."""
        signals = read_signals(bracket, self.kind)
        if signals is None:
            return None
        odds = self.intercept + sum(
            one.weight * (signals[one.name] - one.centre) for one in self.weights
        )
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, odds))))


def read_signals(bracket: Bracket, kind: Kind) -> Mapping[str, float] | None:
    """A bracket's signals; None where another kind of judge voted.

    A winner that met nobody, or won for lack of rivals with a result, has them all at 0.
    """
    voted = [match for match in bracket.matches if match.votes]
    if any((vote.margin is not None) != (kind == "evidence") for m in voted for vote in m.votes):
        return None
    winner = bracket.survivors[0]
    won = [
        match
        for match in voted
        if match.winner_id == winner and match.decided_by is not Decision.NO_RESULT
    ]
    if not won:
        return dict.fromkeys(SIGNALS[kind], 0.0)
    if kind == "evidence":
        margins = [_margin(match) for match in won]
        return {"least margin": min(margins), "mean margin": sum(margins) / len(margins)}
    leads = [_lead(match) for match in won]
    return {
        "least lead": min(leads),
        "mean lead": sum(leads) / len(leads),
        "confidence": _confidence(won),
    }


def read_calibration(path: Path) -> Calibration:
    """Read a file that `rematch calibrate` wrote.

    Raises:
        InputError: it cannot be read, or is none.
    """
    try:
        found = Calibration.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the file"
        raise InputError(f"{path}: is no calibration ({place}: {first['msg']})") from None
    unknown = [one.name for one in found.weights if one.name not in SIGNALS[found.kind]]
    if unknown:
        raise InputError(f"{path}: is no calibration (unknown signal {unknown[0]!r})")
    return found


def _lead(match: Match) -> float:
    """By how much of the votes cast the winner leads: as asked, so an early stop changes little."""
    others = [votes for index, votes in enumerate(match.tally) if index != match.winner]
    return (match.tally[match.winner] - max(others)) / len(match.votes)


def _margin(match: Match) -> float:
    """An evidence judge's margin, pressed into 0..1."""
    margin = match.votes[0].margin or 0.0
    return margin / (1 + margin)


def _confidence(won: list[Match]) -> float:
    """The mean confidence that the winner's votes stated; a half where none did."""
    stated = [
        vote.confidence
        for match in won
        for vote in match.votes
        if vote.winner == match.winner and vote.confidence is not None
    ]
    return sum(stated) / len(stated) if stated else 0.5
