"""Standings of a quiz night."""

from podium.results import Result, best_of
from podium.standings import places, standings, winners

__all__ = ["Result", "best_of", "places", "standings", "winners"]
