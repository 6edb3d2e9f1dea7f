"""Shell command lines taken apart far enough to say what they run: no full parser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MOST_CHARACTERS = 20_000
"""Of a command with its here-documents; what stands behind says nothing more about it."""

_MOST_SHELL = 4_000

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)([A-Za-z_]\w*)\1")
_QUOTED = re.compile(r"'[^']*'|\"(?:\\.|[^\"\\])*\"", re.DOTALL)
_SEPARATOR = re.compile(r"&&|\|\||[;|\n]|(?<![<>&\d])&(?![>&])")
_PREFIX = re.compile(
    r"^(?:[({]\s*|!\s*|\w+=\S*\s+|(?:sudo|time|nohup|env|exec|command|stdbuf\s+\S+|xvfb-run(?:\s+-\S+)*"
    r"|timeout(?:\s+-\S+)*\s+[\d.]+[smh]?|nice(?:\s+-n\s*\S+)?"
    r"|(?:uv|poetry|pipenv|pdm|hatch|rye)\s+run(?:\s+-\S+)*|conda\s+run(?:\s+-\S+(?:\s+\w+)?)*"
    r"|bundle\s+exec|if|then|do|while)\s+)+"
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One simple command of a line. `then` is what joins it to the next one, "" for the last."""

    text: str
    then: str

    @property
    def program(self) -> str:
        """The command without what only wraps it: variables, `timeout 60`, `sudo`, `uv run`."""
        return _PREFIX.sub("", self.text)


def split_heredocs(command: str) -> tuple[str, str]:
    """The line without its here-documents, and the here-documents' text."""
    command = command[:MOST_CHARACTERS]
    if "<<" not in command:
        return command, ""
    shell: list[str] = []
    bodies: list[str] = []
    lines = iter(command.split("\n"))
    for line in lines:
        shell.append(line)
        for match in _HEREDOC.finditer(line):
            bodies.extend(_take_body(lines, match.group(2)))
    return "\n".join(shell), "\n".join(bodies)


def split_segments(shell: str) -> list[Segment]:
    """The simple commands of a line (here-documents taken out), in order.

    Separators inside quotes do not separate; quotes that are never closed are no quotes.
    """
    shell = shell[:_MOST_SHELL]
    masked = _QUOTED.sub(lambda match: "\0" * len(match.group()), shell)
    segments: list[Segment] = []
    start = 0
    for match in _SEPARATOR.finditer(masked):
        _append(segments, shell[start : match.start()], match.group())
        start = match.end()
    _append(segments, shell[start:], "")
    return segments


def _take_body(lines: Iterator[str], word: str) -> Iterator[str]:
    for line in lines:
        if line.strip() == word:
            return
        yield line


def _append(segments: list[Segment], text: str, then: str) -> None:
    stripped = text.strip()
    if stripped and not stripped.startswith("#"):
        segments.append(Segment(stripped, then))
    elif segments and then == "" and not stripped:
        segments[-1] = Segment(segments[-1].text, "")
