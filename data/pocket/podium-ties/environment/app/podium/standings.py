"""Who comes before whom."""

from podium.results import best_of


def standings(results):
    """The best result of each player, in order.

    Most points first; with equal points the faster one; with equal time by name, A to Z.
    """
    return sorted(best_of(results), key=lambda r: (r.points, r.seconds, r.name), reverse=True)


def places(results):
    """(place, Result) of each player.

    Who has the same points and time shares a place, and the places after it are left out:
    1, 2, 2, 4.
    """
    placed = []
    for number, result in enumerate(standings(results), start=1):
        if placed:
            place, previous = placed[-1]
            if (previous.points, previous.seconds) == (result.points, result.seconds):
                number = place
        placed.append((number, result))
    return placed


def winners(results, medals=3):
    """Names on the places that get a medal."""
    return [result.name for place, result in places(results) if place <= medals]
