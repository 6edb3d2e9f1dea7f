"""Folders that a rollout may have written, read without trusting them.

A walk never follows a symlink: each folder is opened by its name below an open parent, and a
file is opened only as the regular file that it was seen to be. Pipes, sockets and devices are
named, never opened.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from rematch.errors import SandboxError

MAX_DEPTH = 100
"""Folders below each other; what lies deeper is left out."""
MAX_ENTRIES = 500_000

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Entry:
    """A file (`target` None) or a symlink (`target` is where it points). Size in bytes."""

    executable: bool = False
    size: int = 0
    target: str | None = None


@dataclass
class Tree:
    """What a folder holds: entries by their path below `root`, with "/" between the names.

    `folders` are paths too; `left_out` says what could not be taken in, one phrase each.
    """

    root: Path
    entries: dict[str, Entry] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def open(self, path: str) -> BinaryIO:
        """Open one of the files, through real folders only.

        Raises:
            OSError: it is no regular file any more, or cannot be read.
        """
        *folders, name = path.split("/")
        with contextlib.ExitStack() as stack:
            parent = os.open(self.root, _FOLDER)
            stack.callback(os.close, parent)
            for folder in folders:
                parent = os.open(folder, _FOLDER, dir_fd=parent)
                stack.callback(os.close, parent)
            file = os.open(name, _FILE, dir_fd=parent)
        if not stat.S_ISREG(os.fstat(file).st_mode):
            os.close(file)
            raise OSError(f"{path} is no regular file any more")
        return os.fdopen(file, "rb")


def scan_tree(root: Path, skip: Callable[[str], bool] = lambda name: False) -> Tree:
    """List what a folder holds.

    Args:
        root: the folder; itself no symlink.
        skip: whether to leave out whatever has this name, with all below it.

    Raises:
        SandboxError: it cannot be read, or holds more than MAX_ENTRIES.
    """
    tree = Tree(root)
    try:
        top = os.open(root, _FOLDER)
    except OSError as error:
        raise SandboxError(f"cannot read folder {root}: {error.strerror}") from error
    try:
        _scan(tree, top, "", skip, 0)
    finally:
        os.close(top)
    return tree


def _scan(tree: Tree, folder: int, prefix: str, skip: Callable[[str], bool], depth: int) -> None:
    with os.scandir(folder) as found:
        names = sorted(entry.name for entry in found)
    for name in names:
        if skip(name):
            continue
        path = prefix + name
        if len(tree.entries) + len(tree.folders) >= MAX_ENTRIES:
            raise SandboxError(f"{tree.root} holds more than {MAX_ENTRIES} files")
        try:
            _take(tree, folder, name, path, skip, depth)
        except OSError as error:
            tree.left_out.append(f"{show_path(path)} ({error.strerror})")


def _take(
    tree: Tree, folder: int, name: str, path: str, skip: Callable[[str], bool], depth: int
) -> None:
    status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if stat.S_ISDIR(status.st_mode):
        if depth >= MAX_DEPTH:
            tree.left_out.append(f"{show_path(path)} (folders nested too deeply)")
            return
        below = os.open(name, _FOLDER, dir_fd=folder)
        try:
            tree.folders.append(path)
            _scan(tree, below, f"{path}/", skip, depth + 1)
        finally:
            os.close(below)
    elif stat.S_ISREG(status.st_mode):
        executable = bool(status.st_mode & stat.S_IXUSR)
        tree.entries[path] = Entry(executable=executable, size=status.st_size)
    elif stat.S_ISLNK(status.st_mode):
        tree.entries[path] = Entry(target=os.readlink(name, dir_fd=folder))
    else:
        tree.left_out.append(f"{show_path(path)} (no file, folder or symlink)")


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder: files with their executable bit, symlinks as symlinks.

    Raises:
        SandboxError: something in it cannot be copied.
    """
    tree = scan_tree(source)
    if tree.left_out:
        raise SandboxError(f"cannot copy {source}: {tree.left_out[0]}")
    try:
        target.mkdir(exist_ok=True)
        for folder in tree.folders:
            (target / folder).mkdir()
        for path, entry in tree.entries.items():
            if entry.target is not None:
                (target / path).symlink_to(entry.target)
                continue
            with tree.open(path) as old, (target / path).open("xb") as new:
                shutil.copyfileobj(old, new, 1 << 20)
            (target / path).chmod(0o755 if entry.executable else 0o644)
    except OSError as error:
        raise SandboxError(f"cannot copy {source}: {error}") from error


def remove_tree(folder: Path) -> None:
    """Remove a folder, however deep it goes and whatever modes its owner gave it."""
    remove = ["rm", "-rf", "--", str(folder)]  # shutil.rmtree recurses, and fails at depth 1000
    if _run(remove) != 0:
        _run(["chmod", "-R", "u+rwX", "--", str(folder)])
        _run(remove)


def _run(command: list[str]) -> int:
    # A session of its own: a Ctrl-C is for us.
    return subprocess.run(command, capture_output=True, start_new_session=True).returncode


def show_path(path: str) -> str:
    """A rollout's path for people: on one line, short, and text whatever its bytes are."""
    text = " ".join(os.fsencode(path).decode("utf-8", "replace").split())
    return text if len(text) <= 80 else f"{text[:40]}...{text[-37:]}"


def iterate_chunks(file: BinaryIO, size: int = 1 << 18) -> Iterator[bytes]:
    """The rest of a file in pieces."""
    while chunk := file.read(size):
        yield chunk
