"""What a mini-SWE-agent rollout is told and allowed."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from rematch.settings import Settings

_SECRETS = ("key", "token", "secret", "password", "authorization", "credential")
_COUNTS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "budget_tokens")


class MiniModelConfig(Settings):
    """The model that drives mini-SWE-agent, in LiteLLM's notation."""

    model: str = Field(pattern=r"^[^/\s]+/\S+$")
    """`provider/name`. Its key comes from the environment only: what is given here is written
    into trajectories."""
    api_base: str | None = None
    """The endpoint, where it is not the provider's own."""
    temperature: float | None = Field(default=1.0, ge=0, le=2)
    """Sampling temperature; rollouts are independent only above 0. None leaves it to the
    provider."""
    max_tokens: int | None = Field(default=8_192, ge=1)
    """Most tokens per reply, reasoning included where the provider counts it."""
    reasoning_effort: str | None = None
    """Passed on where the model has it: low, medium, high, ..."""
    timeout: float = Field(default=600, gt=0)
    """Seconds to wait for a reply."""
    send_seed: bool = True
    """Whether each rollout's own seed goes to the provider; left out where it has no such
    parameter."""
    attempts: int = Field(default=5, ge=1)
    """Times that a failed call is made in all, 4 to 60 s apart. One number for the process."""
    input_price: float | None = Field(default=None, ge=0)
    """Dollars per million input tokens, where LiteLLM's price list does not know the model."""
    output_price: float | None = Field(default=None, ge=0)
    """Dollars per million output tokens, likewise."""
    cache_markers: bool = True
    """Mark the conversation so far for the cache of providers that must be told (Anthropic's
    models); false for an endpoint that refuses the marks."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further request parameters, passed on as they are."""

    @field_validator("extra")
    @classmethod
    def _refuse_secrets(cls, extra: dict[str, Any]) -> dict[str, Any]:
        found = _find_secret(extra)
        if found:
            raise ValueError(
                f"{found} would be written into trajectories: set the provider's key in the "
                "environment or in .env"
            )
        return extra


class MiniConfig(Settings):
    """How mini-SWE-agent is asked, and the limits of one rollout."""

    template: Literal["mini", "benchmarks/swebench"] = "mini"
    """Which of its shipped configurations gives the prompts."""
    step_limit: int = Field(default=100, ge=0)
    """Most model calls; 0 is no limit."""
    cost_limit: float = Field(default=3.0, ge=0)
    """Dollars; 0 is no limit. Without effect where the model's price is unknown."""
    seconds: int = Field(default=1800, ge=0)
    """Wall time, looked at before each call; 0 is no limit."""
    patch_from: Literal["state", "submitted", "submission"] = "state"
    """Whether the patch is what has changed in the work folder (`state`), of that only the files
    that the agent's own patch names (`submitted`), or the text that it submits (`submission`).
    The last two are for `benchmarks/swebench`, which asks for a patch."""


def _find_secret(value: Any) -> str:
    """The name of the first entry that looks like a secret, at any depth."""
    if isinstance(value, dict):
        for name, inner in value.items():
            lowered = str(name).lower()
            if lowered not in _COUNTS and any(word in lowered for word in _SECRETS):
                return str(name)
            if found := _find_secret(inner):
                return found
    if isinstance(value, list):
        return next((found for inner in value if (found := _find_secret(inner))), "")
    return ""
