"""Sandboxes for tests, and a model that follows a script."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from rematch.agents.mini import MiniAgent, MiniConfig
from rematch.agents.sandboxes import (
    BwrapSandbox,
    DockerConfig,
    DockerSandbox,
    ProcessSandbox,
    Sandbox,
    SandboxLimits,
)
from rematch.data.records import Action, Rollout, Task

IMAGE = DockerConfig(image="rematch-test-base:bookworm")
MIB = 1 << 20

TIGHT = SandboxLimits(
    memory_bytes=256 * MIB,
    processes=64,
    disk_bytes=100 * MIB,
    files=2_000,
    file_bytes=64 * MIB,
    seconds=5,
    output_bytes=20_000,
    flood_bytes=20 * MIB,
)

ISOLATED = (
    pytest.param("bwrap", marks=pytest.mark.bwrap),
    pytest.param("docker", marks=pytest.mark.docker),
)
ALL = ("process", *ISOLATED)

TASK = Task(id="t", problem="Mend it.")


def make_sandbox(
    kind: str, source: Path, limits: SandboxLimits = TIGHT, hidden: Iterable[Path] = ()
) -> Sandbox:
    if kind == "bwrap":
        return BwrapSandbox(source, limits, hidden=hidden)
    if kind == "docker":
        return DockerSandbox(source, limits, config=IMAGE, run="tests")
    return ProcessSandbox(source, limits)


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


class ScriptedConfig(BaseModel):
    model_name: str = "script"


class ScriptedModel:
    """A mini-SWE-agent Model that gives commands one after the other, then submits.

    An exception in the script is raised in its turn.
    """

    def __init__(self, script: Sequence[str | Exception]) -> None:
        self.config = ScriptedConfig()
        self.script = list(script)
        self.messages: list[dict[str, Any]] = []

    def query(self, messages: list[dict[str, Any]], **_: Any) -> dict[str, Any]:
        self.messages = list(messages)
        turn = sum(message["role"] == "assistant" for message in messages)
        command = self.script[turn] if turn < len(self.script) else SUBMIT
        if isinstance(command, Exception):
            raise command
        extra = {"actions": [{"command": command}], "cost": 0.0}
        return {"role": "assistant", "content": f"Turn {turn}.", "extra": extra}

    def format_message(self, **fields: Any) -> dict[str, Any]:
        return fields

    def format_observation_messages(
        self,
        message: dict[str, Any],
        outputs: list[dict[str, Any]],
        template_vars: dict[str, Any] | None = None,
    ) -> list[dict[str, Any]]:
        return [
            {
                "role": "user",
                "content": output["output"],
                "extra": {"raw_output": output["output"], "returncode": output["returncode"]},
            }
            for output in outputs
        ]

    def get_template_vars(self, **_: Any) -> dict[str, Any]:
        return self.config.model_dump()

    def serialize(self) -> dict[str, Any]:
        return {}


SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def run_script(
    sandbox: Sandbox,
    *script: str | Exception,
    config: MiniConfig | None = None,
    task: Task = TASK,
) -> Rollout:
    """A rollout of the real agent loop that follows a script."""
    agent = MiniAgent(
        config or MiniConfig(),
        lambda _: sandbox,
        model_factory=lambda task, seed: ScriptedModel(script),
    )
    return asyncio.run(agent.attempt(task, context="", iteration=0, index=0))


def list_actions(rollout: Rollout) -> list[Action]:
    return [action for step in rollout.trajectory.steps for action in step.actions]
