"""The bwrap sandbox: namespaces by bubblewrap, no daemon and no image.

Inside there is no network, no process and no file of this machine but what `mounts` lists. As
root, a sandbox runs under a user id of its own that owns nothing here: the kernel exempts root
from RLIMIT_NPROC, in a user namespace too. As another user it runs in a user namespace.
"""

from __future__ import annotations

import functools
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

from rematch.agents.sandboxes.base import WORKDIR
from rematch.agents.sandboxes.commands import limit_shell
from rematch.agents.sandboxes.host import HostSandbox
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.mounts import list_mounts, list_programs

_HOME = "/tmp"
_SHARED_MEMORY_BYTES = 64 << 20
_FIRST_USER = 1_000_000_000
_USERS = 1_000_000_000


class BwrapSandbox(HostSandbox):
    """A copy of a folder in namespaces of its own.

    Args:
        source: the folder of which the rollout gets a copy, at /app.
        limits: what the rollout may use.
        read: folders of this machine that commands may read beside /usr and this Python.
        hidden: folders that they may not, though they lie in one of those.
    """

    kind: ClassVar[str] = "bwrap"

    def __init__(
        self,
        source: Path,
        limits: SandboxLimits | None = None,
        *,
        read: Iterable[Path] = (),
        hidden: Iterable[Path] = (),
    ) -> None:
        super().__init__(source, limits)
        self._user = _FIRST_USER + secrets.randbelow(_USERS) if os.geteuid() == 0 else None
        self._mounts = list_mounts(read, hidden)

    def _furnish(self) -> None:
        user = os.getuid() if self._user is None else self._user
        group = os.getgid() if self._user is None else self._user
        etc = self.box / "etc"
        for name, text in {
            "passwd": f"root:x:0:0::/root:/bin/bash\nagent:x:{user}:{group}::{_HOME}:/bin/bash\n",
            "group": f"root:x:0:\nagent:x:{group}:\n",
            "hosts": "127.0.0.1 localhost\n::1 localhost\n",
        }.items():
            (etc / name).write_text(text)
            (etc / name).chmod(0o644)
        if self._user is not None:
            for folder in (self.box / "app", self.box / "tmp"):
                _give_away(folder, self._user)

    def _environment(self) -> Mapping[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath)}  # of bwrap alone

    def _command_line(self, command: str, seconds: float) -> list[str]:
        inner = self._inner_environment(list_programs(), _HOME)
        return [
            *_isolate(self._user),
            *self._mounts,
            *_list_devices(),
            *("--bind", str(self.box / "tmp"), "/tmp"),
            *("--bind", str(self.box / "app"), WORKDIR),
            *(a for name in ("passwd", "group", "hosts") for a in self._bind_etc(name)),
            *("--remount-ro", "/", "--chdir", WORKDIR, "--clearenv"),
            *(a for name, value in inner.items() for a in ("--setenv", name, value)),
            *("--", *limit_shell(self.limits, seconds, _become(self._user)), command),
        ]

    def _bind_etc(self, name: str) -> tuple[str, ...]:
        return ("--ro-bind", str(self.box / "etc" / name), f"/etc/{name}")


def find_bwrap_fault() -> str:
    """Why bwrap cannot be used here, or "" if it can. Looked at once in a process."""
    return _find_fault(os.geteuid())


@functools.cache
def _find_fault(user: int) -> str:
    if not sys.platform.startswith("linux"):
        return "it exists on Linux only"
    if shutil.which("bwrap") is None:
        return "bubblewrap is not installed"
    if user == 0 and shutil.which("setpriv") is None:
        return "setpriv (util-linux) is not installed"
    other = None if user else _FIRST_USER
    line = [*_isolate(other), *list_mounts((), ()), *_list_devices(), "--remount-ro", "/", "--"]
    line += [*limit_shell(SandboxLimits(), 10, _become(other)), "true"]
    try:
        done = subprocess.run(line, capture_output=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"bubblewrap does not start: {error}"
    if done.returncode == 0:
        return ""
    lines = done.stderr.decode(errors="replace").strip().splitlines() or ["no reason given"]
    return f"bubblewrap is not allowed to make namespaces here ({lines[0]})"


@functools.cache
def _read_help() -> str:
    """What this bwrap can do; releases before 0.8 lack some of it."""
    return subprocess.run(["bwrap", "--help"], capture_output=True, text=True).stdout


def _isolate(user: int | None) -> Iterator[str]:
    yield from ("bwrap", "--die-with-parent", "--new-session", "--cap-drop", "ALL")
    yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts")
    yield from ("--unshare-cgroup-try", "--hostname", "sandbox")
    if user is not None:  # dropped with the user id, see _become
        yield from ("--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID")
        return
    yield "--unshare-user"
    if "--disable-userns" in _read_help():
        yield "--disable-userns"


def _become(user: int | None) -> str:
    if user is None:
        return "exec"
    return f"exec setpriv --reuid={user} --regid={user} --clear-groups"


def _list_devices() -> Iterator[str]:
    yield from ("--proc", "/proc", "--dev", "/dev")
    if "--size" in _read_help():
        yield from ("--size", str(_SHARED_MEMORY_BYTES))
    yield from ("--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev")


def _give_away(folder: Path, user: int) -> None:
    """Make a folder that we made ourselves, and all in it, a user's own."""
    os.chown(folder, user, user)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.lchown(Path(parent, name), user, user)
