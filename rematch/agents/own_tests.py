"""An agent whose patches are tried by the user's own tests, as evidence for selection."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable
from pathlib import Path

from rematch.agents.sandboxes import CommandResult, Sandbox
from rematch.agents.sandboxes.host import name_boxes
from rematch.agents.sandboxes.trees import copy_tree
from rematch.agents.threads import run_in_thread
from rematch.data.records import Action, Rollout, Step, Task
from rematch.data.repositories import apply_patch
from rematch.errors import InputError, SandboxError
from rematch.seams import Agent

OpenFolder = Callable[[Path], Sandbox]
"""Makes a sandbox with a copy of a folder; it is opened and closed here."""

_NOT_RUN = 1
"""The exit code of tests that could not be run."""


class OwnTestsAgent:
    """Has the tests run on a fresh copy with each attempt's patch (seams.Agent).

    What came out stands in the rollout, and for summaries as a last step of its trajectory.

    Args:
        agent: makes the attempts.
        source: what they start from.
        test: a shell command.
        make_sandbox: for the tests, which run what the attempt wrote.
    """

    def __init__(self, agent: Agent, source: Path, test: str, make_sandbox: OpenFolder) -> None:
        self._agent = agent
        self._source = source
        self._test = test
        self._make_sandbox = make_sandbox
        self._turn = asyncio.Lock()
        self._before: CommandResult | None = None

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        """Make an attempt and try its patch; without a patch there is nothing to try."""
        rollout = await self._agent.attempt(task, context=context, iteration=iteration, index=index)
        if not (rollout.patch and rollout.patch.strip()):
            return rollout
        before = await self._try_before()
        after = await self._try(rollout.patch)
        tried = Action(command=self._test, output=after.output, exit_code=after.returncode)
        message = (
            "After the attempt, the user's own test command was run on a fresh copy with its patch "
            f"(without any patch its exit code is {before.returncode}):"
        )
        steps = rollout.trajectory.steps
        step = Step(number=len(steps) + 1, message=message, actions=(tried,))
        trajectory = rollout.trajectory.model_copy(update={"steps": (*steps, step)})
        return rollout.model_copy(update={"trajectory": trajectory, "own_tests": tried})

    async def _try_before(self) -> CommandResult:
        """What the tests say without any patch; run once."""
        async with self._turn:
            if self._before is None:
                self._before = await self._try("")
            return self._before

    async def _try(self, patch: str) -> CommandResult:
        with tempfile.TemporaryDirectory(prefix=name_boxes()) as folder:
            work = Path(folder) / "work"
            sandbox = self._make_sandbox(work)
            running = run_in_thread(lambda: self._run(sandbox, work, patch), name="tests")
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                sandbox.cancel()
                await asyncio.wait([running])
                raise

    def _run(self, sandbox: Sandbox, work: Path, patch: str) -> CommandResult:
        try:
            copy_tree(self._source, work)
            if patch:
                apply_patch(work, patch)
            with sandbox:
                return sandbox.execute(self._test)
        except InputError as error:
            return CommandResult(str(error), _NOT_RUN)
        except SandboxError as error:
            return CommandResult(f"the tests could not be run: {error}", _NOT_RUN)
