"""Claude Code sessions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import Ending, ResultKind, Rollout
from tests.data.formats.reading import actions_of, messages_of, read_one_file
from tests.data.formats.samples import as_lines, claude_code
from tests.data.formats.wording import TASK


def read(folder: Path, lines: list[Any]) -> Rollout:
    path = folder / "session.jsonl"
    path.write_text(as_lines(lines))
    return read_one_file(path)


def test_lines_of_one_reply_are_one_step(tmp_path: Path) -> None:
    rollout = read(tmp_path, claude_code())
    assert messages_of(rollout) == ["Run.", "", "Tax is added."]
    assert actions_of(rollout) == [
        ("pytest", "1 failed", 1),
        ('Edit {"file_path":"shop.py"}', "ok", None),
    ]
    assert rollout.trajectory.ending is Ending.SUBMITTED
    assert rollout.patch is None
    assert rollout.seconds == 60
    assert rollout.usage.calls == 3
    assert (rollout.usage.input_tokens, rollout.usage.cached_tokens) == (95, 90)
    assert rollout.usage.output_tokens == 7
    assert rollout.usage.cost_usd is None


def test_the_first_prompt_is_the_problem(tmp_path: Path) -> None:
    read(tmp_path, claude_code())
    task = read_pool([tmp_path]).task(tmp_path.name)
    assert task.problem == TASK
    assert task.asks_for is ResultKind.STATE


def test_a_code_is_read_only_from_an_error(tmp_path: Path) -> None:
    lines = claude_code()
    del lines[5]["message"]["content"][0]["is_error"]
    assert actions_of(read(tmp_path, lines))[0] == ("pytest", "Exit code 1\n1 failed", None)


@pytest.mark.parametrize(
    ("last", "ending"),
    [
        ({"subtype": "success", "total_cost_usd": 0.5}, Ending.SUBMITTED),
        ({"subtype": "success", "is_error": True, "result": "API Error"}, Ending.CRASHED),
        ({"subtype": "error_max_turns"}, Ending.LIMIT),
        ({"subtype": "error_during_execution"}, Ending.CRASHED),
    ],
)
def test_a_stream_says_how_it_ended(tmp_path: Path, last: dict[str, Any], ending: Ending) -> None:
    rollout = read(tmp_path, [*claude_code(), {"type": "result", "session_id": "s1", **last}])
    assert rollout.trajectory.ending is ending
    assert rollout.usage.cost_usd == last.get("total_cost_usd")


def test_other_ways_to_end(tmp_path: Path) -> None:
    lines = claude_code()
    assert read(tmp_path, lines[:-1]).trajectory.ending is Ending.UNKNOWN
    failed = {**lines[-1], "isApiErrorMessage": True}
    assert read(tmp_path, [*lines[:-1], failed]).trajectory.ending is Ending.CRASHED
    stopped = {**lines[2], "message": {"role": "user", "content": "[Request interrupted by user]"}}
    rollout = read(tmp_path, [*lines, stopped])
    assert rollout.trajectory.ending is Ending.UNKNOWN
    assert rollout.trajectory.ending_detail == "interrupted by the user"


def test_a_cut_line_is_one_problem(tmp_path: Path) -> None:
    path = tmp_path / "session.jsonl"
    path.write_text(as_lines(claude_code()) + '{"type": "assist')
    pool = read_pool([path])
    assert pool.tasks == {}
    [problem] = pool.problems
    assert problem.reason.startswith("line 11: is cut off")
