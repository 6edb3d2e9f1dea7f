"""The docker sandbox: a container through the daemon's API, with labels by which it is swept.

Inside, commands run as the image's user (root, mostly) without any capability. The first process
ignores SIGCHLD, so the kernel clears orphans away, and no signal from inside can end it.

Disk: where the storage driver has quotas (overlay2 on xfs with pquota, btrfs, zfs) the layer gets
one; elsewhere its size is looked at while a command runs.
"""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field

from rematch.agents.sandboxes.archives import pack_tree, unpack_tree
from rematch.agents.sandboxes.base import STOPPED, WORKDIR, CommandResult, Sandbox
from rematch.agents.sandboxes.commands import CLEAN_ENVIRONMENT, Guard, refuse_command
from rematch.agents.sandboxes.daemon import (
    connect_docker,
    forgive_absence,
    list_labels,
    list_settings,
    may_have_quota,
    translate_errors,
)
from rematch.agents.sandboxes.execs import ContainerRunner
from rematch.agents.sandboxes.git import list_index
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.patches import is_by_product, make_patch
from rematch.agents.sandboxes.trees import Tree, scan_tree
from rematch.agents.sandboxes.watch import Use, Watch, free_bytes
from rematch.errors import SandboxError
from rematch.settings import Settings

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

_FIRST_PROCESS = ["bash", "-c", "trap '' CHLD HUP INT TERM; exec sleep infinity"]
_LOOK_SECONDS = 0.5
_ARCHIVE_CHUNK = 1 << 20
_NOT_STARTED = (
    "OCI runtime exec failed",
    "runtime/cgo: pthread_create failed",
    "runtime: failed to create new OS thread",
)
"""What stands in place of a command's output, when the process limit is used up by what earlier
commands left: the daemon's word, or that of its own process inside, which fell over. A command that
prints it itself only ends its own processes."""


class DockerConfig(Settings):
    """What a docker sandbox is made of."""

    image: str = "python:3.12-slim"
    """An image with bash and what the task needs. It must be on this machine: none is pulled."""
    workdir: str = Field(default=WORKDIR, pattern=r"^/.")
    """The work folder in the container."""
    network: bool = False
    """Whether commands reach the network."""


class DockerSandbox(Sandbox):
    """A container of its own for one rollout.

    Args:
        source: the folder of which the rollout gets a copy; None: the image has it already.
        limits: what the rollout may use.
        config: the image and its work folder.
        run: names the run in the container's label.
    """

    kind: ClassVar[str] = "docker"

    def __init__(
        self,
        source: Path | None,
        limits: SandboxLimits | None = None,
        *,
        config: DockerConfig | None = None,
        run: str = "",
    ) -> None:
        super().__init__(limits)
        self.config = config or DockerConfig()
        self.workdir = self.config.workdir
        self._source = source
        self._run = run
        self._client: DockerClient | None = None
        self._container: Container | None = None
        self._runner: ContainerRunner | None = None
        self._info: dict[str, Any] = {}

    def open(self) -> None:
        """Start the container and copy the source in."""
        self._client = connect_docker()
        with translate_errors(f"cannot start a container of image {self.config.image}"):
            self._info = self._client.info()
            self._container = self._create(self._client)
            self._container.start()
            if self._source is not None:
                self._copy_in(self._container, self._source)
            watch = Watch(
                self.limits, self._measure, self._free_disk, memory=False, interval=_LOOK_SECONDS
            )
        guard = Guard(self.limits, watch, self._cancelled)
        self._runner = ContainerRunner(self._container, guard, self.workdir)

    def execute(self, command: str, timeout: float | None = None) -> CommandResult:
        """Run a command; what it leaves in the background runs on until a limit or the end."""
        if self._runner is None:
            raise SandboxError("the sandbox is closed")
        if refused := refuse_command(command):
            return refused
        with translate_errors("the container broke"):
            if self._runner.revive():
                self.incidents.append("the container had stopped and was started again")
            environment = {**CLEAN_ENVIRONMENT, **self.env}
            ended = self._runner.run(command, self._seconds(timeout), environment)
            if ended.result.output.startswith(_NOT_STARTED):
                self._runner.end_all()
                self.incidents.append("no room for a new process: the old ones were ended")
                ended = self._runner.run(command, self._seconds(timeout), environment)
            if ended.reason:
                self.incidents.append(ended.reason)
            elif ended.result.returncode == STOPPED and self._runner.was_out_of_memory():
                limit = self.limits.memory_bytes / 1e6
                self.incidents.append(f"killed at the memory limit of {limit:.0f} MB")
        return ended.result

    def diff(self) -> str:
        """The patch from the source (or from the image's work folder) to what is there now."""
        if self._client is None or self._container is None:
            raise SandboxError("the sandbox is closed")
        with tempfile.TemporaryDirectory(prefix="rematch-diff-") as folder:
            with _pause(self._container):
                after = self._copy_out(self._container, Path(folder, "after"))
            tracked = None
            if self._source is not None:
                before = scan_tree(self._source, is_by_product)
            else:
                before, tracked = self._copy_image(self._client, Path(folder, "before"))
            patch = make_patch(before, after, tracked)
        self.incidents.extend(f"the patch leaves out {what}" for what in patch.left_out[:5])
        return patch.text

    def close(self) -> None:
        """Remove the container with all that runs in it."""
        self.cancel()
        self._runner = None
        container, self._container = self._container, None
        client, self._client = self._client, None
        if client is None:
            return
        with contextlib.closing(client), translate_errors("cannot remove a container"):
            if container is not None:
                with forgive_absence():
                    container.remove(force=True, v=True)

    def _create(self, client: DockerClient) -> Container:
        from docker.errors import APIError, ImageNotFound

        settings = {
            **list_settings(self.limits),
            "network_mode": "bridge" if self.config.network else "none",
            "labels": list_labels(self._run),
            "command": _FIRST_PROCESS,
            "entrypoint": [],
        }
        image = self.config.image
        try:
            if may_have_quota(self._info):
                quota = {"size": str(self.limits.disk_bytes)}
                with contextlib.suppress(APIError):  # xfs, but mounted without pquota
                    return client.containers.create(image, storage_opt=quota, **settings)
            return client.containers.create(image, **settings)
        except ImageNotFound as error:
            raise SandboxError(
                f"image {image} is not on this machine: docker pull {image}, or name another image"
            ) from error

    def _copy_in(self, container: Container, source: Path) -> None:
        tree = scan_tree(source)
        if tree.left_out:
            raise SandboxError(f"cannot copy {source}: {tree.left_out[0]}")
        with tempfile.TemporaryFile() as file:
            pack_tree(tree, self.workdir.strip("/"), file)
            file.seek(0)
            container.put_archive("/", file)

    def _copy_out(self, container: Container, target: Path) -> Tree:
        target.mkdir()
        failed = "cannot read the work folder"
        with translate_errors(failed), _open_archive(container, self.workdir) as chunks:
            return unpack_tree(chunks, target, 4 * self.limits.disk_bytes)

    def _copy_image(self, client: DockerClient, target: Path) -> tuple[Tree, frozenset[str] | None]:
        """The image's work folder, and what its repository tracks; None: it is no repository."""
        with translate_errors(f"cannot read image {self.config.image}"):
            fresh = self._create(client)
            try:
                tree = self._copy_out(fresh, target)
                index = _read_file(fresh, f"{self.workdir}/.git/index")
            finally:
                fresh.remove(force=True)
        return tree, None if index is None else list_index(index)

    def _measure(self, stop: Use | None) -> Use:
        """The size of the container's own layer; files are not counted there."""
        assert self._client is not None and self._container is not None
        chosen = {"id": self._container.id}
        found = self._client.api.containers(all=True, size=True, filters=chosen)
        return Use(disk=int(found[0].get("SizeRw") or 0) if found else 0)

    def _free_disk(self) -> int:
        try:
            return free_bytes(Path(self._info["DockerRootDir"]))
        except OSError:  # the daemon is on another machine
            return 1 << 62


@contextlib.contextmanager
def _pause(container: Container) -> Iterator[None]:
    with translate_errors("cannot pause the container"):
        container.pause()
        try:
            yield
        finally:
            container.unpause()


def _read_file(container: Container, path: str) -> bytes | None:
    """A file of a container that never ran, None where it has none."""
    from docker.errors import NotFound

    try:
        chunks, _ = container.get_archive(path)
    except NotFound:
        return None
    with tarfile.open(fileobj=BytesIO(b"".join(chunks))) as archive:
        member = archive.next()
        content = archive.extractfile(member) if member is not None else None
        return None if content is None else content.read()


@contextlib.contextmanager
def _open_archive(container: Container, path: str) -> Iterator[Iterator[bytes]]:
    """A container's folder as a tar stream that ends with the context.

    `container.get_archive` hides its response. Left half read, the daemon keeps the container
    locked until the API times out.
    """
    assert container.client is not None
    api = container.client.api
    url = f"{api.base_url}/v{api.api_version}/containers/{container.id}/archive"
    with api.get(url, params={"path": path}, stream=True, timeout=api.timeout) as response:
        response.raise_for_status()
        yield response.iter_content(_ARCHIVE_CHUNK)
