"""How Terminus 1 types an entry, and how it waits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from rematch.agents.harbor.keyboard import type_keys
from rematch.signatures import Keystrokes


class Session:
    """Notes what it is sent; a blocking `sleep` is too slow."""

    def __init__(self) -> None:
        self.sent: list[tuple[Any, bool, float]] = []

    async def send_keys(
        self,
        keys: str | list[str],
        block: bool = False,
        min_timeout_sec: float = 0.0,
        max_timeout_sec: float = 180.0,
    ) -> None:
        self.sent.append((keys, block, max_timeout_sec if block else min_timeout_sec))
        if block and "sleep" in keys:
            raise TimeoutError


def type_entry(keys: str, blocking: bool, seconds: float) -> tuple[bool, list[Any]]:
    session = Session()
    entry = Keystrokes(keys=keys, blocking=blocking, seconds=seconds)
    return asyncio.run(type_keys(session, entry, most_seconds=60)), session.sent


def test_a_blocking_command_is_waited_for() -> None:
    assert type_entry("make\n", True, 30) == (True, [("make\n", True, 30)])


def test_other_keys_are_given_their_time() -> None:
    assert type_entry("make\n", False, 2) == (True, [("make\n", False, 2)])
    assert type_entry("C-c", True, 2) == (True, [("C-c", False, 2)])  # nothing to wait for
    assert type_entry("", True, 5) == (True, [([], False, 5)])


def test_waits_have_bounds() -> None:
    assert type_entry("make\n", True, 999)[1][0][2] == 60
    assert type_entry("make\n", True, 0)[1][0][2] == 1
    assert type_entry("make\n", False, -3)[1][0][2] == 0


def test_a_command_that_is_too_slow_is_told() -> None:
    assert type_entry("sleep 100\n", True, 5)[0] is False


@pytest.mark.parametrize(
    "keys",
    [
        "cat > a <<'EOF'\nx\nEOF\n",
        "cat <<-END\nx\nEND\n",
        "ls # all of them\n",
        "server &\n",
        "echo a;\n",
    ],
)
def test_the_signal_gets_a_line_of_its_own_where_the_last_would_swallow_it(keys: str) -> None:
    assert type_entry(keys, True, 9)[1] == [(keys, False, 0.0), ("true\n", True, 9)]
