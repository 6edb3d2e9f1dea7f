"""Where Terminus 1 finds the program that decides for it.

Harbor makes its agents itself, from names and values that it writes into files; a program is no
such value, so it is laid down here for the trials of one task of asyncio.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Protocol

from rematch.signatures import Turn


class Operator(Protocol):
    """Decides on the next turn at a terminal (programs.Terminus)."""

    async def acall(self, *, task: str, screen: str, context: str, turns: Sequence[Turn]) -> Turn:
        """The next turn, given the screen, what earlier attempts found, and the turns so far."""
        ...


operator: ContextVar[Operator | None] = ContextVar("operator", default=None)
