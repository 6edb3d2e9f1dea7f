"""Folders as tar archives, into a container and out of it. Nothing in an archive is believed."""

from __future__ import annotations

import tarfile
from collections.abc import Iterable
from io import RawIOBase
from pathlib import Path
from typing import IO, BinaryIO, cast

from rematch.agents.sandboxes.patches import is_by_product
from rematch.agents.sandboxes.trees import (
    MAX_DEPTH,
    MAX_ENTRIES,
    Entry,
    Tree,
    iterate_chunks,
    show_path,
)
from rematch.errors import SandboxError


def pack_tree(tree: Tree, top: str, file: IO[bytes]) -> None:
    """Write a tree as a tar archive whose members stand below the folder `top`, owned by root."""
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for folder in ("", *tree.folders):
            member = tarfile.TarInfo(f"{top}/{folder}".rstrip("/"))
            member.type, member.mode = tarfile.DIRTYPE, 0o755
            archive.addfile(member)
        for path, entry in tree.entries.items():
            member = tarfile.TarInfo(f"{top}/{path}")
            if entry.target is not None:
                member.type, member.linkname = tarfile.SYMTYPE, entry.target
                archive.addfile(member)
                continue
            member.size, member.mode = entry.size, 0o755 if entry.executable else 0o644
            with tree.open(path) as content:
                archive.addfile(member, content)


def unpack_tree(chunks: Iterable[bytes], target: Path, max_bytes: int) -> Tree:
    """Read an archive of one folder into `target`, which is empty.

    Only the contents of regular files are written, under folders that we make: symlinks are
    noted in the tree and never made, a name that leads elsewhere is refused, a hard link must
    name a file read before. By-products (`is_by_product`) are passed over.

    Args:
        chunks: the archive, as it comes.
        target: where to write.
        max_bytes: of file contents, beyond which reading ends.

    Raises:
        SandboxError: it is no archive of a folder, or larger than allowed.
    """
    tree = Tree(target)
    stream = cast(BinaryIO, _Stream(chunks))
    room = max_bytes
    try:
        with tarfile.open(fileobj=stream, mode="r|") as archive:
            for number, member in enumerate(archive):
                room -= member.size
                if room < 0 or number > MAX_ENTRIES:
                    raise SandboxError(
                        f"the work folder holds more than {max_bytes / 1e6:.0f} MB or "
                        f"{MAX_ENTRIES} files: it is not read"
                    )
                if number == 0 and not member.isdir():
                    raise SandboxError("the work folder is no folder any more")
                if number > 0:
                    _unpack(tree, archive, member)
    except (tarfile.TarError, OSError) as error:
        raise SandboxError(f"cannot read the work folder's archive: {error}") from error
    return tree


def _unpack(tree: Tree, archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
    names = member.name.rstrip("/").split("/")[1:]
    path = "/".join(names)
    if any(map(is_by_product, names)):
        return
    shown = show_path(path)
    if not names or any(name in ("", ".", "..") for name in names):
        tree.left_out.append(f"{show_path(member.name)} (its name leads out of the work folder)")
    elif len(names) > MAX_DEPTH:
        tree.left_out.append(f"{shown} (folders nested too deeply)")
    elif path in tree.entries:
        tree.left_out.append(f"{shown} (named twice)")
    elif member.isdir():
        tree.folders.append(path)
    elif member.issym():
        tree.entries[path] = Entry(target=member.linkname)
    elif member.isreg():
        content = archive.extractfile(member)
        assert content is not None
        _write(tree, path, member, iterate_chunks(cast(BinaryIO, content)))
    elif member.islnk():
        _unpack_hard_link(tree, path, member)
    else:
        tree.left_out.append(f"{shown} (no file, folder or symlink)")


def _unpack_hard_link(tree: Tree, path: str, member: tarfile.TarInfo) -> None:
    original = "/".join(member.linkname.split("/")[1:])
    entry = tree.entries.get(original)
    if entry is None or entry.target is not None:
        tree.left_out.append(f"{show_path(path)} (a hard link out of the work folder)")
        return
    with tree.open(original) as content:
        _write(tree, path, member, iterate_chunks(content))


def _write(tree: Tree, path: str, member: tarfile.TarInfo, chunks: Iterable[bytes]) -> None:
    place = tree.root / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as file:
        size = sum(file.write(chunk) for chunk in chunks)
    tree.entries[path] = Entry(executable=bool(member.mode & 0o100), size=size)


class _Stream(RawIOBase):
    """Chunks as a file that tarfile can read on and on."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size
