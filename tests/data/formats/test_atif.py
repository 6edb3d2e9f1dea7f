"""ATIF in all its versions, and what converters make of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rematch.data.formats import find_format
from rematch.data.records import Ending, ResultKind
from tests.data.formats.reading import actions_of, messages_of, read_document
from tests.data.formats.samples import atif
from tests.data.formats.wording import TASK

VERSIONS = [f"ATIF-v1.{minor}" for minor in range(9)]


@pytest.mark.parametrize("version", [*VERSIONS, "ATIF-v1.99", "atif-converted-1.0"])
def test_every_version_is_read(version: str) -> None:
    recorded = read_document({**atif(version), "added_later": {"x": 1}})
    assert messages_of(recorded) == ["Look first.", "Done."]
    assert actions_of(recorded) == [
        ("ls\n", "shop.py", None),
        ("mark_task_complete", "confirmed", None),
    ]
    assert recorded.trajectory.ending is Ending.SUBMITTED
    assert recorded.problem == TASK
    assert recorded.asks_for is ResultKind.STATE
    assert recorded.patch is None
    assert recorded.seconds == 30
    assert (recorded.agent, recorded.model) == ("terminus-2", "maker/model")


def test_steps_mark_it_where_the_version_is_missing() -> None:
    document = atif()
    del document["schema_version"]
    assert read_document(document).agent == "terminus-2"
    assert find_format({"steps": [{"name": "build"}]}) is None


def test_usage_is_the_sum_of_the_steps_or_the_total() -> None:
    document = atif()
    used = read_document(document).usage
    assert (used.calls, used.input_tokens, used.output_tokens) == (2, 220, 11)
    assert used.cost_usd == pytest.approx(0.03)
    document["final_metrics"] = {"total_prompt_tokens": 500, "total_completion_tokens": 20}
    used = read_document(document).usage
    assert (used.calls, used.input_tokens, used.output_tokens) == (2, 500, 20)
    assert used.cost_usd is None


def with_last(**step: Any) -> dict[str, Any]:
    document = atif(agent=step.pop("agent", "claude-code"))
    document["steps"][-1] = {"step_id": 3, "source": "agent", **step}
    return document


def call(name: str, arguments: Any, id: str = "") -> dict[str, Any]:
    return {"function_name": name, "arguments": arguments, "tool_call_id": id}


@pytest.mark.parametrize(
    ("agent", "message", "calls", "ending"),
    [
        ("claude-code", "All done.", [], Ending.SUBMITTED),
        ("codex", "", [], Ending.UNKNOWN),
        ("mini-swe-agent", "All done.", [], Ending.UNKNOWN),
        ("claude-code", "", [call("Bash", {"command": "ls"})], Ending.UNKNOWN),
        ("openhands", "", [call("finish", {"message": "x"})], Ending.SUBMITTED),
        ("swe-agent", "", [call("swe_agent_action", {"raw_action": "submit\n"})], Ending.SUBMITTED),
    ],
)
def test_endings_follow_the_agents_conventions(
    agent: str, message: str, calls: list[Any], ending: Ending
) -> None:
    document = with_last(agent=agent, message=message, tool_calls=calls)
    assert read_document(document).trajectory.ending is ending


def test_results_without_ids_are_matched_by_place() -> None:
    calls = [call("bash", {"command": "one"}), call("bash", {"command": "two"})]
    results = [{"content": "1"}, {"content": "2"}, {"content": "and a warning"}]
    document = with_last(message="", tool_calls=calls, observation={"results": results})
    assert actions_of(read_document(document))[1:] == [
        ("one", "1", None),
        ("two", "2\nand a warning", None),
    ]


def test_one_screen_for_several_commands_belongs_to_the_last() -> None:
    calls = [call("bash", {"keystrokes": "a\n"}, "x"), call("bash", {"keystrokes": "b\n"}, "y")]
    document = with_last(
        message="", tool_calls=calls, observation={"results": [{"content": "screen"}]}
    )
    assert actions_of(read_document(document))[1:] == [("a\n", "", None), ("b\n", "screen", None)]


def test_results_find_their_calls_by_id() -> None:
    calls = [call("bash", {"command": "a"}, "x"), call("bash", {"command": "b"}, "y")]
    results = [{"source_call_id": "y", "content": "B"}, {"source_call_id": "x", "content": "A"}]
    document = with_last(message="", tool_calls=calls, observation={"results": results})
    assert actions_of(read_document(document))[1:] == [("a", "A", None), ("b", "B", None)]


def test_a_result_without_a_call_is_kept() -> None:
    document = with_last(message="raw keys", observation={"results": [{"content": "screen"}]})
    assert actions_of(read_document(document))[1:] == [("", "screen", None)]


@pytest.mark.parametrize(
    ("content", "output", "code"),
    [
        (json.dumps({"returncode": 2, "output": "no"}), "no", 2),
        (json.dumps({"returncode": -9, "output": ""}), "", -9),
        (
            json.dumps(
                {"returncode": 0, "output_head": "a", "output_tail": "z", "elided_chars": 5}
            ),
            "a\n[... 5 characters left out ...]\nz",
            0,
        ),
        (
            json.dumps({"returncode": -1, "output": "x\n", "exception_info": "timed out"}),
            "x\ntimed out",
            -1,
        ),
        (
            json.dumps(
                {"returncode": -1, "output": "", "exception_info": "action was not executed"}
            ),
            "action was not executed",
            None,
        ),
        ("<returncode>1</returncode>\n<output>\nno\n</output>", "no", 1),
        ('{"output": "hi", "metadata": {"exit_code": 4}}', "hi", 4),
        ("Exit code: 3\nWall time: 1 seconds\nOutput:\nhi", "hi", 3),
        ("exit code: 0", "exit code: 0", None),
        ('{"returncode": broken', '{"returncode": broken', None),
        ([{"type": "text", "text": "seen"}, {"type": "image"}], "seen\n[image]", None),
        (None, "", None),
    ],
)
def test_results_in_the_forms_that_scaffolds_show(
    content: Any, output: str, code: int | None
) -> None:
    document = with_last(
        message="",
        tool_calls=[call("bash", {"command": "x"})],
        observation={"results": [{"content": content}]},
    )
    assert actions_of(read_document(document))[1:] == [("x", output, code)]


def test_the_submit_command_shows_no_failure() -> None:
    content = '{"returncode": -1, "output": "", "exception_info": "action was not executed"}'
    submit = {"keystrokes": "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"}
    document = with_last(
        agent="mini-swe-agent",
        message="",
        tool_calls=[{"tool_name": "bash", "arguments": submit}],
        observation={"results": [{"content": content}]},
    )
    recorded = read_document(document)
    assert actions_of(recorded)[-1] == (submit["keystrokes"], "", None)
    assert recorded.trajectory.ending is Ending.SUBMITTED


def test_copied_steps_are_left_out_unless_they_are_all() -> None:
    document = atif()
    document["steps"][1]["is_copied_context"] = True
    assert messages_of(read_document(document)) == ["Done."]
    document["steps"][2]["is_copied_context"] = True
    assert messages_of(read_document(document)) == ["Look first.", "Done."]


def test_reasoning_stands_in_for_a_missing_message() -> None:
    document = with_last(message="", reasoning_content="I think so.")
    assert messages_of(read_document(document))[-1] == "I think so."


@pytest.mark.parametrize(
    ("name", "arguments", "shown"),
    [
        ("shell", {"command": ["bash", "-lc", "ls -a"]}, "ls -a"),
        ("shell", {"command": ["ls", "a b"]}, "ls 'a b'"),
        ("exec_command", {"cmd": "ls", "workdir": "/w"}, "ls"),
        ("execute_bash", '{"command": "ls"}', "ls"),
        ("editor", {"command": "view", "path": "a"}, 'editor {"command":"view","path":"a"}'),
        ("Read", {"file_path": "a"}, 'Read {"file_path":"a"}'),
        ("finish", {}, "finish"),
        ("tool", "not json", "tool not json"),
        ("tool", None, "tool"),
    ],
)
def test_tool_calls_as_commands(name: str, arguments: Any, shown: str) -> None:
    document = with_last(message="", tool_calls=[call(name, arguments)])
    assert actions_of(read_document(document))[-1][0] == shown
