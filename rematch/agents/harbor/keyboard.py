"""One entry of keystrokes into a tmux session of Harbor's, and the wait for it."""

from __future__ import annotations

import re
from typing import Any, Protocol

from rematch.signatures import Keystrokes

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")


class Session(Protocol):
    """What of Harbor's TmuxSession is used."""

    async def send_keys(
        self,
        keys: str | list[str],
        block: bool = False,
        min_timeout_sec: float = 0.0,
        max_timeout_sec: float = 180.0,
    ) -> Any:
        """Send keys; blocking ones raise TimeoutError when the shell is not done in time."""
        ...


async def type_keys(session: Session, entry: Keystrokes, most_seconds: float) -> bool:
    """Type one entry and wait as it says.

    Args:
        session: the terminal.
        entry: keys, blocking or not, seconds.
        most_seconds: the longest wait.

    Returns:
        False where a blocking entry was not done in time; it goes on running.
    """
    seconds = min(max(entry.seconds, 0.0), most_seconds)
    if not entry.keys:
        await session.send_keys([], min_timeout_sec=seconds)
        return True
    if not entry.blocking or not entry.keys.endswith(("\n", "\r")):
        await session.send_keys(entry.keys, min_timeout_sec=seconds)
        return True
    try:
        if _swallows_what_follows(entry.keys):
            # Harbor learns that the shell is done from what it adds to the last line.
            await session.send_keys(entry.keys)
            await session.send_keys("true\n", block=True, max_timeout_sec=max(seconds, 1.0))
        else:
            await session.send_keys(entry.keys, block=True, max_timeout_sec=max(seconds, 1.0))
    except TimeoutError:
        return False
    return True


def _swallows_what_follows(keys: str) -> bool:
    """Whether words added to the last line would not run: a comment, a here-document's end."""
    last = keys.rstrip().rpartition("\n")[2]
    ends = {word for _, word in _HEREDOC.findall(keys)}
    return "#" in last or last.strip() in ends or last.endswith(("&", ";", "\\"))
