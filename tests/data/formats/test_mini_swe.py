"""mini-SWE-agent, both releases."""

from __future__ import annotations

from typing import Any

import pytest

from rematch.data.records import Ending, ResultKind
from tests.data.formats.reading import actions_of, messages_of, read_document
from tests.data.formats.samples import mini_v1, mini_v2
from tests.data.formats.wording import PATCH, TASK


def test_release_2_reads_raw_results_and_the_end() -> None:
    recorded = read_document(mini_v2())
    assert messages_of(recorded) == ["Run the tests.", "Done."]
    assert actions_of(recorded) == [
        ("pytest -q", "1 failed\n", 1),
        ("echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat p", "", None),
    ]
    assert recorded.trajectory.ending is Ending.SUBMITTED
    assert recorded.patch == PATCH
    assert recorded.instance == "shop__basket-1"
    assert recorded.problem == TASK
    assert (recorded.usage.calls, recorded.usage.cost_usd, recorded.seconds) == (2, 0.25, 2.5)
    assert (recorded.agent, recorded.model) == ("mini-swe-agent", "maker/model")


@pytest.mark.parametrize(
    "fence",
    [
        "```bash\n{}\n```",
        "```mswea_bash_command\n{}\n```",
        "<mswea_bash_command>{}</mswea_bash_command>",
    ],
)
def test_release_1_reads_commands_from_the_text(fence: str) -> None:
    recorded = read_document(mini_v1(fence))
    assert messages_of(recorded)[0] == "THOUGHT: look"
    assert actions_of(recorded) == [
        ("ls -a", "shop.py", 0),
        ("sleep 99", "The last command timed out and has been killed.", None),
    ]
    assert [len(step.actions) for step in recorded.trajectory.steps] == [1, 0, 1]


def test_a_bare_chat_is_an_attempt() -> None:
    recorded = read_document(mini_v1()["messages"])
    assert len(recorded.trajectory.steps) == 3
    assert recorded.patch is None
    assert recorded.asks_for is ResultKind.STATE
    assert recorded.trajectory.ending is Ending.UNKNOWN


def test_parallel_commands_find_their_results_by_id() -> None:
    document = mini_v2()
    document["messages"][2:5] = [
        {
            "role": "assistant",
            "content": "",
            "extra": {
                "actions": [
                    {"command": "one", "tool_call_id": "a"},
                    {"command": "two", "tool_call_id": "b"},
                    {"command": "three", "tool_call_id": "c"},
                ]
            },
        },
        {"role": "tool", "tool_call_id": "b", "extra": {"raw_output": "2", "returncode": 2}},
        {"role": "tool", "tool_call_id": "a", "extra": {"raw_output": "1", "returncode": 0}},
    ]
    assert actions_of(read_document(document)) == [
        ("one", "1", 0),
        ("two", "2", 2),
        ("three", "", None),
    ]


def test_commands_without_ids_are_answered_in_order() -> None:
    document = mini_v2()
    acts: list[dict[str, Any]] = [{"command": "one"}, {"command": "two"}]
    document["messages"][2:5] = [
        {"role": "assistant", "content": "", "extra": {"actions": acts}},
        {"role": "user", "content": "x", "extra": {"raw_output": "1", "returncode": 0}},
        {"role": "user", "content": "<returncode>3</returncode>\n<output>\n2\n</output>"},
    ]
    assert actions_of(read_document(document)) == [("one", "1", 0), ("two", "2", 3)]


def test_the_responses_api_is_read() -> None:
    document = mini_v2()
    document["messages"][2:5] = [
        {
            "object": "response",
            "output": [{"type": "message", "content": [{"type": "output_text", "text": "Look."}]}],
            "extra": {"actions": [{"command": "ls", "tool_call_id": "k"}]},
        },
        {
            "type": "function_call_output",
            "call_id": "k",
            "output": "shown",
            "extra": {"raw_output": "shop.py", "returncode": 0},
        },
    ]
    recorded = read_document(document)
    assert messages_of(recorded) == ["Look."]
    assert actions_of(recorded) == [("ls", "shop.py", 0)]


@pytest.mark.parametrize(
    ("status", "ending"),
    [
        ("Submitted", Ending.SUBMITTED),
        ("LimitsExceeded", Ending.LIMIT),
        ("TimeExceeded", Ending.LIMIT),
        ("RateLimitError", Ending.CRASHED),
        ("RepeatedFormatError", Ending.CRASHED),
        ("UserInterruption", Ending.UNKNOWN),
        ("", Ending.UNKNOWN),
    ],
)
def test_exit_statuses(status: str, ending: Ending) -> None:
    document = mini_v2(status=status)
    document["messages"][4]["extra"]["actions"][0]["command"] = "ls"
    assert read_document(document).trajectory.ending is ending


def test_an_exception_is_told_in_one_line() -> None:
    document = mini_v2(status="RuntimeError")
    document["messages"][-1]["extra"]["exception_str"] = "docker\nis gone"
    trajectory = read_document(document).trajectory
    assert trajectory.ending is Ending.CRASHED
    assert trajectory.ending_detail == "RuntimeError: docker is gone"


def test_a_submission_that_is_no_patch_counts_only_for_a_benchmark() -> None:
    document = mini_v2()
    document["info"]["submission"] = "All done, enjoy."
    assert read_document(document).patch == "All done, enjoy."
    del document["instance_id"]
    recorded = read_document(document)
    assert recorded.patch is None
    assert recorded.asks_for is ResultKind.STATE


def test_tokens_come_from_the_replies_where_they_are_kept() -> None:
    document = mini_v2()
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 9,
        "prompt_tokens_details": {"cached_tokens": 80},
    }
    document["messages"][2]["extra"]["response"] = {"usage": usage}
    document["messages"][4]["extra"]["response"] = {"usage": usage}
    used = read_document(document).usage
    assert (used.input_tokens, used.output_tokens, used.cached_tokens) == (200, 18, 160)
