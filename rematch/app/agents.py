"""From the configuration to an agent in its sandbox, and to the boxes that grading runs in."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from rematch.agents.mini import MakeSandbox, MiniAgent, MiniModelConfig
from rematch.agents.repairer import make_repairer
from rematch.agents.sandboxes import SandboxChoice, choose_sandbox
from rematch.agents.sandboxes.host import name_boxes
from rematch.app.config import Config
from rematch.app.harbor import build_harbor, describe_harbor
from rematch.data.harbor_tasks import HarborTask
from rematch.data.suites import lay_out
from rematch.grading.local import GradingBox, LocalGrader
from rematch.programs import Terminus
from rematch.runs.folder import RunFolder, file_name
from rematch.seams import Agent, Grader

OFFLINE = "offline"
"""What the offline repairer's runs are called."""


@dataclass(frozen=True)
class Hands:
    """Who makes attempts and who grades them.

    Attributes:
        agent: makes attempts.
        grader: grades them; None: nobody can.
        notices: lines for the user.
        pilot: a program that decides for the agent, and lacks its model still.
    """

    agent: Agent
    grader: Grader | None
    notices: tuple[str, ...] = ()
    pilot: Terminus | None = None


def name_agent(config: Config) -> str:
    """The agent's short name: part of what a run is called."""
    if config.agent.in_harbor:
        return file_name(config.agent.name.replace(":", "-"))
    return "mini" if config.models.agent else OFFLINE


def describe_parts(config: Config) -> str:
    """One line that says who answered what; what is offline is named so."""
    models = config.models
    if config.agent.in_harbor:
        agent = describe_harbor(config)
    elif models.agent:
        agent = f"mini-SWE-agent with {models.agent.model}"
    else:
        agent = "the offline repairer (no language model: these figures say nothing about models)"
    summarizer = models.summarizer.model if models.summarizer else "evidence"
    judge = models.judge.model if models.judge else "evidence"
    return f"agent: {agent}; summaries: {summarizer}; judge: {judge}"


def build_hands(config: Config, tasks: dict[str, HarborTask], folder: RunFolder) -> Hands:
    """The agent for tasks in folders, and their grader.

    Args:
        config: agent, model, sandbox and limits.
        tasks: by id.
        folder: keeps what an agent leaves beside its rollouts.

    Raises:
        SandboxError: no sandbox works here that this agent may use.
        UsageError: Harbor is missing, or will not run this agent so.
    """
    if config.agent.in_harbor:
        harbor, rewards, pilot = build_harbor(config, tasks, folder)
        return Hands(harbor, rewards, pilot=pilot)
    sandbox = config.agent.sandbox
    choice = choose_sandbox(sandbox.kind, config.models.agent is None, sandbox)
    pristine = _Pristine(tasks)
    agent = build_mini(config, lambda task: choice.make(pristine.open(task.id)), folder)
    notices = (choice.notice,) if choice.notice else ()
    return Hands(agent, LocalGrader(tasks, GradingBoxes(choice)), notices)


def build_mini(config: Config, make_sandbox: MakeSandbox, folder: RunFolder) -> MiniAgent:
    """mini-SWE-agent's loop: driven by the agent's model, or by the offline repairer without one.

    Args:
        config: model, prompts and limits.
        make_sandbox: makes a task's sandbox.
        folder: keeps the trajectory files of an agent with a model.
    """
    settings, model = config.agent, config.models.agent
    if model is None:
        return MiniAgent(
            settings.mini,
            make_sandbox,
            model_factory=lambda task, seed: make_repairer(task, seed, settings.repairer),
            seed=config.seed,
            name="offline-repairer",
        )
    # Our own calls have more settings than mini-SWE-agent's.
    driver = model.model_dump(include={*MiniModelConfig.model_fields})
    return MiniAgent(
        settings.mini,
        make_sandbox,
        model=MiniModelConfig.model_validate(driver),
        seed=config.seed,
        trajectories=folder.path / "trajectories",
    )


@dataclass(frozen=True)
class GradingBoxes:
    """Opens grading boxes in sandboxes of one kind."""

    choice: SandboxChoice

    def __call__(self, folder: Path, seconds: float) -> AbstractContextManager[GradingBox]:
        """A sandbox over a folder whose commands may take so long."""
        return with_seconds(self.choice, seconds).make(folder)


def with_seconds(choice: SandboxChoice, seconds: float) -> SandboxChoice:
    """The same kind of sandbox, whose commands may take so long."""
    limits = choice.config.limits.model_copy(update={"seconds": seconds})
    config = choice.config.model_copy(update={"limits": limits})
    return SandboxChoice(choice.kind, config=config)


class _Pristine:
    """Each task's work files as they stand at the start, laid out once for all its rollouts."""

    def __init__(self, tasks: dict[str, HarborTask]) -> None:
        self._tasks = tasks
        self._folder = Path(tempfile.mkdtemp(prefix=name_boxes()))
        # Not a TemporaryDirectory: nobody ends a run's last rollout, so it goes with the run.
        weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)

    def open(self, task_id: str) -> Path:
        target = self._folder / task_id
        if not target.exists():
            lay_out(self._tasks[task_id], target)
        return target
