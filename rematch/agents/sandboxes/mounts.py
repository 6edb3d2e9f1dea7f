"""What a bubblewrap sandbox sees of this machine: a list of what is allowed, never `/`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

_LINKED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_ETC = ("alternatives", "ld.so.cache")


def list_mounts(read: Iterable[Path], hidden: Iterable[Path]) -> list[str]:
    """The bwrap arguments for what can be read: /usr, this Python, and `read`.

    Args:
        read: further folders of this machine, at their own paths.
        hidden: folders that stay out of sight though they lie in one that can be read.
    """
    extra = [path.resolve() for path in (Path(sys.base_prefix), *read)]
    extra = [path for path in extra if not path.is_relative_to("/usr")]
    return [
        *_list_system(),
        *(argument for path in extra for argument in _bind(path)),
        *_hide([Path("/usr"), *extra], [*hidden, *find_package()]),
    ]


def list_programs() -> str:
    """The PATH inside: this Python first, so that tasks run on the version that runs us."""
    return f"{Path(sys.base_prefix).resolve() / 'bin'}:/usr/local/bin:/usr/bin:/bin"


def find_package() -> list[Path]:
    """Where Rematch itself stands: the tasks' hidden tests and solutions are in there."""
    modules = (importlib.import_module(name) for name in ("rematch", "rematch.data"))
    return [Path(folder).resolve() for module in modules for folder in module.__path__]


def _list_system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in _LINKED:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    yield from ("--perms", "0755", "--dir", "/etc")
    for name in _ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def _bind(path: Path) -> Iterator[str]:
    for parent in reversed(path.parents[:-1]):  # bwrap would make them for itself alone
        yield from ("--perms", "0755", "--dir", str(parent))
    yield from ("--ro-bind", str(path), str(path))


def _hide(mounted: list[Path], hidden: Iterable[Path]) -> Iterator[str]:
    for path in sorted({path.resolve() for path in hidden}):
        if path.is_dir() and any(path.is_relative_to(mount) for mount in mounted):
            yield from ("--perms", "0000", "--tmpfs", str(path), "--remount-ro", str(path))
