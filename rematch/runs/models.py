"""A model per role, in LiteLLM's notation, as dspy.LMs over one engine of ours."""

from __future__ import annotations

from typing import Any, Literal

import dspy
from pydantic import Field

from rematch.errors import UsageError
from rematch.runs.engine import AsyncRoleEngine, RoleEngine
from rematch.runs.metering import Meter
from rematch.runs.routes import find_route, resolve_natively, split_extra
from rematch.settings import Settings

Role = Literal["agent", "summarizer", "judge", "distiller"]


class ModelConfig(Settings):
    """One role's model."""

    model: str = Field(pattern=r"^[^/\s]+/\S+$")
    """`provider/name`, as LiteLLM writes it."""
    api_base: str | None = None
    """The endpoint, where it is not the provider's own. Keys come from the environment only."""
    temperature: float | None = Field(default=1.0, ge=0, le=2)
    """Sampling temperature; votes are independent samples only above 0. None leaves it to the
    provider."""
    max_tokens: int | None = Field(default=8_192, ge=1)
    """Most tokens per reply, reasoning included where the provider counts it."""
    reasoning_effort: str | None = None
    """Passed on where the model has it: low, medium, high, ..."""
    timeout: float = Field(default=600, gt=0)
    """Seconds to wait for a reply's next byte."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further parameters, passed on as they are."""


class ModelsConfig(Settings):
    """A model per role; a role without one is answered from evidence."""

    agent: ModelConfig | None = None
    summarizer: ModelConfig | None = None
    judge: ModelConfig | None = None
    distiller: ModelConfig | None = None


def build_lm(role: Role, config: ModelConfig, meter: Meter) -> dspy.LM:
    """A dspy.LM for one role, metered.

    DSPy's response cache stays off: a run keeps its own records.

    Raises:
        UsageError: the model or its parameters cannot be used.
    """
    try:
        carried, extensions = split_extra(config.extra)
        route = find_route(role, config.model, config.api_base, config.timeout, extensions)
        options: dict[str, Any] = {
            "temperature": config.temperature,
            "max_tokens": config.max_tokens,
            **({"reasoning_effort": config.reasoning_effort} if config.reasoning_effort else {}),
            **carried,
        }
        return dspy.LM(
            config.model,
            engine=RoleEngine(route, meter),
            async_engine=AsyncRoleEngine(route, meter),
            cache=False,
            **options,
        )
    except (ValueError, TypeError, dspy.LMError) as error:
        line = " ".join(str(error).split())
        raise UsageError(f"models.{role}: {config.model}: {line}") from error


def find_window(model: str) -> int | None:
    """The model's longest prompt in tokens, None where the price list does not know it."""
    from dspy.clients.model_metadata import model_info

    provider = resolve_natively(model)
    info = model_info(provider or model.partition("/")[0], model.partition("/")[2]) or {}
    window = info.get("max_input_tokens") or info.get("max_tokens")
    return window if isinstance(window, int) else None
