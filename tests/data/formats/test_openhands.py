"""OpenHands' output."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import Ending
from tests.data.formats.reading import actions_of, messages_of, read_document, rollouts_of
from tests.data.formats.samples import as_lines
from tests.data.formats.samples_openhands import openhands, openhands_sdk
from tests.data.formats.wording import PATCH, TASK


def test_replies_are_steps_and_calls_are_actions() -> None:
    recorded = read_document(openhands())
    assert messages_of(recorded) == ["Two looks.", "Tax is missing.", "", "Tax is added."]
    assert actions_of(recorded) == [
        ("ls", "shop.py", 0),
        ("sleep 9", "...[still running]", None),
        ('edit {"path":"shop.py","new_str":"tax = 7"}', "Edited.", None),
        ("finish", "", None),
    ]
    assert recorded.trajectory.ending is Ending.SUBMITTED
    assert recorded.patch == PATCH
    assert recorded.problem == TASK
    assert (recorded.usage.calls, recorded.usage.input_tokens) == (3, 10)
    assert recorded.usage.cost_usd == 0.75


def test_arguments_come_from_the_reply_where_it_is_kept() -> None:
    document = openhands()
    given = {"id": "t5", "function": {"arguments": '{"path": "shop.py"}'}}
    document["history"][7]["tool_call_metadata"] = {
        "function_name": "str_replace_editor",
        "tool_call_id": "t5",
        "model_response": {"id": "r5", "choices": [{"message": {"tool_calls": [given]}}]},
    }
    assert actions_of(read_document(document))[2][0] == 'str_replace_editor {"path":"shop.py"}'


def test_events_of_the_sdk_are_read() -> None:
    recorded = read_document(openhands_sdk())
    assert messages_of(recorded) == ["Two looks.", "Tax is missing.", "", "Tax is added."]
    assert actions_of(recorded) == [
        ("ls", "shop.py", 0),
        ("sleep 9", "...", None),
        ('file_editor {"command":"create","path":"shop.py"}', "It exists.", None),
        ("finish", "", None),
    ]
    assert recorded.trajectory.ending is Ending.SUBMITTED
    document = openhands_sdk()
    del document["history"][-1]
    assert read_document(document).trajectory.ending is Ending.UNKNOWN
    said = {"role": "assistant", "content": "Tax is added."}
    document["history"].append({"kind": "MessageEvent", "source": "agent", "llm_message": said})
    assert read_document(document).trajectory.ending is Ending.SUBMITTED


def test_early_releases_pair_actions_with_observations() -> None:
    document = openhands()
    events = document["history"]
    document["history"] = [[events[2], events[4]], [events[9], {}]]
    document["git_patch"] = document.pop("test_result")["git_patch"]
    recorded = read_document(document)
    assert actions_of(recorded) == [("ls", "shop.py", 0), ("finish", "", None)]
    assert recorded.patch == PATCH


def test_hidden_tests_and_the_reference_patch_are_not_read() -> None:
    document = openhands()
    document["instance"] = {
        "problem_statement": "Tax!",
        "patch": "canary",
        "test_patch": "canary",
        "FAIL_TO_PASS": ["canary"],
    }
    document["test_result"]["report"] = {"resolved": "canary"}
    recorded = read_document(document)
    assert recorded.problem == "Tax!"
    assert "canary" not in repr(recorded)


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        ("RuntimeError: Agent reached maximum iteration in headless mode.", Ending.LIMIT),
        ("AgentStuckInLoopError: Agent got stuck in a loop", Ending.LIMIT),
        ("LLMContextWindowExceedError", Ending.LIMIT),
        ("APIConnectionError: gone", Ending.CRASHED),
        ("what is this", Ending.CRASHED),
    ],
)
def test_an_error_is_how_it_ended(error: str, ending: Ending) -> None:
    trajectory = read_document({**openhands(), "error": error}).trajectory
    assert (trajectory.ending, trajectory.ending_detail) == (ending, error)


def test_a_rejection_is_giving_up_and_silence_is_unknown() -> None:
    document = openhands()
    document["history"][-1]["action"] = "reject"
    assert read_document(document).trajectory.ending is Ending.GAVE_UP
    document["history"] = document["history"][:7]
    assert read_document(document).trajectory.ending is Ending.UNKNOWN


def test_a_file_holds_several_attempts(tmp_path: Path) -> None:
    path = tmp_path / "output.jsonl"
    path.write_text(as_lines([openhands("shop__basket-1"), openhands("shop__till-2")]))
    pool = read_pool([path])
    assert pool.problems == ()
    assert [r.id for r in rollouts_of(pool)] == ["output#shop__basket-1", "output#shop__till-2"]
    assert pool.sizes == {"shop__basket-1": 1, "shop__till-2": 1}


def test_a_bad_line_does_not_stop_the_others(tmp_path: Path) -> None:
    path = tmp_path / "output.jsonl"
    good = json.dumps(openhands("shop__basket-1"))
    other = json.dumps(openhands("shop__till-2"))
    path.write_text(f'{good}\n{{"instance_id": "cut\n\n[1]\n{other}\n{good}\n')
    pool = read_pool([path])
    assert pool.sizes == {"shop__basket-1": 1, "shop__till-2": 1}
    [problem] = pool.problems
    assert problem.reason.startswith("line 2: is cut off")
    assert problem.reason.endswith("(and 2 more in this file)")
