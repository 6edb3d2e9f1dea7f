"""What one rollout may use of the machine."""

from __future__ import annotations

from pydantic import Field

from rematch.settings import Settings

_KIB, _MIB, _GIB = 1 << 10, 1 << 20, 1 << 30


class SandboxLimits(Settings):
    """Limits of one sandbox. `rematch.agents.sandboxes` says which kind holds which, and how."""

    memory_bytes: int = Field(default=2 * _GIB, ge=16 * _MIB)
    """Memory of all its processes together; also the most one process may hold for itself."""
    processes: int = Field(default=256, ge=8)
    """Processes and threads at one time."""
    disk_bytes: int = Field(default=1 * _GIB, ge=_MIB)
    """What it may add to the work folder and to /tmp, together."""
    files: int = Field(default=100_000, ge=100)
    """Files and folders that it may add to the work folder and to /tmp, together."""
    file_bytes: int = Field(default=256 * _MIB, ge=_MIB)
    """The largest single file that it may write."""
    seconds: float = Field(default=60.0, gt=0)
    """Wall time of one command."""
    output_bytes: int = Field(default=200 * _KIB, ge=_KIB)
    """What is kept of one command's output: the first and the last half of it."""
    flood_bytes: int = Field(default=100 * _MIB, ge=_MIB)
    """A command that writes more than this is stopped."""
