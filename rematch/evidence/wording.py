"""Features in words: why one attempt's score is above another's."""

from __future__ import annotations

from collections.abc import Mapping

_WORDS = {
    "submitted": "it ended by submitting its work",
    "fewer_steps": "it took fewer steps",
    "fewer_tokens": "it wrote fewer tokens",
    "last_test": "its last test run came out better",
    "settled": "nothing was edited after its last green test run",
    "fewer_late_errors": "fewer of its last commands failed",
    "fewer_timeouts": "fewer of its commands ran into a time limit",
    "fewer_repeats": "it repeated fewer commands",
    "fewer_hedges": "its final message hedges less",
    "agreement": "its patch agrees more with the other attempts' patches",
}


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
    reasons = [f"{_WORDS.get(name, name)} (+{gains[name]:.2f})" for name in named[:most]]
    against = min(gains, key=lambda name: (gains[name], name))
    text = "; ".join(reasons)
    if gains[against] < -0.05:
        text += f"; against it: {against.replace('_', ' ')} ({gains[against]:.2f})"
    return text
