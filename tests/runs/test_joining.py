"""Equal requests under way together become one, and each caller gets a completion of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from dspy import lm15
from hypothesis import given
from hypothesis import strategies as st

from rematch.runs.joining import JoinedRequests
from rematch.stopping import StoppedError

REQUEST = lm15.Request("m", (lm15.Message.user("Which?"),))
Answer = Callable[[Sequence[str]], Sequence[Any]]


def answer_all(members: Sequence[str]) -> Sequence[Any]:
    return [f"to {member}" for member in members]


class Wire:
    """Answers each set at once, and remembers what was handed over together."""

    def __init__(self, answer: Answer = answer_all) -> None:
        self.sets: list[list[str]] = []
        self.requests: list[lm15.Request] = []
        self._answer = answer
        self.joined: JoinedRequests[str, str] = JoinedRequests(self._deliver)

    async def _deliver(self, request: lm15.Request, members: Sequence[str]) -> Sequence[Any]:
        self.requests.append(request)
        self.sets.append(list(members))
        await asyncio.sleep(0)
        return self._answer(members)

    def ask(self, member: str, expected: int, key: bytes = b"a") -> asyncio.Task[str]:
        return asyncio.create_task(self.joined.complete(key, REQUEST, expected, member))


class LeapingLoop(asyncio.SelectorEventLoop):
    """Its clock leaps when a test says so: nobody need wait for a timer."""

    leapt = 0.0

    def time(self) -> float:
        return super().time() + self.leapt


async def pass_time(seconds: float) -> None:
    """Let those who are ready go first, then leap, then let go who waited for that."""
    loop = asyncio.get_running_loop()
    assert isinstance(loop, LeapingLoop)
    for leap in (0.0, seconds):
        loop.leapt += leap
        for _ in range(4):
            await asyncio.sleep(0)


async def outcomes(tasks: Sequence[asyncio.Task[str]]) -> list[Any]:
    return await asyncio.gather(*tasks, return_exceptions=True)


def test_those_who_are_expected_are_sent_together_and_answered_apart() -> None:
    wire = Wire()

    async def main() -> list[Any]:
        return await outcomes([wire.ask(name, 3) for name in "xyz"])

    assert asyncio.run(main()) == ["to x", "to y", "to z"]
    assert wire.sets == [["x", "y", "z"]]
    assert wire.requests == [REQUEST]


def test_one_alone_waits_for_nobody() -> None:
    wire = Wire()

    async def main() -> list[Any]:
        return await outcomes([wire.ask(name, 1) for name in "xy"])

    assert asyncio.run(main()) == ["to x", "to y"]
    assert wire.sets == [["x"], ["y"]]


def test_other_requests_are_other_sets() -> None:
    wire = Wire()

    async def main() -> list[Any]:
        asked = [("x", b"a"), ("u", b"b"), ("y", b"a"), ("v", b"b")]
        return await outcomes([wire.ask(name, 2, key) for name, key in asked])

    assert asyncio.run(main()) == ["to x", "to u", "to y", "to v"]
    assert sorted(wire.sets) == [["u", "v"], ["x", "y"]]


def test_a_second_set_of_a_key_begins_when_the_first_is_gone() -> None:
    wire = Wire()

    async def main() -> list[Any]:
        return await outcomes([wire.ask(str(number), 2) for number in range(6)])

    assert asyncio.run(main()) == [f"to {number}" for number in range(6)]
    assert wire.sets == [["0", "1"], ["2", "3"], ["4", "5"]]


@given(expected=st.integers(1, 6), excused=st.sets(st.integers(0, 5)))
def test_the_excused_hold_nobody_up(expected: int, excused: set[int]) -> None:
    """Whichever of the expected are on record already, in whatever order they come."""
    wire = Wire()
    asking = [number for number in range(expected) if number not in excused]

    async def main() -> list[Any]:
        tasks = []
        for number in range(expected):
            if number in excused:
                wire.joined.excuse(b"a", expected)
            else:
                tasks.append(wire.ask(str(number), expected))
                await asyncio.sleep(0)
        return await outcomes(tasks)

    assert asyncio.run(main()) == [f"to {number}" for number in asking]
    assert wire.sets == ([[str(number) for number in asking]] if asking else [])


def test_a_straggler_is_not_waited_for_for_ever() -> None:
    """One of the expected failed before it asked: the rest goes after a moment."""
    wire = Wire()

    async def main() -> list[Any]:
        tasks = [wire.ask(name, 3) for name in "xy"]
        await pass_time(0.9)
        tasks.append(wire.ask("x", 2, b"b"))
        await pass_time(0.2)
        assert wire.sets == [["x", "y"]], "the last who came began to wait 1.1 s ago"
        assert not tasks[2].done()
        await pass_time(0.9)
        return await outcomes(tasks)

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert runner.run(main()) == ["to x", "to y", "to x"]
    assert wire.sets == [["x", "y"], ["x"]]


def test_who_comes_last_is_waited_for_from_then_on() -> None:
    wire = Wire()

    async def main() -> list[Any]:
        tasks = [wire.ask("x", 3)]
        await pass_time(0.9)
        tasks.append(wire.ask("y", 3))
        await pass_time(0.9)
        tasks.append(wire.ask("z", 3))
        return await outcomes(tasks)

    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        assert runner.run(main()) == ["to x", "to y", "to z"]
    assert wire.sets == [["x", "y", "z"]]


def test_a_failure_of_one_completion_is_its_own() -> None:
    def answer(members: Sequence[str]) -> Sequence[Any]:
        return [ValueError("empty") if name == "y" else f"to {name}" for name in members]

    async def main() -> list[Any]:
        wire = Wire(answer)
        return await outcomes([wire.ask(name, 3) for name in "xyz"])

    first, second, third = asyncio.run(main())
    assert (first, str(second), third) == ("to x", "empty", "to z")


@pytest.mark.parametrize("error", [KeyError("down"), StoppedError()])
def test_a_failure_of_the_request_is_everybodys(error: BaseException) -> None:
    def answer(members: Sequence[str]) -> Sequence[Any]:
        raise error

    async def main() -> list[Any]:
        wire = Wire(answer)
        return await outcomes([wire.ask(name, 2) for name in "xy"])

    assert asyncio.run(main()) == [error, error]


def test_one_who_leaves_takes_no_answer_from_the_others() -> None:
    async def main() -> list[Any]:
        wire = Wire()
        tasks = [wire.ask(name, 3) for name in "xy"]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.sleep(0)
        tasks.append(wire.ask("z", 3))
        return await outcomes(tasks)

    left, *stayed = asyncio.run(main())
    assert isinstance(left, asyncio.CancelledError)
    assert stayed == ["to y", "to z"]
