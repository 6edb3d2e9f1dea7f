"""What a bubblewrap sandbox sees of this machine: a list of what is allowed, never `/`."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from rematch.errors import UsageError

_LINKED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_OWN = ("/app", "/dev", "/etc", "/proc", "/tmp")
_ETC = ("alternatives", "ld.so.cache")


def list_mounts(read: Iterable[Path], hidden: Iterable[Path]) -> list[str]:
    """The bwrap arguments for what can be read: /usr, this Python, and `read`.

    Args:
        read: further folders of this machine, at their own paths.
        hidden: folders that stay out of sight though they lie in one that can be read.

    Raises:
        UsageError: a folder cannot be shown.
    """
    asked = [path.resolve() for path in read]
    for path in asked:
        if _is_covered(path) or not path.is_dir():
            raise UsageError(f"a bwrap sandbox cannot show {path}: name a folder outside of /tmp")
    extra = [path for path in (Path(sys.base_prefix).resolve(), *asked) if not _is_covered(path)]
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
    """Where Rematch itself stands, with its tasks' hidden tests; in a checkout, all of that."""
    modules = (importlib.import_module(name) for name in ("rematch", "rematch.data"))
    folders = [Path(folder).resolve() for module in modules for folder in module.__path__]
    return [f.parent if (f.parent / "pyproject.toml").exists() else f for f in folders]


def _is_covered(path: Path) -> bool:
    """Whether a path is the sandbox's own inside.

    Mounting below a folder that commands can write is never safe: they may have put a symlink
    in the mount's way.
    """
    return any(path.is_relative_to(place) for place in _OWN) or path == Path("/")


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
