"""The patch between two folders, written by git from bytes that we hand it.

Git never sees the folders: the changed files go through `git fast-import` into a bare repository
of our own, so no .git/config, hook, attribute, filter or external diff of a rollout is ever read.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import tempfile
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from rematch.agents.sandboxes.git import find_ignored, make_repository, run_git
from rematch.agents.sandboxes.trees import Entry, Tree, iterate_chunks, show_path
from rematch.errors import SandboxError

MAX_FILE_BYTES = 4 << 20
"""A changed file larger than this is left out of a patch."""
MAX_CHANGES = 5000
"""Changed files beyond this number are left out."""
MAX_TOTAL_BYTES = 32 << 20

_BY_PRODUCTS = frozenset(
    (
        ".git",
        "__pycache__",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".hypothesis",
    )
)

Change = tuple[str, Entry | None, Entry | None]
"""A path with what was there and what is there."""


@dataclass(frozen=True)
class Patch:
    """A git patch, "" where nothing changed, and what could not be put into it."""

    text: str = ""
    left_out: tuple[str, ...] = ()


def is_by_product(name: str) -> bool:
    """Whether a name is never part of a patch: git's own folder and what test runs leave."""
    return name.lower() in _BY_PRODUCTS or name.endswith((".pyc", ".pyo"))


def make_patch(before: Tree, after: Tree, tracked: Collection[str] | None = None) -> Patch:
    """The patch that turns one folder into the other.

    Text changes are unified diffs; files that are no UTF-8 are binary patches, which `git apply`
    takes. As in `git add --all; git diff --cached`, files that the .gitignore files of `before`
    name and that are not tracked are no part of it.

    Args:
        before: scanned with `is_by_product` skipped, as `after` is.
        after: the state now.
        tracked: the paths that git knows; None: all of `before`.

    Raises:
        SandboxError: a file cannot be read, or git is missing or fails.
    """
    left_out = list(after.left_out)
    known = before.entries.keys() if tracked is None else tracked
    found = list(_list_changes(before, after))
    ignored = find_ignored(before, (path for path, _, _ in found if path not in known))
    changes = _select((change for change in found if change[0] not in ignored), left_out)
    if not changes:
        return Patch(left_out=tuple(left_out))
    text, binary = _Side(), _Side()
    for change in changes:
        contents = [
            _content(tree, change[0], entry) for tree, entry in _sides(change, before, after)
        ]
        side = text if all(map(_is_utf8, contents)) else binary
        side.add(change, *contents)
    parts = [side.diff(binary=side is binary) for side in (text, binary) if side.paths]
    return Patch("".join(parts), tuple(left_out))


def _list_changes(before: Tree, after: Tree) -> Iterable[Change]:
    for path in sorted(before.entries.keys() | after.entries.keys()):
        old, new = before.entries.get(path), after.entries.get(path)
        if old != new or _differ(before, after, path, old):
            yield path, old, new


def _differ(before: Tree, after: Tree, path: str, entry: Entry | None) -> bool:
    if entry is None or entry.target is not None:
        return False
    return _digest(before, path) != _digest(after, path)


def _digest(tree: Tree, path: str) -> bytes:
    digest = hashlib.sha256()
    try:
        with tree.open(path) as file:
            for chunk in iterate_chunks(file):
                digest.update(chunk)
    except OSError as error:
        raise SandboxError(f"cannot read {show_path(path)}: {error.strerror or error}") from error
    return digest.digest()


def _select(changes: Iterable[Change], left_out: list[str]) -> list[Change]:
    """The changes that a patch can hold."""
    chosen: list[Change] = []
    total = 0
    for change in changes:
        path, old, new = change
        size = sum(entry.size for entry in (old, new) if entry)
        total += size
        if new and new.target is not None and _leads_out(path, new.target):
            left_out.append(f"{show_path(path)} (symlink out of the work folder)")
        elif size > MAX_FILE_BYTES:
            left_out.append(f"{show_path(path)} ({size / 1e6:.1f} MB)")
        elif total > MAX_TOTAL_BYTES or len(chosen) >= MAX_CHANGES:
            left_out.append("the rest: too many changes for a patch")
            break
        else:
            chosen.append(change)
    return chosen


def _leads_out(path: str, target: str) -> bool:
    joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
    inside_git = any(is_by_product(part) for part in joined.split("/"))
    return joined.startswith(("/", "../")) or joined == ".." or inside_git


def _sides(change: Change, before: Tree, after: Tree) -> tuple[tuple[Tree, Entry | None], ...]:
    return (before, change[1]), (after, change[2])


def _content(tree: Tree, path: str, entry: Entry | None) -> bytes:
    if entry is None:
        return b""
    if entry.target is not None:
        return os.fsencode(entry.target)
    try:
        with tree.open(path) as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise SandboxError(f"cannot read {show_path(path)}: {error.strerror or error}") from error


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


class _Side:
    """Two commits of a bare repository in the making: before and after."""

    def __init__(self) -> None:
        self.paths = 0
        self._blobs: list[bytes] = []
        self._commits: tuple[list[bytes], list[bytes]] = ([], [])

    def add(self, change: Change, *contents: bytes) -> None:
        """Put in a changed file, or a file that was not or is no more there."""
        path, *entries = change
        self.paths += 1
        for entry, content, commit in zip(entries, contents, self._commits, strict=True):
            if entry is None:
                continue
            mark = len(self._blobs) + 1
            self._blobs.append(b"blob\nmark :%d\ndata %d\n%s\n" % (mark, len(content), content))
            mode = b"120000" if entry.target is not None else b"100644"
            mode = b"100755" if entry.executable else mode
            commit.append(b"M %s :%d %s\n" % (mode, mark, _quote(path)))

    def diff(self, binary: bool) -> str:
        """Let git write the patch.

        Args:
            binary: whether to treat every file as binary.
        """
        with tempfile.TemporaryDirectory(prefix="rematch-diff-") as folder:
            repository = make_repository(Path(folder))
            if binary:
                repository.joinpath("info", "attributes").write_text("* -diff\n")
            run_git(repository, ["fast-import", "--quiet"], b"".join(self._stream()))
            patch = run_git(repository, [*_DIFF, "refs/heads/before", "refs/heads/after"])
            return patch.decode("utf-8", "replace")  # git may cut a hunk's title inside a letter

    def _stream(self) -> Iterable[bytes]:
        commits = zip((b"before", b"after"), self._commits, strict=True)
        heads = (
            b"commit refs/heads/%s\ncommitter r <r> 0 +0000\ndata 0\n%s\n" % (name, b"".join(lines))
            for name, lines in commits
        )
        return chain(self._blobs, heads)


_DIFF = [
    "diff-tree",
    "-p",
    "--binary",
    "--no-renames",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--src-prefix=a/",
    "--dst-prefix=b/",
]


def _quote(path: str) -> bytes:
    """The path as fast-import reads it."""
    raw = os.fsencode(path).replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n")
    return b'"%s"' % raw
