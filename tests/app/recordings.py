"""Small recorded rollouts on disk, in two formats, for tests of selection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
Turn = tuple[str, str, str]
"""What the agent said, its command, and what came back."""


def make_turns(count: int, *, says: str = "I look.", output: str = "ok") -> list[Turn]:
    work = [(f"{says} ({n})", f"cat file{n}.py", output) for n in range(1, count)]
    return [*work, ("It is done.", SUBMIT, "")]


def make_patch(text: str, name: str = "a.py") -> str:
    return f"diff --git a/{name} b/{name}\n--- a/{name}\n+++ b/{name}\n@@ -1 +1 @@\n-old\n+{text}\n"


def mini_swe(
    turns: Sequence[Turn],
    *,
    task: str = "",
    patch: str | None = None,
    problem: str = "Make it work.",
    model: str = "some/model",
    status: str = "Submitted",
    timestamp: float = 1_700_000_000.0,
) -> dict[str, Any]:
    """A document of mini-SWE-agent 2."""
    messages: list[dict[str, Any]] = [
        {"role": "system", "content": "You are helpful."},
        {"role": "user", "content": problem},
    ]
    for index, (says, command, output) in enumerate(turns):
        messages.append(
            {
                "role": "assistant",
                "content": says,
                "extra": {
                    "actions": [{"command": command}],
                    "timestamp": timestamp + 2 * index,
                },
            }
        )
        messages.append(
            {
                "role": "user",
                "content": f"<returncode>0</returncode>\n<output>\n{output}\n</output>",
                "extra": {
                    "raw_output": output,
                    "returncode": 0,
                    "timestamp": timestamp + 2 * index + 1,
                },
            }
        )
    messages.append(
        {
            "role": "exit",
            "content": patch or "",
            "extra": {"exit_status": status, "submission": patch or ""},
        }
    )
    return {
        "trajectory_format": "mini-swe-agent-1.1",
        "info": {
            "exit_status": status,
            "submission": patch or "",
            "model_stats": {"api_calls": len(turns), "instance_cost": 0.01},
            "config": {"model": {"model_name": model}},
            "mini_version": "2.0.0",
        },
        "messages": messages,
        **({"instance_id": task} if task else {}),
    }


def atif(
    turns: Sequence[Turn],
    *,
    problem: str = "Make it work.",
    agent: str = "terminus-2",
    model: str = "some/model",
    day: str = "2025-01-01",
) -> dict[str, Any]:
    """An ATIF document."""
    steps: list[dict[str, Any]] = [
        {"step_id": 1, "source": "user", "message": problem, "timestamp": f"{day}T00:00:00Z"}
    ]
    for index, (says, command, output) in enumerate(turns):
        steps.append(
            {
                "step_id": index + 2,
                "source": "agent",
                "message": says,
                "timestamp": f"{day}T00:01:{index % 60:02d}Z",
                "model_name": model,
                "tool_calls": [
                    {
                        "tool_call_id": f"call-{index}",
                        "function_name": "bash",
                        "arguments": {"command": command},
                    }
                ],
                "observation": {
                    "results": [{"source_call_id": f"call-{index}", "content": output}]
                },
            }
        )
    return {
        "schema_version": "ATIF-v1.4",
        "session_id": f"session-{day}",
        "agent": {"name": agent, "version": "1.0", "model_name": model},
        "steps": steps,
        "final_metrics": {"total_prompt_tokens": 10, "total_completion_tokens": 5},
    }


def write(path: Path, document: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def write_pool(folder: Path, *, tasks: int = 2, attempts: int = 3) -> Path:
    """Tasks that ask for a patch; each attempt has its own, and shows its quality."""
    for number in range(tasks):
        task = f"org__repo-{number}"
        for attempt in range(attempts):
            says = f"I look. quality=0.{attempt + 1}"
            document = mini_swe(
                make_turns(3 + attempt, says=says),
                task=task,
                patch=make_patch(f"fix {attempt}"),
                problem=f"Make part {number} work.",
            )
            write(folder / task / f"attempt{attempt}.traj.json", document)
    return folder
