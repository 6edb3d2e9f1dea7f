"""Who waits is shown: the longest wait, its reason, and how many calls there are."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from rematch.errors import ModelRefusedError
from rematch.runs.waits import Waits
from rematch.testing import Endpoint, Fault
from tests.runs.calling import cast, make_judge, open_calls


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_nobody_waits_for_nothing() -> None:
    waits = Waits()
    assert (waits.describe(), waits.find_longest()) == ("", 0.0)


def test_the_longest_wait_is_told_and_counted_down() -> None:
    clock, begun = Clock(), []
    waits = Waits(clock, lambda: begun.append(waits.describe()))
    with waits.noting("openai/m", "rate-limit", 12.0):
        clock.now += 2
        with waits.noting("openai/n", "server-error", 4.0):
            assert waits.describe() == "waiting 10 s for openai/m (rate-limit, 2 calls)"
            assert waits.find_longest() == 10.0
        clock.now += 9.9
        assert waits.describe() == "waiting 1 s for openai/m (rate-limit)"
    assert waits.describe() == ""
    assert begun == [
        "waiting 12 s for openai/m (rate-limit)",
        "waiting 10 s for openai/m (rate-limit, 2 calls)",
    ]


def test_a_short_pause_is_no_wait() -> None:
    waits = Waits(Clock(), lambda: pytest.fail("nobody shall be told"))
    with waits.noting("openai/m", "rate-limit", 0.9), waits.noting("openai/m", "pace", -3.0):
        assert waits.describe() == ""


def test_a_wait_ends_however_it_ends() -> None:
    waits = Waits(Clock())
    with pytest.raises(ModelRefusedError), waits.noting("openai/m", "rate-limit", 5):
        raise ModelRefusedError("no money")
    assert waits.describe() == ""
    with ExitStack() as stack:  # equal ones are told apart
        for _ in range(3):
            stack.enter_context(waits.noting("openai/m", "rate-limit", 5))
        assert waits.describe().endswith("3 calls)")
    assert waits.describe() == ""


@pytest.mark.parametrize(
    ("fault", "config", "told"),
    [
        (Fault.RATE_LIMIT_RETRY_AFTER, {}, "waiting 60 s for openai/m (rate-limit"),
        (Fault.SERVER_ERROR, {"first_pause": 50.0}, "s for openai/m (server-error"),
        (None, {"requests_per_minute": 1}, "s for openai/m (rate-limit"),
    ],
)
def test_calls_that_are_held_back_are_waits(
    fault: Fault | None, config: dict[str, Any], told: str, tmp_path: Path
) -> None:
    """A provider that asks to wait, a pause after a fault, and the user's own limits."""
    calls = open_calls(tmp_path / "ledger.sqlite")
    seen: list[str] = []

    def stop() -> None:
        seen.append(calls.waits.describe())
        calls.gate.close(ModelRefusedError("seen enough"))

    calls.waits.on_begin = stop
    script = [fault] * 9 if fault else None
    with Endpoint(faults=script, retry_after=60) as endpoint:
        cast(make_judge(endpoint, calls, **config), range(2))
    calls.close()
    assert told in seen[0]
    assert calls.waits.describe() == "", "none is left behind"
    asyncio.run(calls.gate.drain())
