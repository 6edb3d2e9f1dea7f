"""A repository of the user's own: read, cloned at HEAD, and patched on request only.

Nothing here writes into it but `apply_patch`: git is told to leave its index and caches alone.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rematch.data.records import Task
from rematch.errors import InputError

OWN = "repository:"
"""How the source of such a run begins: it is not a suite that could be loaded again."""

_QUIET = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "core.logAllRefUpdates=false")
_FOREIGN = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_PREFIX")
_UNCONFIGURED = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
_SECONDS = 600


@dataclass(frozen=True)
class RepositoryTask:
    """An issue of a repository.

    Attributes:
        task: what an agent is told.
        path: the top of the work tree.
        head: the commit that attempts start from.
        issue: the file that tells of it; where it is new in the work tree, it is no change.
        test: the user's own test command, or "".
    """

    task: Task
    path: Path
    head: str
    issue: Path
    test: str = ""

    def list_changes(self) -> list[str]:
        """Files of the work tree that differ from HEAD, new ones included, ignored ones not.

        Raises:
            InputError: git cannot tell.
        """
        told = _ask(self.path, "status", "--porcelain", "--no-renames", "-z", "-uall").split("\0")
        issue = self.issue.resolve()
        return [
            line[3:]
            for line in told
            if line and not (line.startswith("??") and (self.path / line[3:]).resolve() == issue)
        ]


def read_repository(path: Path, issue: Path, test: str = "") -> RepositoryTask:
    """The task of solving an issue of a repository.

    Args:
        path: a folder in its work tree.
        issue: a text file.
        test: a shell command that runs the user's own tests.

    Raises:
        InputError: the issue cannot be read, or there is no work tree with a commit.
    """
    try:
        problem = issue.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is no UTF-8 text"
        raise InputError(f"--issue {issue}: cannot be read ({reason})") from error
    if not problem:
        raise InputError(f"--issue {issue}: is empty; write down what is wrong")
    try:
        top = Path(_ask(path, "rev-parse", "--show-toplevel"))
    except InputError as error:
        raise InputError(f"--repo: {error}; give a folder in a git work tree") from error
    try:
        head = _ask(top, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    except InputError as error:
        raise InputError(f"--repo {path}: has no commit; attempts start from one") from error
    if test:
        problem += f"\n\nThe repository's tests are run by `{test}`."
    asked = hashlib.sha256(f"{head}\n{problem}".encode()).hexdigest()[:8]
    name = f"{top.name or 'repository'}-{asked}"
    return RepositoryTask(Task(id=name, problem=problem, suite=name), top, head, issue, test)


def clone_head(known: RepositoryTask, target: Path) -> None:
    """Make a clone of HEAD and what it comes from, without any way back.

    The user's settings of git do not hold in it: no filter fetches or decrypts anything, so files
    of LFS are pointers.

    Args:
        known: the repository.
        target: a folder, made anew.

    Raises:
        InputError: git cannot clone it.
    """
    target.mkdir(parents=True)
    source = str(known.path)
    kind = _ask(known.path, "rev-parse", "--show-object-format")
    _ask(target, "init", "-q", "--template=", "--initial-branch=main", f"--object-format={kind}")
    # A partial clone lacks files of older commits, and fetching them would write into it.
    settings = _ask(known.path, "config", "--list", "--name-only").splitlines()
    is_partial = any(name.endswith((".promisor", ".partialclone")) for name in settings)
    extent = ("--depth", "1") if is_partial else ("--update-shallow",)
    # No hard links: a rollout could write through them.
    _ask(target, "fetch", "-q", "--no-tags", "--no-auto-gc", *extent, source, known.head)
    (target / ".git" / "FETCH_HEAD").unlink()  # it names the user's folder
    _ask(target, "checkout", "-q", "-B", "main", known.head, variables=_UNCONFIGURED)


def check_clean(known: RepositoryTask) -> None:
    """Make sure that a patch of this task can be applied without mixing with other changes.

    Raises:
        InputError: the work tree has changes, or HEAD has moved.
    """
    changes = known.list_changes()
    if changes:
        more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
        raise InputError(
            f"--apply: {known.path} has uncommitted changes ({changes[0]}{more}): "
            "commit or stash them, or leave out --apply"
        )
    head = _ask(known.path, "rev-parse", "HEAD")
    if head != known.head:
        raise InputError(f"--apply: HEAD of {known.path} has moved to {head[:12]} meanwhile")


def apply_patch(folder: Path, patch: str) -> None:
    """Apply a patch to a work tree, whole or not at all; nothing is staged or committed.

    Git itself refuses paths out of the work tree, into .git and through symlinks.

    Raises:
        InputError: it does not apply.
    """
    whole = patch if patch.endswith("\n") else f"{patch}\n"
    try:
        _ask(folder, "apply", "--whitespace=nowarn", "-", given=whole)
    except InputError as error:
        raise InputError(f"the patch does not apply: {error}") from error


def _ask(
    path: Path, *arguments: str, given: str | None = None, variables: dict[str, str] | None = None
) -> str:
    """What git says in a folder.

    Raises:
        InputError: git fails, or is missing.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _FOREIGN}
    quiet = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0"}
    settings = [word for setting in _QUIET for word in ("-c", setting)]
    try:
        done = subprocess.run(
            ["git", *settings, "-C", str(path), *arguments],
            input=os.fsencode(given) if given is not None else None,
            capture_output=True,
            env={**kept, **quiet, "LC_ALL": "C", **(variables or {})},
            timeout=_SECONDS,
            start_new_session=True,  # a terminal's Ctrl-C does not reach it half way
        )
    except FileNotFoundError as error:
        raise InputError("git is missing: install it") from error
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{path}: git {arguments[0]} took more than {_SECONDS} s") from error
    if done.returncode != 0:
        said = os.fsdecode(done.stderr).strip().splitlines() or ["no reason given"]
        raise InputError(f"{path}: git {arguments[0]} failed ({said[0]})")
    return os.fsdecode(done.stdout).removesuffix("\n")
