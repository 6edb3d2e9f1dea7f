"""What the offline repairer may spend."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class RepairerConfig(BaseModel):
    """Limits and habits of one rollout of the offline repairer."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    model_name: Literal["offline-repairer"] = "offline-repairer"
    """What trajectories and tables call it. Not a setting: nothing else may use this name."""
    tries: int = Field(default=8, ge=1)
    """Edits tried at most, one run of the tests each."""
    batch: int = Field(default=4, ge=1)
    """Edits tried at most by one command, which loads what the runs share once; what their tests
    tell orders the edits of the next command. All its runs must fit into a command's time."""
    seconds: float = Field(default=10.0, gt=0)
    """Wall time of one run of the tests; what runs longer is ended and counts as failed."""
    cpu_seconds: float = Field(default=2.0, gt=0)
    """CPU time of one test; an eighth of it for tries if no test took 0.03 s before them."""
    files: int = Field(default=40, ge=1)
    """Python files read at most, those that the issue names first."""
    file_bytes: int = Field(default=40_000, ge=1)
    """Larger files are not read."""
    read_bytes: int = Field(default=160_000, ge=1)
    """Read at most in all."""
    sharpness: float = Field(default=1.5, gt=0)
    """How closely the order of tries follows the weights: 0 would be a blind draw, a large value
    gives every seed the same order."""
    shown: int = Field(default=1_500, ge=0)
    """Characters of a test run's output that a message shows."""
