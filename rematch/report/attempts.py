"""Attempts at an issue of one's own repository: there is no grade, but there may be own tests."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rematch.data.records import Action, Rollout
from rematch.report.tables import ResultTable


def attempts_table(rollouts: Sequence[Rollout], pick: str) -> ResultTable:
    """One row per attempt: how it ended, what it changed, and what the own tests say."""
    tested = any(rollout.own_tests for rollout in rollouts)
    columns = ["", "attempt", "ended", "steps", "files", "lines"]
    table = ResultTable(
        *columns, *(["own tests"] if tested else []), numbers=("steps", "files", "lines")
    )
    for rollout in rollouts:
        tests = rollout.own_tests
        files, added, removed = _count(rollout.patch or "")
        row = [
            ">" if rollout.id == pick else "",
            rollout.id,
            rollout.trajectory.ending.value,
            str(len(rollout.trajectory.steps) - (tests is not None)),
            str(files),
            f"+{added} -{removed}",
        ]
        table.add_row(*row, *([_say(tests)] if tested else []))
    return table


def describe_tests(rollouts: Iterable[Rollout], pick: str) -> Iterator[str]:
    """What the own tests said of all attempts and of the pick, in a line; none without tests."""
    told = {rollout.id: tests for rollout in rollouts if (tests := rollout.own_tests)}
    if not told:
        return
    passed = sum(tests.exit_code == 0 for tests in told.values())
    command = next(iter(told.values())).command
    yield (
        f"your tests ({command}) pass on {passed} of {len(told)} patches; on the pick: "
        f"{_say(told.get(pick))}. They are evidence for the choice, not a grade."
    )


def _say(tests: Action | None) -> str:
    if tests is None:
        return "-"
    ended = {0: "pass", 124: "timed out"}
    return ended.get(tests.exit_code or 0, f"fail (exit code {tests.exit_code})")


def _count(patch: str) -> tuple[int, int, int]:
    """Files, added and removed lines."""
    sections = patch.split("\ndiff --git ") if patch.strip() else []
    changed = [
        line[0]
        for section in sections
        for line in section.partition("\n@@ ")[2].split("\n")[1:]
        if line[:1] in ("+", "-")
    ]
    return len(sections), changed.count("+"), changed.count("-")
