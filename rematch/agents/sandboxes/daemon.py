"""The Docker daemon: connect to it, label what is made in it, sweep what a killed run left."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.owners import is_alive, name_machine, read_start
from rematch.errors import SandboxError

if TYPE_CHECKING:
    from docker import DockerClient

RUN = "rematch.run"
OWNER = "rematch.owner-pid"
OWNER_START = "rematch.owner-start"
MACHINE = "rematch.machine"

_API_SECONDS = 120
_LOCAL_SOCKET = "unix:///var/run/docker.sock"
_NO_DAEMON = "no Docker daemon answers"
_QUOTA_DRIVERS = ("btrfs", "zfs", "devicemapper")


def connect_docker() -> DockerClient:
    """A client of the daemon that the environment names.

    Raises:
        SandboxError: none answers.
    """
    _knock()
    import docker  # takes a quarter of a second: not before it is needed

    with translate_errors(_NO_DAEMON):
        client = docker.from_env(timeout=_API_SECONDS)
        try:
            client.ping()
        except BaseException:
            client.close()
            raise
    return client


def _knock() -> None:
    """Try the daemon's local socket by hand: docker-py leaves its own open where it fails."""
    scheme, _, path = os.environ.get("DOCKER_HOST", _LOCAL_SOCKET).partition("://")
    if scheme != "unix":
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knock:
        try:
            knock.connect(path)
        except OSError as error:
            raise SandboxError(f"{_NO_DAEMON}: {error.strerror or error} ({path})") from error


def find_image_fault(image: str) -> str:
    """Why containers of an image cannot be started, or "" if they can.

    Raises:
        SandboxError: no daemon answers.
    """
    from docker.errors import ImageNotFound

    with contextlib.closing(connect_docker()) as client, translate_errors("cannot list images"):
        try:
            client.images.get(image)
        except ImageNotFound:
            return f"image {image} is not on this machine (docker pull {image})"
    return ""


def sweep_containers() -> int:
    """Remove the containers of this machine's processes that are gone; how many they were.

    Raises:
        SandboxError: no daemon answers.
    """
    swept = 0
    chosen: dict[str, str | list[str] | bool] = {"label": [OWNER, f"{MACHINE}={name_machine()}"]}
    with contextlib.closing(connect_docker()) as client, translate_errors("cannot sweep"):
        for container in client.containers.list(all=True, filters=chosen, ignore_removed=True):
            labels = container.labels
            if not is_alive(int(labels[OWNER]), labels.get(OWNER_START, "")):
                with forgive_absence():
                    container.remove(force=True, v=True)
                    swept += 1
    return swept


def list_labels(run: str) -> dict[str, str]:
    """The labels of everything that this process makes in the daemon."""
    owner = os.getpid()
    return {
        RUN: run,
        OWNER: str(owner),
        OWNER_START: read_start(owner),
        MACHINE: name_machine(),
    }


def list_settings(limits: SandboxLimits) -> dict[str, Any]:
    """The settings of a container that hold a rollout in."""
    from docker.types import Ulimit

    sizes = {"core": 0, "data": limits.memory_bytes, "fsize": limits.file_bytes}
    return {
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "mem_limit": limits.memory_bytes,
        "memswap_limit": limits.memory_bytes,  # no swap beside it
        "pids_limit": limits.processes,
        "ulimits": [Ulimit(name=name, soft=size, hard=size) for name, size in sizes.items()],
        "ipc_mode": "private",
        "init": False,
    }


def may_have_quota(info: dict[str, Any]) -> bool:
    """Whether the storage driver may take a size for a container's layer (`docker info`)."""
    backing = dict(info.get("DriverStatus") or ()).get("Backing Filesystem")
    return info.get("Driver") in _QUOTA_DRIVERS or backing == "xfs"


@contextlib.contextmanager
def translate_errors(what: str) -> Iterator[None]:
    """Errors of the daemon, or of the way to it, become one line.

    Raises:
        SandboxError: beginning with `what`.
    """
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        text = str(getattr(error, "explanation", None) or error)
        line = next(iter(text.strip().splitlines()), type(error).__name__)
        raise SandboxError(f"{what}: {line}") from error


@contextlib.contextmanager
def forgive_absence() -> Iterator[None]:
    """A container that is gone, or on its way, is as good as removed."""
    from docker.errors import APIError

    try:
        yield
    except APIError as error:
        if error.status_code not in (404, 409):
            raise
