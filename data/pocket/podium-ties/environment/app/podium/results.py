"""What a player achieved."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Result:
    """Points of a player and the seconds it took."""

    name: str
    points: int
    seconds: int

    def beats(self, other):
        """More points, or as many in less time."""
        return (self.points, -self.seconds) > (other.points, -other.seconds)


def best_of(results):
    """Only the best result of each player, in the order of their first appearance."""
    best = {}
    for result in results:
        if result.name not in best or result.beats(best[result.name]):
            best[result.name] = result
    return list(best.values())
