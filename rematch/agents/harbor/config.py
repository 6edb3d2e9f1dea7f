"""What Harbor is told of an agent, its environment and its trials."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import Field, model_validator

from rematch.settings import Settings

_SECRET = re.compile(r"KEY|SECRET|TOKEN(?!S)|PASSWORD|CREDENTIAL|AUTH", re.IGNORECASE)
_REFERENCE = re.compile(r"\$\{\w+(:-)?\}")


class HarborConfig(Settings):
    """How Harbor runs the agent that `agent.name` chooses, as `harbor:NAME`."""

    kwargs: dict[str, Any] = Field(default_factory=dict)
    """Options of the agent, as `harbor agent schema NAME` lists them (max_turns, ...)."""
    env: dict[str, str] = Field(default_factory=dict)
    """Variables that the agent gets in its environment; a secret is written `${NAME}` and taken
    from this machine's environment."""
    environment: str = "docker"
    """Where trials run: docker, daytona, modal, e2b, gke, ..., or `module:Class` of your own."""
    environment_options: dict[str, Any] = Field(default_factory=dict)
    """Further settings of it, as Harbor's `environment` section has them (kwargs, env,
    override_cpus, override_memory_mb, force_build, ...)."""
    retries: int = Field(default=0, ge=0)
    """How often Harbor repeats a trial whose environment or model failed."""
    timeout_multiplier: float = Field(default=1.0, gt=0)
    """Stretches every time limit that a task sets."""
    agent_seconds: float | None = Field(default=None, gt=0)
    """The agent's time in place of the task's."""
    trial: dict[str, Any] = Field(default_factory=dict)
    """Further settings of a trial, as Harbor's TrialConfig has them (artifacts, ...)."""
    registry: str = ""
    """Address or file of a registry for `name@version`; Harbor's own where nothing is said."""

    @model_validator(mode="after")
    def _refuse_secrets(self) -> Self:
        """All of it is kept beside the results, so a secret may only be referred to."""
        for name, value in _entries(self.model_dump()):
            if not _SECRET.search(name) or not isinstance(value, str) or not value:
                continue
            if not _REFERENCE.fullmatch(value) and not name.endswith("_name"):
                raise ValueError(
                    f"{name} would be written into files: set it in the environment or .env, "
                    f"and write ${{{name.upper()}}}"
                )
        return self


class HarborModel(Settings):
    """The model that drives the agent. Its key comes from the environment only."""

    name: str
    api_base: str | None = None
    temperature: float | None = None
    reasoning_effort: str | None = None


def _entries(tree: Any) -> Iterator[tuple[str, Any]]:
    """Every entry of nested mappings and lists, with its own name."""
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            yield str(name), value
            yield from _entries(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _entries(value)
