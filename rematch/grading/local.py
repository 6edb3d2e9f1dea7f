"""Grades rollouts of Harbor-format tasks on this machine by their hidden tests.

Called after selection only. The rollout's patch goes onto a fresh copy of the task's environment
and the task's own tests/test.sh runs in a sandbox, since it runs what the rollout wrote.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from rematch.data.harbor_tasks import HarborTask
from rematch.data.records import Grade, Rollout, Task
from rematch.data.suites import lay_out
from rematch.errors import GradingError, SandboxError

_REWARD = "reward.txt"
_DETAIL_CHARACTERS = 2_000
_PATCH_SECONDS = 60
_CANCEL_SECONDS = 5.0


class Outcome(Protocol):
    """What a command in a grading box gave back."""

    @property
    def output(self) -> str:
        """Standard output and error."""
        ...

    @property
    def returncode(self) -> int:
        """The exit code."""
        ...

    @property
    def timed_out(self) -> bool:
        """Whether it was stopped at its time limit."""
        ...


class GradingBox(Protocol):
    """A sandbox over a folder that holds app/ (patched) and tests/; commands start there."""

    def execute(self, command: str, timeout: float | None = None) -> Outcome:
        """Run a bash command; `timeout` in seconds."""
        ...

    def cancel(self) -> None:
        """Stop the command under way, and let no other begin. Called from another thread."""
        ...


OpenBox = Callable[[Path, float], AbstractContextManager[GradingBox]]
"""(folder, seconds that a command may take) to a grading box."""


class LocalGrader:
    """Grades on this machine (seams.Grader).

    Args:
        tasks: the suite's tasks by id.
        open_box: opens a sandbox over the patched environment and the hidden tests.
        workers: how many gradings run at once.
    """

    def __init__(
        self, tasks: Mapping[str, HarborTask], open_box: OpenBox, workers: int = 2
    ) -> None:
        self._tasks = tasks
        self._open_box = open_box
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="grading")

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        """Grade one rollout.

        Raises:
            GradingError: the task is not one of the suite's.
        """
        known = self._tasks.get(task.id)
        if known is None:
            raise GradingError(f"{task.id}: is not in the suite, so there are no tests to run")
        loop = asyncio.get_running_loop()
        brake = _Brake()
        working = loop.run_in_executor(self._pool, self._grade, known, rollout, brake)
        try:
            return await asyncio.shield(working)
        except asyncio.CancelledError:
            working.cancel()
            brake.pull()
            await asyncio.wait([working], timeout=_CANCEL_SECONDS)
            working.cancelled() or working.exception()  # seen by nobody
            raise

    def _grade(self, known: HarborTask, rollout: Rollout, brake: _Brake) -> Grade:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="rematch-grade-") as name:
            box = Path(name)
            try:
                lay_out(known, box / "app")
                fault = apply_patch(rollout.patch or "", box / "app")
                if fault:
                    return _refuse(rollout, "patch-failed", fault, began)
                shutil.copytree(known.sealed.folder, box / "tests")
                return self._run_tests(box, known.sealed.timeout, rollout, began, brake)
            except (SandboxError, OSError) as error:
                return _refuse(rollout, "sandbox-failed", str(error), began)

    def _run_tests(
        self, folder: Path, seconds: float, rollout: Rollout, began: float, brake: _Brake
    ) -> Grade:
        with self._open_box(folder, seconds) as box, brake.on(box):
            # $PWD, not a path of ours: only the box knows where its folder stands.
            places = "APP_DIR=$PWD/app TESTS_DIR=$PWD/tests VERIFIER_DIR=$PWD/verifier"
            tests = box.execute(f"{places} bash tests/test.sh", seconds)
            if tests.timed_out:
                return _refuse(rollout, "timeout", f"no end after {seconds:g} s", began)
            told = box.execute(f"cat verifier/{_REWARD}")
        try:
            reward = float(told.output.strip())
        except ValueError:
            return _refuse(rollout, "no-reward", tests.output, began)
        if not 0 <= reward <= 1:
            return _refuse(rollout, "no-reward", f"reward {reward} is not in 0..1", began)
        return Grade(
            task_id=rollout.task_id,
            rollout_id=rollout.id,
            reward=reward,
            detail="" if reward == 1 else tests.output[-_DETAIL_CHARACTERS:],
            seconds=time.monotonic() - began,
        )


class _Brake:
    """Ends one grading from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pulled = False
        self._box: GradingBox | None = None

    @contextlib.contextmanager
    def on(self, box: GradingBox) -> Iterator[None]:
        """The box whose command is to be stopped."""
        with self._lock:
            self._box = box
            if self._pulled:
                box.cancel()
        yield

    def pull(self) -> None:
        """End it at once."""
        with self._lock:
            self._pulled = True
            if self._box is not None:
                self._box.cancel()


def apply_patch(patch: str, folder: Path) -> str:
    """Apply a git patch to a folder; what is wrong with it, "" when it applied.

    git refuses paths that leave the folder, by name or through a link. An empty patch applies.

    Raises:
        GradingError: there is no git.
    """
    if not patch.strip():
        return ""
    quiet = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CEILING_DIRECTORIES": str(folder.parent),
    }
    whole = patch if patch.endswith("\n") else f"{patch}\n"  # many tools strip what they hand on
    try:
        done = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", "-"],
            input=whole.encode(),
            cwd=folder,
            env=quiet,
            capture_output=True,
            timeout=_PATCH_SECONDS,
            start_new_session=True,  # a Ctrl-C is for us
        )
    except subprocess.TimeoutExpired:
        return f"git apply did not end in {_PATCH_SECONDS} s"
    except FileNotFoundError as error:
        raise GradingError("git is not on PATH; patches are applied by it") from error
    if done.returncode == 0:
        return ""
    return done.stderr.decode(errors="replace").strip()[-_DETAIL_CHARACTERS:] or "git apply failed"


def _refuse(rollout: Rollout, status: str, detail: str, began: float) -> Grade:
    return Grade(
        task_id=rollout.task_id,
        rollout_id=rollout.id,
        reward=0,
        status=status,
        detail=detail[-_DETAIL_CHARACTERS:],
        seconds=time.monotonic() - began,
    )
