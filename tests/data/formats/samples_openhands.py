"""Small attempts of OpenHands, old events and those of its SDK."""

from __future__ import annotations

from typing import Any

from tests.data.formats.wording import PATCH, TASK


def openhands(instance: str = "shop__basket-1") -> dict[str, Any]:
    def call(reply: str, tool: str, name: str) -> dict[str, Any]:
        usage = {"prompt_tokens": 10, "completion_tokens": 2}
        response = {"id": reply, "usage": usage, "choices": []}
        return {"function_name": name, "tool_call_id": tool, "model_response": response}

    def ran(cause: int, code: int, text: str) -> dict[str, Any]:
        extras = {"metadata": {"exit_code": code, "suffix": "[still running]"}}
        return {
            "source": "agent",
            "observation": "run",
            "cause": cause,
            "content": text,
            "extras": extras,
        }

    def run(number: int, reply: str, command: str, thought: str) -> dict[str, Any]:
        return {
            "id": number,
            "source": "agent",
            "action": "run",
            "args": {"command": command, "thought": thought},
            "tool_call_metadata": call(reply, f"t{number}", "execute_bash"),
        }

    return {
        "instance_id": instance,
        "instruction": f"Fix it.\n<issue_description>\n{TASK}\n</issue_description>\nGo.",
        "history": [
            {"id": 0, "source": "user", "action": "message", "args": {"content": "Fix it."}},
            {"id": 1, "source": "agent", "action": "system", "args": {"content": "Rules."}},
            run(2, "r1", "ls", "Two looks."),
            run(3, "r1", "sleep 9", "Two looks."),
            ran(2, 0, "shop.py"),
            ran(3, -1, "..."),
            {"id": 4, "source": "agent", "action": "think", "args": {"thought": "Tax is missing."}},
            {
                "id": 5,
                "source": "agent",
                "action": "edit",
                "args": {"path": "shop.py", "new_str": "tax = 7", "old_str": None, "thought": ""},
            },
            {"source": "agent", "observation": "edit", "cause": 5, "content": "Edited."},
            {
                "id": 6,
                "source": "agent",
                "action": "finish",
                "args": {"final_thought": "Tax is added.", "outputs": {}},
            },
        ],
        "test_result": {"git_patch": PATCH, "report": {"resolved": True}},
        "metrics": {"accumulated_cost": 0.75, "costs": [{}, {}, {}]},
        "error": None,
    }


def openhands_sdk() -> dict[str, Any]:
    def act(reply: str, call: str, tool: str, **action: Any) -> dict[str, Any]:
        return {
            "kind": "ActionEvent",
            "source": "agent",
            "llm_response_id": reply,
            "tool_call_id": call,
            "tool_name": tool,
            "thought": [{"type": "text", "text": action.pop("says", "")}],
            "action": {"kind": "SomeAction", "security_risk": "LOW", **action},
        }

    def saw(call: str, text: str, code: int | None) -> dict[str, Any]:
        observation = {"content": [{"type": "text", "text": text}], "exit_code": code}
        return {
            "kind": "ObservationEvent",
            "source": "environment",
            "tool_call_id": call,
            "observation": observation,
        }

    asked = {"role": "user", "content": [{"type": "text", "text": "Fix it."}]}
    return {
        **openhands(),
        "history": [
            {"kind": "SystemPromptEvent", "source": "agent"},
            {"kind": "MessageEvent", "source": "user", "llm_message": asked},
            act("r1", "t1", "terminal", command="ls", timeout=9, says="Two looks."),
            act("r1", "t2", "terminal", command="sleep 9", says="Two looks."),
            saw("t1", "shop.py", 0),
            saw("t2", "...", -1),
            act("r2", "t3", "think", thought="Tax is missing."),
            act("r3", "t4", "file_editor", command="create", path="shop.py"),
            {"kind": "AgentErrorEvent", "tool_call_id": "t4", "error": "It exists."},
            act("r4", "t5", "finish", message="Tax is added."),
        ],
    }
