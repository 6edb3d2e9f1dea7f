"""A repository of the user's own: an issue in, a patch out; the repository itself is only read."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from rematch.agents.own_tests import OwnTestsAgent
from rematch.agents.sandboxes import SandboxChoice, choose_sandbox
from rematch.agents.sandboxes.host import name_boxes
from rematch.agents.sandboxes.images import Images
from rematch.app.agents import Hands, build_mini, name_agent, with_seconds
from rematch.app.config import Config
from rematch.app.running import describe_run
from rematch.data.repositories import (
    OWN,
    RepositoryTask,
    apply_patch,
    check_clean,
    clone_head,
    read_repository,
)
from rematch.data.suites import Suite
from rematch.errors import UsageError
from rematch.runs.folder import RunFolder, write_text
from rematch.runs.manifest import default_folder
from rematch.seams import Agent

PATCH = "pick.patch"


def load_repository(path: Path, issue: Path, test: str = "") -> Suite:
    """A repository's issue as a suite of one task.

    Raises:
        InputError: the issue cannot be read, or there is no work tree with a commit.
    """
    known = read_repository(path, issue, test)
    return Suite(known.task.id, (known,), source=f"{OWN}{known.path}")


def find_repository(suite: Suite) -> RepositoryTask:
    """The one task of such a suite."""
    (known,) = suite.tasks
    assert isinstance(known, RepositoryTask)
    return known


def place_run(config: Config, suite: Suite, output: Path | None) -> Path:
    """Where such a run is kept: never in the repository, which stays as it is.

    Raises:
        UsageError: the folder that was asked for lies in it.
    """
    if output is None:
        manifest = describe_run(config, suite, name_agent(config))
        state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return Path(state) / "rematch" / default_folder(manifest)
    if output.resolve().is_relative_to(find_repository(suite).path):
        raise UsageError(f"-o {output}: lies in the repository, which is left untouched")
    return output


def build_repository(
    config: Config, known: RepositoryTask, folder: RunFolder, tell: Callable[[str], None]
) -> Hands:
    """The agent; nobody grades it: a repository of one's own has no hidden tests.

    Args:
        config: model, sandbox and limits.
        known: the repository and its issue.
        folder: keeps what the agent leaves.
        tell: gets lines for the user.

    Raises:
        UsageError: Harbor is asked to run the agent.
        SandboxError: no sandbox works here that this agent may use.
        InputError: the repository cannot be cloned.
    """
    if config.agent.in_harbor:
        raise UsageError(f"--repo: {config.agent.name} runs tasks of Harbor's format only")
    sandbox = config.agent.sandbox
    if sandbox.kind == "docker" and "image" in sandbox.docker.model_fields_set:
        Images(tell).fetch(sandbox.docker.image)
    choice = choose_sandbox(sandbox.kind, config.models.agent is None, sandbox)
    clone = _Clone(known)
    run = folder.path.name
    agent: Agent = build_mini(config, lambda task: choice.make(clone.path, run=run), folder)
    if known.test:
        patient = with_seconds(choice, config.grading.timeout)
        agent = OwnTestsAgent(
            agent, clone.path, known.test, lambda path: patient.make(path, run=run)
        )
    return Hands(agent, None, tuple(_list_notices(known, choice, clone)))


def keep_pick(suite: Suite, folder: RunFolder) -> tuple[Path, str]:
    """Write the pick's patch into the run's folder: where it stands, and its text."""
    task = folder.task(find_repository(suite).task.id)
    pick = task.read_pick()
    rollout = task.read_rollout(pick.rollout_id) if pick else None
    patch = (rollout.patch if rollout else None) or ""
    path = folder.path / PATCH
    write_text(path, patch)
    return path, patch


def check_appliable(suite: Suite) -> None:
    """Refuse at once what `--apply` would refuse at the end.

    Raises:
        InputError: the work tree is not clean.
    """
    check_clean(find_repository(suite))


def apply_pick(suite: Suite, patch: str) -> None:
    """Apply the pick to the work tree.

    Raises:
        InputError: the work tree is not clean, HEAD has moved, or the patch does not apply.
    """
    known = find_repository(suite)
    check_clean(known)
    apply_patch(known.path, patch)


def _list_notices(known: RepositoryTask, choice: SandboxChoice, clone: _Clone) -> Iterator[str]:
    if choice.notice:
        yield choice.notice
    changes = known.list_changes()
    if changes:
        files = "1 file is" if len(changes) == 1 else f"{len(changes)} files are"
        yield (
            f"uncommitted changes of {files} left out: attempts start from HEAD ({known.head[:12]})"
        )
    if (clone.path / ".gitmodules").exists():
        yield "submodules are left out: their folders are empty in the attempts' clones"
    attributes = clone.path / ".gitattributes"
    if attributes.is_file() and "filter=lfs" in attributes.read_text(errors="replace"):
        yield "files of Git LFS are pointers in the attempts' clones"


class _Clone:
    """One clone of HEAD for the whole run; every sandbox gets a copy of its own."""

    def __init__(self, known: RepositoryTask) -> None:
        folder = Path(tempfile.mkdtemp(prefix=name_boxes()))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        self.path = folder / "work"
        with contextlib.ExitStack() as stack:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
            clone_head(known, self.path)
            stack.pop_all()
