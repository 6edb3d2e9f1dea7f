"""Whole runs against the scripted endpoint: four attempts, twice, on two tasks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rematch.app import TaskRun, load_run
from rematch.testing import Call, Conversation, Endpoint, Terminus1, Terminus2
from tests.cli.running import Done, rematch
from tests.harbor.tasks import copy_tasks, find_task, fixing_command

TASKS = ("url-dots", "wrap-width")
RESPONDERS: dict[str, type[Terminus1] | type[Terminus2]] = {
    "terminus-1": Terminus1,
    "terminus-2": Terminus2,
}
SOLVER = {False: 2, True: 1}
"""Which attempt solves its task, without and with a context."""
RULES = ("-n", "4", "-t", "2", "-k", "2", "-v", "2", "-w", "4")


def follow_plan(conversation: Conversation) -> Sequence[str]:
    """One attempt of four repairs the project; each shows the judge a mark of its worth."""
    if conversation.attempt == SOLVER[conversation.refined]:
        return [fixing_command(find_task(conversation.task, *TASKS)), "echo quality=0.9"]
    return ["ls /app", f"echo quality=0.{conversation.attempt + 1}"]


@dataclass(frozen=True)
class ScriptedRun:
    """What a run left: its output, its folder, and what the endpoint saw."""

    done: Done
    folder: Path
    arguments: tuple[str, ...]
    calls: tuple[Call, ...]

    @property
    def tasks(self) -> list[TaskRun]:
        """Its finished tasks."""
        return load_run(self.folder)

    def asked(self, role: str) -> list[str]:
        """Hashes of the prompts put to a role, sorted."""
        return sorted(call.content_hash for call in self.calls if call.role == role)


def run_scripted(agent: str, root: Path) -> ScriptedRun:
    """Run both tasks with an agent; models of all roles are scripted."""
    tasks = copy_tasks(root / "tasks", *TASKS)
    options = ["--agent", f"harbor:{agent}", *RULES, "--model", "openai/scripted"]
    if agent == "terminus-2":  # else it installs asciinema in every container
        options += ["--agent-kwarg", "record_terminal_session=false"]
    arguments = ("run", str(tasks), *options, "-o", str(root / "run"))
    with Endpoint(RESPONDERS[agent](follow_plan, seconds=0.5)) as endpoint:
        done = rematch(*arguments, "--api-base", endpoint.url)
        calls = tuple(endpoint.log)
    return ScriptedRun(done, root / "run", arguments, calls)


def read_trial(folder: Path, rollout_id: str, file: str) -> dict[str, object]:
    """A JSON file of the one trial behind a rollout."""
    (path,) = folder.glob(f"tasks/*/trials/{rollout_id}/*/{file}")
    document: dict[str, object] = json.loads(path.read_text())
    return document
