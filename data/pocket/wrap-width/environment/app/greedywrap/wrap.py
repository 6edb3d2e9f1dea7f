"""Greedy line wrapping."""

import re


def wrap(text, width=72, *, indent=""):
    """Split `text` into lines of at most `width` columns.

    Words are packed greedily: a word opens a new line only when it does not fit on the
    current one. `indent` stands before every line and counts towards `width`. A word that
    is longer than a whole line is cut.

    Raises:
        ValueError: the indent leaves no room for text.
    """
    room = width - len(indent)
    if room < 1:
        raise ValueError(f"an indent of {len(indent)} leaves no room in {width} columns")
    lines, current = [], ""
    for word in text.split():
        for piece in _cut(word, room):
            if not current:
                current = piece
            elif len(current) + 1 + len(piece) < room:
                current += " " + piece
            else:
                lines.append(current)
                current = piece
    if current:
        lines.append(current)
    return [indent + line for line in lines]


def fill(text, width=72, *, indent=""):
    """The wrapped `text` as one string."""
    return "\n".join(wrap(text, width, indent=indent))


def paragraphs(text, width=72):
    """Wrap every paragraph of `text`; blank lines between them are kept as one."""
    parts = re.split(r"\n\s*\n", text.strip())
    return "\n\n".join(fill(part, width) for part in parts)


def bullets(items, width=72, *, marker="- "):
    """One bullet an item, with following lines aligned to the text of the first."""
    lines = []
    for item in items:
        first, *rest = wrap(item, width - len(marker)) or [""]
        lines.append(marker + first)
        lines.extend(" " * len(marker) + line for line in rest)
    return "\n".join(lines)


def _cut(word, room):
    """`word` in pieces of at most `room` characters."""
    return [word[start : start + room] for start in range(0, len(word), room)]
