"""Git on our own repositories, deaf to every configuration but theirs; what it ignores and knows.

Nothing that a rollout wrote configures it: rules and indexes come from the state before.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from rematch.agents.sandboxes.trees import Tree
from rematch.errors import SandboxError

_SECONDS = 120
_RULES = ".gitignore"


def make_repository(folder: Path, *, bare: bool = True) -> Path:
    """An empty repository of ours, below a folder."""
    repository = folder / "repository"
    for name in ("objects", "refs", "info"):
        repository.joinpath(name).mkdir(parents=True)
    repository.joinpath("HEAD").write_text("ref: refs/heads/before\n")
    repository.joinpath("config").write_text(f"[core]\n\tbare = {str(bare).lower()}\n")
    return repository


def run_git(
    repository: Path,
    arguments: list[str],
    given: bytes = b"",
    *,
    variables: Mapping[str, str] | None = None,
    accept: Collection[int] = (0,),
) -> bytes:
    """Run git in a repository of ours.

    Raises:
        SandboxError: git is missing or fails.
    """
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(repository),
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_DIR": str(repository),
        **(variables or {}),
    }
    try:
        done = subprocess.run(
            ["git", *arguments],
            input=given,
            capture_output=True,
            cwd=environment.get("GIT_WORK_TREE", repository),
            env=environment,
            timeout=_SECONDS,
            start_new_session=True,  # a Ctrl-C is for us
        )
    except FileNotFoundError as error:
        raise SandboxError("git is missing: install it, patches are written by it") from error
    except subprocess.TimeoutExpired as error:
        raise SandboxError(f"git took more than {_SECONDS} s to write a patch") from error
    if done.returncode not in accept:
        lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
        raise SandboxError(f"git could not write the patch: {lines[0]}")
    return done.stdout


def find_ignored(before: Tree, paths: Iterable[str]) -> set[str]:
    """Which of the paths git passes over by the .gitignore files of the state before.

    Raises:
        SandboxError: a file cannot be read, or git is missing or fails.
    """
    asked = list(paths)
    rules = [path for path in before.entries if path.rpartition("/")[2] == _RULES]
    if not asked or not rules:
        return set()
    with tempfile.TemporaryDirectory(prefix="rematch-diff-") as folder:
        repository = make_repository(Path(folder), bare=False)
        work = Path(folder, "work")
        for path in rules:
            if before.entries[path].target is None:
                place = work / path
                place.parent.mkdir(parents=True, exist_ok=True)
                with before.open(path) as file:
                    place.write_bytes(file.read())
        work.mkdir(exist_ok=True)
        found = run_git(
            repository,
            ["check-ignore", "--no-index", "--stdin", "-z"],
            # The dot keeps names that begin with a colon from being patterns.
            b"\0".join(b"./" + os.fsencode(path) for path in asked),
            variables={"GIT_WORK_TREE": str(work)},
            accept=(0, 1),  # 1: none of them
        )
    return {os.fsdecode(path.removeprefix(b"./")) for path in found.split(b"\0") if path}


def list_index(index: bytes) -> frozenset[str]:
    """The paths that a repository's index file names.

    Raises:
        SandboxError: git is missing, or cannot read it.
    """
    with tempfile.TemporaryDirectory(prefix="rematch-diff-") as folder:
        repository = make_repository(Path(folder))
        file = Path(folder, "index")
        file.write_bytes(index)
        found = run_git(repository, ["ls-files", "-z"], variables={"GIT_INDEX_FILE": str(file)})
    return frozenset(os.fsdecode(path) for path in found.split(b"\0") if path)
