"""A command's output, bounded: the beginning and the end are kept, the middle is counted."""

from __future__ import annotations

import re

_CUT = re.compile(r"^\[\.\.\. \d+ bytes left out \.\.\.\]$", re.MULTILINE)


class OutputBuffer:
    """Keeps the first and the last half of `limit` bytes, however much comes.

    Attributes:
        total: bytes that came.
    """

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        """Take in the next bytes."""
        self.total += len(data)
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 2 * self._half:  # cut seldom: each cut copies the half
            del self._tail[: -self._half]

    def text(self) -> str:
        """What is kept; bytes that are no UTF-8 become replacement characters."""
        tail = bytes(self._tail[-self._half :])
        left_out = self.total - len(self._head) - len(tail)
        if left_out <= 0:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        head = self._head.decode("utf-8", "replace")
        return f"{head}\n[... {left_out} bytes left out ...]\n{tail.decode('utf-8', 'replace')}"


def was_cut(text: str) -> bool:
    """Whether a kept output lacks its middle."""
    return _CUT.search(text) is not None


def add_note(output: str, note: str) -> str:
    """The output with one more line that says what became of the command."""
    if not note:
        return output
    gap = "" if not output or output.endswith("\n") else "\n"
    return f"{output}{gap}[{note}]\n"
