"""Turns a pattern into a regular expression."""

import functools
import re


def match(pattern, path):
    """Whether a relative path such as "src/x.py" matches the whole pattern.

    `*` stands for any characters within one name, `?` for one of them, `[abc]` for one of
    these and `[!abc]` for one that is none of these. Only a / matches a /.
    """
    return _compiled(pattern).fullmatch(path) is not None


@functools.lru_cache
def _compiled(pattern):
    return re.compile(translate(pattern), re.DOTALL)


def translate(pattern):
    """The pattern as a regular expression."""
    parts, at = [], 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            parts.append("[^/]*")
        elif char == "?":
            parts.append("[^/]")
        elif char == "[" and "]" in pattern[at + 1 :]:
            end = pattern.index("]", at + 1)
            parts.append(_one_of(pattern[at:end]))
            at = end + 1
        else:
            parts.append(re.escape(char))
    return "".join(parts)


def _one_of(letters):
    """The class for [letters] or [!letters], never a slash."""
    negated = letters.startswith("!")
    inner = letters[negated:].replace("\\", r"\\").replace("^", r"\^").replace("[", r"\[")
    return f"[^/{inner}]" if negated else f"(?!/)[{inner}]"
