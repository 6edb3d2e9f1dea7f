"""The agent adapter: one rollout is one Harbor trial."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from rematch.agents.harbor.config import HarborConfig, HarborModel
from rematch.agents.harbor.leftovers import clear_trials
from rematch.agents.harbor.loop import run_in_harbor
from rematch.agents.harbor.seat import Operator, operator
from rematch.agents.harbor.snapshots import keep_trajectory, restore_trajectory
from rematch.agents.harbor.trials import TERMINUS_1, Trials
from rematch.data.formats import harbor
from rematch.data.formats.recorded import Recorded, one_line
from rematch.data.harbor_package import load_harbor
from rematch.data.harbor_tasks import HarborTask
from rematch.data.records import Ending, Rollout, Task, Trajectory, name_rollout
from rematch.errors import AgentError, InputError, ModelRefusedError, UsageError
from rematch.redaction import hide_secrets

_REFUSALS = (
    *("AuthenticationError", "AgentAuthenticationError", "ModelNotFoundError"),
    *("MissingModelCredentialError", "ModelRefusedError"),
)
"""Exceptions of a trial after which every other trial would end the same way."""
_NOT_RETRIED = {"TurnLimitError", "BudgetSpentError", "ModelRefusedError", "UnreadableReplyError"}
_FORMAT = "harbor-trial"


@dataclass(frozen=True)
class Places:
    """Where a rollout's trial leaves its files, and who is told when it is over.

    Attributes:
        folder: a rollout's own folder, for (task id, rollout id).
        seal: takes (task id, rollout id, trial folder) before anything is read from the trial;
            what the verifier said is its to keep. The folder may be empty.
    """

    folder: Callable[[str, str], Path]
    seal: Callable[[str, str, Path], None]


class HarborAgent:
    """Makes rollouts with any agent of Harbor's. An `Agent`.

    Args:
        name: the agent's name in Harbor, `terminus-1`, or `module:Class`.
        config: its options, environment and limits.
        tasks: the suite's tasks by id.
        places: where trials go.
        model: what drives it; None for agents without one.
        pilot: decides for terminus-1.
        n_concurrent: trials at once.

    Raises:
        UsageError: Harbor is missing, or will not run this agent so.
    """

    def __init__(
        self,
        name: str,
        config: HarborConfig,
        tasks: Mapping[str, HarborTask],
        places: Places,
        *,
        model: HarborModel | None = None,
        pilot: Operator | None = None,
        n_concurrent: int = 4,
    ) -> None:
        if name == TERMINUS_1 and (pilot is None or model is None):
            raise UsageError("harbor:terminus-1 is driven by a model: give --model provider/name")
        self._name = name
        self._tasks = tasks
        self._places = places
        self._pilot = pilot
        self._trials = Trials(name, config, model)
        self._at_once = n_concurrent
        self._retries = config.retries
        self._in_docker = config.environment == "docker"
        self._queue = self._make_queue()

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        """Make one rollout. Whatever goes wrong in it is told in its ending.

        Raises:
            ModelRefusedError: the provider will not serve this run.
            AgentError: the task is none of the suite's.
        """
        known = self._tasks.get(task.id)
        if known is None:
            raise AgentError(f"{task.id}: is not in the suite, so Harbor has no folder to run")
        rollout_id = name_rollout(task.id, iteration, index)
        folder = self._places.folder(task.id, rollout_id)
        await clear_trials(folder, self._in_docker)
        trial = folder / f"{task.id[:32]}__{uuid4().hex[:8]}"
        described = self._trials.describe(known.folder, task.suite, folder, trial.name, context)
        fault = ""
        seat = operator.set(self._pilot)
        try:
            await run_in_harbor(lambda: self._queue.submit(described))
        except Exception as error:  # noqa: BLE001  (an attempt that fails is a record)
            fault = f"{type(error).__name__}: {error}"
        finally:
            operator.reset(seat)
        self._places.seal(task.id, rollout_id, trial)
        restore_trajectory(trial)
        recorded = read_trial(trial, fault)
        rollout = recorded.to_rollout(rollout_id, task.id, folder.as_posix(), _FORMAT)
        origin = rollout.origin.model_copy(
            update={"agent": f"harbor:{self._name}", "model": self._model(recorded)}
        )
        return rollout.model_copy(update={"iteration": iteration, "origin": origin})

    def _make_queue(self) -> Any:
        """Harbor's own queue: it bounds what runs at once, and repeats what may be repeated."""
        retry = load_harbor("models.job.config").RetryConfig(max_retries=self._retries)
        retry = retry.model_copy(
            update={"exclude_exceptions": {*(retry.exclude_exceptions or ()), *_NOT_RETRIED}}
        )
        queue = load_harbor("trial.queue").TrialQueue(self._at_once, retry)
        return queue.on_verification_started(keep_trajectory)

    def _model(self, recorded: Recorded) -> str:
        return self._trials.agent.model_name or recorded.model


def read_trial(folder: Path, fault: str = "") -> Recorded:
    """What a trial left, without what its verifier said.

    Args:
        folder: the trial's; it may be missing or incomplete.
        fault: why Harbor could not even run it, "" where it could.

    Raises:
        ModelRefusedError: the provider refused, as it would refuse every trial.
    """
    trial: dict[str, Any] = {}
    try:
        trial = harbor.load_trial(folder)
        recorded = next(harbor.read(trial))
    except InputError as error:
        recorded = _crashed(f"its trajectory cannot be read: {error}")
    told = trial.get("exception_info") or {}
    kind = str(told.get("exception_type", "")) or fault.partition(":")[0]
    if kind in _REFUSALS:
        reason = one_line(str(told.get("exception_message", "")) or fault)
        raise ModelRefusedError(hide_secrets(f"{kind}: {reason}"))
    return _crashed(fault) if fault else _without_secrets(recorded)


def _crashed(reason: str) -> Recorded:
    told = hide_secrets(one_line(reason))
    return Recorded(trajectory=Trajectory(ending=Ending.CRASHED, ending_detail=told))


def _without_secrets(recorded: Recorded) -> Recorded:
    """Providers quote keys in their errors, and Harbor blacks out only those it was given."""
    told = hide_secrets(recorded.trajectory.ending_detail)
    trajectory = recorded.trajectory.model_copy(update={"ending_detail": told})
    return replace(recorded, trajectory=trajectory)
