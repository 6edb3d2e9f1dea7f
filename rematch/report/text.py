"""Text that a rollout or a model wrote, made safe for a terminal."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def plain(text: str) -> str:
    """The text without control characters, direction overrides and surrogates.

    Line breaks and tabs stay.
    """
    return _CONTROL.sub("�", text.replace("\r\n", "\n"))


def plain_name(name: str) -> str:
    """A task's or rollout's id, whole and on one line; it may come from any file's name."""
    return plain(name).replace("\n", " ").replace("\t", " ")


def one_line(text: str, width: int = 160) -> str:
    """The text on one line of at most `width` characters."""
    line = " ".join(plain(text).split())
    return line if len(line) <= width else line[: width - 1] + "…"


def count(number: int, noun: str) -> str:
    """Such as `1 entrant` or `5 entrants`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
