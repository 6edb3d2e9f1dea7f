"""Stands in for the sandbox: answers the repairer's commands without running them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from rematch.agents.repairer.bench import Output, Turn, Work
from rematch.agents.repairer.reports import Report, read_reports

T = TypeVar("T")


def act(work: Work[T], answer: Callable[[Turn], Output]) -> tuple[T, list[Turn]]:
    """Let a piece of work run to its end; what it returns, and its turns."""
    turns: list[Turn] = []
    try:
        turn = next(work)
        while True:
            turns.append(turn)
            turn = work.send(answer(turn))
    except StopIteration as end:
        return end.value, turns


def say(*outputs: Output | str) -> Callable[[Turn], Output]:
    """Answers in order, the last one again and again."""
    left = [one if isinstance(one, Output) else Output(one, 0) for one in outputs]
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def fail(name: str, kind: str = "AssertionError", message: str = "1 != 2", *frames: Any) -> Any:
    """A failed test, as a report has it."""
    return {"id": name, "type": kind, "message": message, "frames": list(frames)}


def report(ran: int, *failed: dict[str, Any], printed: str = "", **more: Any) -> Output:
    """What a run of the tests prints."""
    data = {
        "ran": ran,
        "failing": len(failed),
        "failed": list(failed),
        "quick": False,
        "kept": False,
        "in_place": False,
        "opaque": False,
        "lines": {},
        "imported": {},
        "kinds": {},
        **more,
    }
    return Output(f"report: {json.dumps(data)}\n{printed}", int(bool(data["failing"])))


def read_one(output: str) -> Report | None:
    """The first report in an output, if it has one."""
    return next(iter(read_reports(output)), None)
