"""Picks paths by a list of patterns."""

from pathglob.match import match


def select(patterns, paths):
    """The paths that the patterns leave, in their order.

    A pattern adds what it matches, one that begins with ! takes away what it matches; for
    each path the last pattern that matches decides.
    """
    chosen = []
    for path in paths:
        keep = False
        for pattern in patterns:
            wanted = not pattern.startswith("!")
            if match(pattern if wanted else pattern[1:], path):
                keep = wanted
        if keep:
            chosen.append(path)
    return chosen
