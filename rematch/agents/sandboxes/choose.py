"""Which sandbox a run gets, and how each is opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from rematch.agents.sandboxes.base import Sandbox
from rematch.agents.sandboxes.bwrap import BwrapSandbox, find_bwrap_fault
from rematch.agents.sandboxes.cgroups import sweep_groups
from rematch.agents.sandboxes.containers import DockerConfig, DockerSandbox
from rematch.agents.sandboxes.daemon import connect_docker, find_image_fault, sweep_containers
from rematch.agents.sandboxes.host import sweep_boxes
from rematch.agents.sandboxes.limits import SandboxLimits
from rematch.agents.sandboxes.process import ProcessSandbox
from rematch.errors import SandboxError, UsageError
from rematch.settings import Settings

Kind = Literal["bwrap", "docker", "process"]
Request = Literal["auto", "bwrap", "docker", "process"]

_HOW_TO_GET = {
    "bwrap": "install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap)",
    "docker": "start Docker and pull the image",
}


class SandboxConfig(Settings):
    """In what the commands of an agent run."""

    kind: Request = "auto"
    """`bwrap`, `docker`, `process` (no isolation), or `auto`: the first of them that works here
    and that the agent may use."""
    limits: SandboxLimits = SandboxLimits()
    """What one rollout may use of the machine."""
    docker: DockerConfig = DockerConfig()
    """The container of a docker sandbox."""
    read: tuple[Path, ...] = ()
    """Folders of this machine that a bwrap sandbox may read beside /usr and this Python."""


@dataclass(frozen=True)
class SandboxChoice:
    """A kind of sandbox that works here, ready to be opened.

    Attributes:
        kind: what was chosen.
        notice: one line for the user, or "".
        config: how to make one.
    """

    kind: Kind
    notice: str = ""
    config: SandboxConfig = field(default_factory=SandboxConfig)

    def make(self, source: Path | None, *, hidden: Iterable[Path] = (), run: str = "") -> Sandbox:
        """A sandbox, to be opened as a context manager.

        Args:
            source: the folder of which a rollout gets a copy; None: docker's image has it.
            hidden: folders that no command may see (hidden tests, solutions); bwrap covers
                them where they lie in a folder that it shows, docker shows no folder at all.
            run: names the run in a container's label.

        Raises:
            UsageError: there is no source, and the kind is not docker.
        """
        limits = self.config.limits
        if self.kind == "docker":
            return DockerSandbox(source, limits, config=self.config.docker, run=run)
        if source is None:
            raise UsageError(f"a {self.kind} sandbox needs a folder to copy; --sandbox docker")
        if self.kind == "bwrap":
            return BwrapSandbox(source, limits, read=self.config.read, hidden=hidden)
        return ProcessSandbox(source, limits)


def choose_sandbox(
    requested: str, trusted_agent: bool, config: SandboxConfig | None = None
) -> SandboxChoice:
    """Find the sandbox for an agent.

    Args:
        requested: a kind, or "auto".
        trusted_agent: whether the agent does only what we wrote (the offline repairer). An
            agent that a model drives gets `process` only where it is asked for by name.
        config: the image and limits; its `kind` is not looked at.

    Raises:
        UsageError: there is no such kind.
        SandboxError: what was asked for does not work here, or nothing does that is allowed.
    """
    config = config or SandboxConfig()
    if requested not in get_args(Request):
        kinds = ", ".join(get_args(Request))
        raise UsageError(f"there is no sandbox {requested!r}; --sandbox takes {kinds}")
    if requested == "process":
        return SandboxChoice("process", _warn(trusted_agent), config)
    faults: dict[str, str] = {}
    for kind in ("bwrap", "docker") if requested == "auto" else (requested,):
        faults[kind] = find_fault(kind, config)
        if not faults[kind]:
            return SandboxChoice("bwrap" if kind == "bwrap" else "docker", "", config)
    told = "; ".join(f"{kind}: {fault}" for kind, fault in faults.items())
    if requested != "auto":
        raise SandboxError(f"no {told}; {_HOW_TO_GET[requested]}, or choose another --sandbox")
    if trusted_agent:
        return SandboxChoice("process", f"{_warn(True)} ({told})", config)
    raise SandboxError(
        f"an agent driven by a model needs a sandbox, and none works here ({told}): "
        f"{_HOW_TO_GET['bwrap']}, or {_HOW_TO_GET['docker']}, or run it without isolation "
        "by --sandbox process"
    )


def find_fault(kind: str, config: SandboxConfig) -> str:
    """Why a kind of sandbox cannot be used here, or "" if it can."""
    if kind == "bwrap":
        return find_bwrap_fault()
    if kind == "docker":
        try:
            return find_image_fault(config.docker.image)
        except SandboxError as error:
            return str(error)
    return ""


def sweep() -> int:
    """Remove what killed runs left on this machine; how many sandboxes that were.

    Call it when a run starts. Where no daemon answers there are no containers to sweep.
    """
    sweep_groups()
    boxes = sweep_boxes()
    try:
        connect_docker().close()
    except SandboxError:
        return boxes
    return boxes + sweep_containers()


def _warn(trusted_agent: bool) -> str:
    if trusted_agent:
        return "commands run in throw-away copies without isolation"
    return "the model's commands run without isolation, with all that this user may do"
