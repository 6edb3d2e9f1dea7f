"""A small attempt in each format, written in our own words, to be bent by the tests."""

from __future__ import annotations

import json
from typing import Any

from tests.data.formats.samples_openhands import openhands, openhands_sdk
from tests.data.formats.wording import PATCH, TASK

PROMPT = (
    f"<pr_description>\nConsider the following PR description:\n{TASK}\n</pr_description>\n\nRules."
)


def mini_v2(instance: str = "shop__basket-1", status: str = "Submitted") -> dict[str, Any]:
    def turn(said: str, call: str, command: str, at: float) -> dict[str, Any]:
        actions = [{"command": command, "tool_call_id": call}]
        return {
            "role": "assistant",
            "content": said,
            "extra": {"actions": actions, "timestamp": at},
        }

    return {
        "info": {
            "exit_status": status,
            "submission": PATCH,
            "model_stats": {"api_calls": 2, "instance_cost": 0.25},
            "config": {"model": {"model_name": "maker/model"}},
        },
        "messages": [
            {"role": "system", "content": "You fix shops."},
            {"role": "user", "content": PROMPT},
            turn("Run the tests.", "c1", "pytest -q", 10.0),
            {
                "role": "tool",
                "tool_call_id": "c1",
                "content": "<returncode>1</returncode>\n<output>\n1 fai</output>",
                "extra": {"raw_output": "1 failed\n", "returncode": 1, "timestamp": 11},
            },
            turn("Done.", "c2", "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT && cat p", 12.5),
            {
                "role": "exit",
                "content": PATCH,
                "extra": {"exit_status": status, "submission": PATCH},
            },
        ],
        "trajectory_format": "mini-swe-agent-1.1",
        "instance_id": instance,
    }


def mini_v1(fence: str = "```bash\n{}\n```") -> dict[str, Any]:
    return {
        "info": {"exit_status": "Submitted", "submission": PATCH, "model_stats": {}},
        "messages": [
            {"role": "system", "content": "You fix shops."},
            {"role": "user", "content": PROMPT},
            {"role": "assistant", "content": "THOUGHT: look\n\n" + fence.format("ls -a")},
            {"role": "user", "content": "<returncode>0</returncode>\n<output>\nshop.py\n</output>"},
            {"role": "assistant", "content": "two\n```bash\na\n```\n```bash\nb\n```"},
            {"role": "user", "content": "Give exactly one action."},
            {"role": "assistant", "content": fence.format("sleep 99")},
            {"role": "user", "content": "The last command timed out and has been killed."},
        ],
        "trajectory_format": "mini-swe-agent-1",
    }


def atif(version: str = "ATIF-v1.6", agent: str = "terminus-2") -> dict[str, Any]:
    return {
        "schema_version": version,
        "session_id": "s1",
        "agent": {"name": agent, "version": "2", "model_name": "maker/model"},
        "steps": [
            {
                "step_id": 1,
                "source": "user",
                "timestamp": "2026-01-01T10:00:00Z",
                "message": f"Rules.\nTask Description:\n{TASK}\n\nCurrent terminal state:\n$ ",
            },
            {
                "step_id": 2,
                "source": "agent",
                "message": "Look first.",
                "tool_calls": [
                    {
                        "tool_call_id": "c1",
                        "function_name": "bash_command",
                        "arguments": {"keystrokes": "ls\n", "duration": 0.1},
                    }
                ],
                "observation": {"results": [{"source_call_id": "c1", "content": "shop.py"}]},
                "metrics": {"prompt_tokens": 100, "completion_tokens": 5, "cost_usd": 0.01},
            },
            {
                "step_id": 3,
                "source": "agent",
                "timestamp": "2026-01-01T10:00:30+00:00",
                "message": "Done.",
                "tool_calls": [
                    {"tool_call_id": "c2", "function_name": "mark_task_complete", "arguments": {}}
                ],
                "observation": {"results": [{"content": "confirmed"}]},
                "metrics": {"prompt_tokens": 120, "completion_tokens": 6, "cost_usd": 0.02},
            },
        ],
    }


def trial() -> dict[str, Any]:
    return {
        "trial_name": "basket__abc1234",
        "task_name": "basket",
        "started_at": "2026-01-01T10:00:00Z",
        "finished_at": "2026-01-01T10:05:00Z",
        "trajectory": atif(),
        "verifier_result": {"rewards": {"reward": 1.0}},
    }


def swe_agent() -> dict[str, Any]:
    return {
        "environment": "main",
        "trajectory": [
            {
                "action": "ls\n",
                "observation": "shop.py\n",
                "thought": "Look.",
                "response": "Look.\nls",
            },
            {"action": "", "observation": "", "thought": "", "response": "I wonder."},
            {"action": "submit", "observation": PATCH, "thought": "Done.", "response": "Done."},
        ],
        "history": [
            {"role": "system", "content": "Rules."},
            {"role": "user", "content": "A demonstration.", "is_demo": True},
            {
                "role": "user",
                "content": f"Here's the issue text:\nISSUE:\n{TASK}\n\nINSTRUCTIONS:\nUse tools.",
            },
        ],
        "info": {
            "exit_status": "submitted",
            "submission": PATCH,
            "model_stats": {
                "instance_cost": 0.5,
                "tokens_sent": 1000,
                "tokens_received": 50,
                "api_calls": 3,
            },
        },
    }


def claude_code() -> list[dict[str, Any]]:
    def line(kind: str, content: Any, **more: Any) -> dict[str, Any]:
        return {
            "type": kind,
            "sessionId": "s1",
            "timestamp": more.pop("at", "2026-01-01T10:00:00Z"),
            "message": {"role": kind, "content": content, **more.pop("message", {})},
            **more,
        }

    usage = {"input_tokens": 5, "cache_read_input_tokens": 90, "output_tokens": 7}
    first = {"id": "m1", "model": "maker-model", "usage": usage}
    bash = {
        "type": "tool_use",
        "id": "t1",
        "name": "Bash",
        "input": {"command": "pytest", "x": "y"},
    }
    edit = {"type": "tool_use", "id": "t2", "name": "Edit", "input": {"file_path": "shop.py"}}
    failed = {"type": "tool_result", "tool_use_id": "t1", "is_error": True}
    edited = {
        "type": "tool_result",
        "tool_use_id": "t2",
        "content": [{"type": "text", "text": "ok"}],
    }
    return [
        {"type": "summary", "summary": "Tax", "leafUuid": "u9"},
        line("user", "Caveat: meta", isMeta=True),
        line("user", TASK),
        line("assistant", [{"type": "thinking", "thinking": "hm"}], message=first),
        line("assistant", [{"type": "text", "text": "Run."}, bash], message=first),
        line("user", [{**failed, "content": "Exit code 1\n1 failed"}]),
        line("assistant", [edit], message={"id": "m2"}),
        line("assistant", [{"type": "text", "text": "aside"}], isSidechain=True),
        line("user", [edited]),
        line("assistant", [{"type": "text", "text": "Tax is added."}], at="2026-01-01T10:01:00Z"),
    ]


def predictions() -> dict[str, dict[str, Any]]:
    entry = {"model_name_or_path": "maker", "model_patch": PATCH}
    return {"shop__basket-1": {"instance_id": "shop__basket-1", **entry}, "shop__till-2": entry}


def as_lines(values: list[Any]) -> str:
    return "".join(json.dumps(value) + "\n" for value in values)


ONE_DOCUMENT = {
    "mini-swe-agent": mini_v2,
    "atif": atif,
    "harbor-trial": trial,
    "swe-agent": swe_agent,
    "openhands": openhands,
    "openhands-sdk": openhands_sdk,
    "predictions": predictions,
}
