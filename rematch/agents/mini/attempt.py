"""One rollout from start to end, in the thread that it blocks. Here an attempt becomes data."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rematch.agents.mini.config import MiniConfig
from rematch.agents.mini.environment import MiniEnvironment
from rematch.agents.mini.loading import load_mini, load_templates
from rematch.agents.mini.results import clean_text, read_trajectory, read_usage
from rematch.agents.mini.submissions import narrow_patch
from rematch.agents.sandboxes import Sandbox
from rematch.agents.sandboxes.output import was_cut
from rematch.data.formats.recorded import one_line
from rematch.data.records import Ending, Origin, ResultKind, Rollout, Task, Trajectory, Usage
from rematch.errors import RematchError, SandboxError
from rematch.redaction import hide_secrets

FORMAT = "mini-swe-agent"

MakeModel = Callable[[Task, dict[str, Any], int], Any]
"""Makes the model from the task, the shipped configuration and the rollout's seed."""


@dataclass(frozen=True)
class Job:
    """One rollout to be made."""

    task: Task
    context: str
    iteration: int
    index: int
    seed: int

    @property
    def id(self) -> str:
        """The rollout's id."""
        return f"{self.task.id}-t{self.iteration}-{self.index:02d}"

    @property
    def prompt(self) -> str:
        """What stands for the task in the first prompt: the problem, then the context."""
        return f"{self.task.problem}\n\n{self.context}" if self.context else self.task.problem


@dataclass
class Attempt:
    """Makes one rollout; `run` may be stopped from another thread.

    Attributes:
        job: what is to be made.
        config: prompts and limits.
        sandbox: not opened yet.
        make_model: makes the model.
        is_priced: whether the model's calls cost money.
        name: the agent's name in the rollout's origin.
        trajectories: folder for mini-SWE-agent's own trajectory file, or None.
    """

    job: Job
    config: MiniConfig
    sandbox: Sandbox
    make_model: MakeModel
    is_priced: bool
    name: str
    trajectories: Path | None = None
    _started: float = field(default_factory=time.monotonic)

    def run(self) -> Rollout:
        """Make the rollout. Whatever fails in it is told in its ending.

        Raises:
            UsageError: the configuration cannot be used.
            AgentError: the agent cannot run at all.
            RematchError: the provider will not serve this run, or the run has stopped.
        """
        try:
            templates = load_templates(self.config.template)
            model = self.make_model(self.job.task, templates, self.job.seed)
            with self.sandbox as sandbox:
                return self._work(sandbox, templates, model)
        except Exception as error:
            if _stops_the_run(error):
                raise
            detail = one_line(hide_secrets(clean_text(f"{type(error).__name__}: {error}")))
            return self._record(Trajectory(ending=Ending.CRASHED, ending_detail=detail), patch=None)

    def cancel(self) -> None:
        """Stop at the next command, and the one under way at once."""
        self.sandbox.cancel()

    def _work(self, sandbox: Sandbox, templates: dict[str, Any], model: Any) -> Rollout:
        variables = dict(templates.get("environment", {}).get("env", {}))
        if sandbox.kind != "docker":
            variables.pop("BASH_ENV", None)  # a file of SWE-bench's images; here the user's own
        sandbox.env.update(variables)
        prompts = {name: templates["agent"][name] for name in _PROMPTS}
        agent = load_mini("agents.default").DefaultAgent(
            model,
            MiniEnvironment(sandbox),
            step_limit=self.config.step_limit,
            cost_limit=self.config.cost_limit,
            wall_time_limit_seconds=self.config.seconds,
            **prompts,
        )
        failure: Exception | None = None
        try:
            agent.run(self.job.prompt)
        except Exception as error:
            if _stops_the_run(error):
                raise
            failure = error
        ours = {"rollout": self.job.id, "seed": self.job.seed}
        document = clean_text(agent.serialize({"info": {"rematch": ours}}))
        patch = self._find_patch(sandbox, document)
        trajectory = read_trajectory(document, failure, sandbox.incidents)
        return self._record(
            trajectory, patch, read_usage(document, self.is_priced), self._keep(document), model
        )

    def _find_patch(self, sandbox: Sandbox, document: dict[str, Any]) -> str | None:
        """The patch; "" where there is none, or where it cannot be had: an incident tells."""
        if self.job.task.asks_for is not ResultKind.PATCH:
            return None
        submission = str(document["info"].get("submission") or "")
        if self.config.patch_from == "submission":
            if not was_cut(submission):
                return submission
            sandbox.incidents.append("the submitted patch is longer than an output may be")
            return ""
        try:
            patch = sandbox.diff()
        except SandboxError as error:
            sandbox.incidents.append(f"no patch: {error}")
            return ""
        return narrow_patch(patch, submission) if self.config.patch_from == "submitted" else patch

    def _keep(self, document: dict[str, Any]) -> str:
        """Write the trajectory file; its path, or "" where none is wanted."""
        if self.trajectories is None:
            return ""
        path = self.trajectories / f"{self.job.id.replace('/', '_')}.traj.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(hide_secrets(json.dumps(document, indent=1, default=str)))
        return str(path)

    def _record(
        self,
        trajectory: Trajectory,
        patch: str | None,
        usage: Usage | None = None,
        path: str = "",
        model: Any = None,
    ) -> Rollout:
        origin = Origin(
            agent=self.name,
            model=str(getattr(getattr(model, "config", None), "model_name", "")),
            path=path,
            format=FORMAT,
            seed=self.job.seed,
        )
        return Rollout(
            id=self.job.id,
            task_id=self.job.task.id,
            iteration=self.job.iteration,
            trajectory=trajectory,
            patch=patch,
            usage=usage or Usage(),
            seconds=round(time.monotonic() - self._started, 3),
            origin=origin,
        )


def _stops_the_run(error: Exception) -> bool:
    """Whether every other attempt would fail the same way; a sandbox that broke is this one's."""
    return isinstance(error, RematchError) and not isinstance(error, SandboxError)


_PROMPTS = ("system_template", "instance_template")
