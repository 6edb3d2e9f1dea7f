"""Text that a rollout wrote is data: fenced, and its look-alike field markers broken.

DSPy's ChatAdapter ends a field at the first `[[ ## name ## ]]` that it meets. A command's
output may contain one, and a model that quotes it would answer in the rollout's words.
"""

import re

_FIELD_MARKER = re.compile(r"\[\[(?=\s*##)")
_BACKTICKS = re.compile(r"```+")


def neutralise(text: str) -> str:
    """The text with every DSPy field marker broken; nothing is lost to a reader."""
    return _FIELD_MARKER.sub("[ [", text)


def fence(text: str) -> str:
    """The text between backtick lines longer than any run of backticks in it."""
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=2)
    bar = "`" * (longest + 1)
    return f"{bar}\n{neutralise(text)}\n{bar}"
