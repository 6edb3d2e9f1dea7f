"""Our sandbox as mini-SWE-agent's Environment."""

from __future__ import annotations

import platform
from typing import Any

from pydantic import BaseModel

from rematch.agents.mini.loading import load_mini
from rematch.agents.sandboxes import Sandbox

_SUBMIT = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
CANCELLED = "Cancelled"


class MiniEnvironmentConfig(BaseModel):
    """What of the environment is written into a trajectory."""

    kind: str
    cwd: str


class MiniEnvironment:
    """Runs actions in a sandbox. Nothing of this machine reaches a template.

    Args:
        sandbox: an open one.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.config = MiniEnvironmentConfig(kind=sandbox.kind, cwd=sandbox.workdir)
        self._sandbox = sandbox

    def execute(self, action: dict[str, Any], cwd: str = "") -> dict[str, Any]:
        """Run one action's command.

        Raises:
            Submitted: it was the command that ends a rollout.
            InterruptAgentFlow: the rollout was cancelled.
            SandboxError: the sandbox broke.
        """
        self._stop_if_cancelled()
        result = self._sandbox.execute(str(action.get("command", "")))
        self._stop_if_cancelled()
        lines = result.output.lstrip().splitlines(keepends=True)
        if result.returncode == 0 and lines and lines[0].strip() == _SUBMIT:
            submission = "".join(lines[1:])
            raise load_mini("exceptions").Submitted(_exit("Submitted", submission))
        return {"output": result.output, "returncode": result.returncode, "exception_info": ""}

    def get_template_vars(self, **given: Any) -> dict[str, Any]:
        """What templates may name: the system's name, in the words of `platform.uname`."""
        system = {
            "system": self._sandbox.system,
            "release": "",
            "version": "",
            "machine": platform.machine(),
        }
        return {**self.config.model_dump(), **system, **given}

    def serialize(self) -> dict[str, Any]:
        """Its part of a trajectory."""
        return {"info": {"config": {"environment": self.config.model_dump(mode="json")}}}

    def _stop_if_cancelled(self) -> None:
        if self._sandbox.cancelled:
            raise load_mini("exceptions").InterruptAgentFlow(_exit(CANCELLED))


def _exit(status: str, submission: str = "") -> dict[str, Any]:
    return {
        "role": "exit",
        "content": submission or status,
        "extra": {"exit_status": status, "submission": submission},
    }
