"""Runs the repairer under the real mini-SWE-agent loop, in a folder of its own."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("MSWEA_SILENT_STARTUP", "1")

PROMPT = "{{task}}\n\n{{context}}"


@dataclass(frozen=True)
class Ran:
    """What came of a rollout."""

    status: str
    messages: list[dict[str, Any]]
    files: dict[str, str]

    @property
    def commands(self) -> list[str]:
        """The commands, in order."""
        return [a["command"] for m in self.messages for a in m.get("extra", {}).get("actions", [])]

    @property
    def said(self) -> list[str]:
        """What the repairer said, in order."""
        return [m["content"] for m in self.messages if m["role"] == "assistant"]

    @property
    def lines(self) -> list[str]:
        """All lines that it said."""
        return [line for text in self.said for line in text.split("\n")]

    def marked(self, word: str) -> list[str]:
        """The keys behind lines such as `refuted: KEY`."""
        return [
            line.removeprefix(f"{word}: ") for line in self.lines if line.startswith(f"{word}: ")
        ]


def write_project(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def drive(
    folder: Path,
    issue: str,
    seed: int = 0,
    *,
    context: str = "",
    steps: int = 60,
    forgetful: bool = False,
    **config: Any,
) -> Ran:
    """One rollout in the folder, by mini-SWE-agent's DefaultAgent and LocalEnvironment."""
    from minisweagent.agents.default import DefaultAgent
    from minisweagent.environments.local import LocalEnvironment

    from rematch.agents.repairer import OfflineRepairer, RepairerConfig

    temporary = folder.parent / f"{folder.name}-tmp"
    temporary.mkdir(exist_ok=True)
    python = Path(sys.base_prefix) / "bin"  # the tests' own would import what is installed there
    env = {"TMPDIR": str(temporary), "PATH": f"{python}{os.pathsep}{os.environ['PATH']}"}

    class Environment(LocalEnvironment):
        def execute(
            self, action: dict[str, Any], cwd: str = "", *, timeout: int | None = None
        ) -> dict[str, Any]:
            if forgetful:
                shutil.rmtree(temporary / "offline-repairer", ignore_errors=True)
            return super().execute(action, cwd, timeout=timeout)

    environment = Environment(cwd=str(folder), env=env)
    settings = {"tries": 20} | config
    model = OfflineRepairer(issue, seed, RepairerConfig(**settings))
    agent = DefaultAgent(
        model, environment, system_template="", instance_template=PROMPT, step_limit=steps
    )
    result = agent.run(issue, context=context)
    assert {path.name for path in temporary.iterdir()} <= {"offline-repairer"}
    files = {
        str(path.relative_to(folder)): path.read_bytes().decode("utf-8", "replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    return Ran(result["exit_status"], agent.messages, files)
