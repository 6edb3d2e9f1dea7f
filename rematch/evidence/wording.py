"""Features in words: why one attempt's score is above another's."""

from __future__ import annotations

from collections.abc import Mapping

from rematch.evidence.features import BY_NAME

_REASONS = {name: feature.reason for name, feature in BY_NAME.items()}
_REASONS |= {"own_tests": "it passes the user's own tests"}


def explain_difference(
    better: Mapping[str, float], worse: Mapping[str, float], most: int = 3
) -> str:
    """The features that made the difference, the largest first.

    Args:
        better: what each feature adds to the better score.
        worse: the same for the other score.
        most: how many features are named.
    """
    gains = {name: better[name] - worse.get(name, 0.0) for name in better}
    named = sorted((name for name in gains if gains[name] > 0), key=lambda n: (-gains[n], n))
    reasons = [f"{_REASONS[name]} (+{gains[name]:.2f})" for name in named[:most]]
    against = min(gains, key=lambda name: (gains[name], name))
    text = "; ".join(reasons)
    if gains[against] < -0.05:
        text += f"; against it: {against.replace('_', ' ')} ({gains[against]:.2f})"
    return text
