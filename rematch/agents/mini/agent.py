"""The agent adapter: the real mini-SWE-agent loop, each rollout in a sandbox of its own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from rematch.agents.mini.attempt import Attempt, Job
from rematch.agents.mini.config import MiniConfig, MiniModelConfig
from rematch.agents.mini.models import build_model
from rematch.agents.sandboxes import Sandbox
from rematch.agents.threads import run_in_thread
from rematch.data.records import Rollout, Task
from rematch.errors import SandboxError
from rematch.seams import Allowance, allowance
from rematch.seeds import derive_seed

_CANCEL_SECONDS = 2.0

MakeSandbox = Callable[[Task], Sandbox]
"""Makes a task's sandbox; the agent opens and closes it."""
ModelFactory = Callable[[Task, int], Any]
"""Makes a mini-SWE-agent Model for one rollout of the task, with this seed."""


class MiniAgent:
    """Makes rollouts with mini-SWE-agent's DefaultAgent and its own prompts. An `Agent`.

    Args:
        config: prompts and limits.
        make_sandbox: makes a fresh sandbox for a task.
        model: the model that LiteLLM calls.
        model_factory: makes any other Model instead; its calls cost nothing.
        seed: the run's; each rollout's own follows from it, its task, iteration and index.
        name: the agent's name in a rollout's origin.
        trajectories: folder for mini-SWE-agent's own trajectory files; None writes none.
    """

    def __init__(
        self,
        config: MiniConfig,
        make_sandbox: MakeSandbox,
        *,
        model: MiniModelConfig | None = None,
        model_factory: ModelFactory | None = None,
        seed: int = 0,
        name: str = "mini-swe-agent",
        trajectories: Path | None = None,
    ) -> None:
        if (model is None) == (model_factory is None):
            raise ValueError("give either model or model_factory")
        self._config = config
        self._make_sandbox = make_sandbox
        self._model = model
        self._model_factory = model_factory
        self._seed = seed
        self._name = name
        self._trajectories = trajectories

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        """Make one rollout. Whatever goes wrong in it is told in its ending.

        Args:
            task: what to do.
            context: what earlier attempts found, framed (`signatures.frame`), or "".
            iteration: of refinement, from 0.
            index: of the rollout in its iteration, from 0.

        Raises:
            UsageError: the configuration cannot be used.
            AgentError: mini-SWE-agent cannot be imported.
            ModelRefusedError: the provider will not serve this run.
        """
        seed = derive_seed(self._seed, "rollout", task.id, iteration, index)
        attempt = Attempt(
            job=Job(task, context, iteration, index, seed),
            config=self._config,
            sandbox=self._make_sandbox(task),
            make_model=partial(self._build_model, allowance.get()),
            is_priced=self._model is not None,
            name=self._name,
            trajectories=self._trajectories,
        )
        running = run_in_thread(attempt.run, name=attempt.job.id)
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            await _stop(attempt, running)
            raise

    def _build_model(
        self, share: Allowance | None, task: Task, templates: dict[str, Any], seed: int
    ) -> Any:
        if self._model_factory is not None:
            return self._model_factory(task, seed)
        assert self._model is not None
        return build_model(self._model, templates, seed, share)


async def _stop(attempt: Attempt, running: asyncio.Future[Rollout]) -> None:
    """Stop an attempt. A command ends at once; a model call is not waited for any longer."""
    attempt.cancel()
    running.add_done_callback(lambda done: done.cancelled() or done.exception())  # seen by nobody
    await asyncio.wait([running], timeout=_CANCEL_SECONDS)
    if not running.done():
        with contextlib.suppress(SandboxError):
            attempt.sandbox.close()
