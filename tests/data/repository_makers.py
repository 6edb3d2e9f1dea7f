"""Small git repositories that the tests make, and a hash of all that is in one."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

IDENTITY = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")


def git(folder: Path, *arguments: str) -> str:
    """What git says, of the tests' own repositories."""
    done = subprocess.run(
        ["git", "-C", str(folder), *IDENTITY, "-c", "protocol.file.allow=always", *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def make_repository(folder: Path, **files: str) -> Path:
    """A repository with one commit; files are named with `__` for the dot."""
    folder.mkdir(parents=True)
    git(folder, "init", "-q", "-b", "trunk")
    write(folder, **(files or {"a__txt": "one\ntwo\n"}))
    commit(folder, "first")
    return folder


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text)


def commit(folder: Path, message: str) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def hash_tree(folder: Path) -> dict[str, str]:
    """Every file below a folder, .git included: its mode, time of writing and content."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            content = str(path.readlink()).encode()
        else:
            content = path.read_bytes() if path.is_file() else b""
        told = f"{status.st_mode} {status.st_mtime_ns} {hashlib.sha256(content).hexdigest()}"
        found[str(path.relative_to(folder))] = told
    return found
