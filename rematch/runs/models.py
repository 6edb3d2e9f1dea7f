"""A model per role, in LiteLLM's notation, as dspy.LMs over one engine of ours."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import dspy
from pydantic import Field, StringConstraints, model_validator

from rematch.errors import UsageError
from rematch.runs.calls import Calls
from rematch.runs.delivery import Line, Patience
from rematch.runs.engine import AsyncRoleEngine, RoleEngine
from rematch.runs.metering import Meter
from rematch.runs.prices import Price, find_price
from rematch.runs.routes import find_route, resolve_natively, split_extra
from rematch.runs.wire import Wire
from rematch.settings import Settings

Role = Literal["agent", "summarizer", "judge", "distiller", "reflection"]
ModelName = Annotated[str, StringConstraints(pattern=r"^[^/\s]+/\S+$")]
"""`provider/name`, as LiteLLM writes it."""


class ModelConfig(Settings):
    """One role's model."""

    model: ModelName
    """`provider/name`, as LiteLLM writes it."""
    api_base: str | None = None
    """The endpoint, where it is not the provider's own. Keys come from the environment only."""
    temperature: float | None = Field(default=1.0, ge=0, le=2)
    """Sampling temperature; votes are independent samples only above 0. None leaves it to the
    provider."""
    max_tokens: int | None = Field(default=16_000, ge=1)
    """Most tokens per reply, reasoning included where the provider counts it; a smaller model
    lowers it."""
    reasoning_effort: str | None = None
    """Passed on where the model has it: low, medium, high, ..."""
    timeout: float = Field(default=600, gt=0)
    """Seconds to wait for a reply's next byte."""
    extra: dict[str, Any] = Field(default_factory=dict)
    """Further parameters, passed on as they are."""
    fallbacks: tuple[ModelName, ...] = ()
    """Models that are asked in turn where this one fails for good, though not for a reason of
    the request's own; those of the same provider at the same api_base."""
    attempts: int = Field(default=8, ge=1)
    """Times that a failing call is made in all, before the next fallback, or before its sample
    is lost."""
    retry_seconds: float = Field(default=600, ge=0)
    """The most time that a failing call is tried for."""
    first_pause: float = Field(default=1.0, ge=0)
    """Seconds before the second try, halved at most by chance; doubled for each further one, up
    to 60. What the provider asks for goes first."""
    requests_per_minute: float | None = Field(default=None, gt=0)
    """Most requests sent, over all roles with this model; slower where the provider's headers
    say so."""
    tokens_per_minute: float | None = Field(default=None, gt=0)
    """Most tokens, read and written, likewise."""
    input_price: float | None = Field(default=None, ge=0)
    """Dollars per million input tokens, in place of the price list's; needs output_price."""
    output_price: float | None = Field(default=None, ge=0)
    """Dollars per million output tokens, likewise."""
    cache_markers: bool = True
    """Mark what prompts have in common where the provider keeps it in its cache only when told to
    (Anthropic's models); false for an endpoint that refuses the marks."""

    @model_validator(mode="after")
    def _refuse_half_a_price(self) -> Self:
        if (self.input_price is None) != (self.output_price is None):
            raise ValueError("input_price and output_price are given together or not at all")
        return self


class ModelsConfig(Settings):
    """A model per role; a role without one is answered from evidence.

    `reflection` writes instructions while `rematch optimize` tunes; nothing else asks it.
    """

    agent: ModelConfig | None = None
    summarizer: ModelConfig | None = None
    judge: ModelConfig | None = None
    distiller: ModelConfig | None = None
    reflection: ModelConfig | None = None


def build_lm(
    role: Role, config: ModelConfig, meter: Meter | None = None, *, calls: Calls | None = None
) -> dspy.LM:
    """A dspy.LM for one role, recorded and metered.

    DSPy's response cache and its retries stay off: a run keeps its own records.

    Args:
        role: who asks.
        config: the model.
        meter: counts what calls cost, where no `calls` are given.
        calls: what the run's calls share; without it, they are recorded for this LM alone.

    Raises:
        UsageError: the model or its parameters cannot be used.
    """
    calls = calls or Calls(meter)
    try:
        carried, extensions = split_extra(config.extra)
        options: dict[str, Any] = {
            "temperature": config.temperature,
            "max_tokens": fit_reply(config),
            **({"reasoning_effort": config.reasoning_effort} if config.reasoning_effort else {}),
            **carried,
        }
        lines = [
            _lay_line(role, model, config, extensions, calls)
            for model in (config.model, *config.fallbacks)
        ]
        patience = Patience(config.attempts, config.retry_seconds, config.first_pause)
        door = AsyncRoleEngine(role, lines, patience, calls)
        return dspy.LM(
            config.model,
            engine=RoleEngine(door),
            async_engine=door,
            cache=False,
            num_retries=0,
            **options,
        )
    except (ValueError, TypeError, dspy.LMError) as error:
        line = " ".join(str(error).split())
        raise UsageError(f"models.{role}: {config.model}: {line}") from error


def check_prices(models: ModelsConfig) -> None:
    """See that dollars can be counted.

    Raises:
        UsageError: a model's price is unknown.
    """
    for role, config in models:
        for model in (config.model, *config.fallbacks) if config else ():
            if not price_model(model, config).is_known:
                prices = f"models.{role}.input_price and models.{role}.output_price"
                hint = f"set {prices}" if model == config.model else "choose another fallback"
                raise UsageError(
                    f"{model}: its price is unknown, so no budget in dollars can hold: {hint}"
                )


def price_model(model: str, config: ModelConfig) -> Price:
    """The price of a role's model or of one of its fallbacks; the role's own is the first's."""
    provider = resolve_natively(model) or model.partition("/")[0]
    name = model.partition("/")[2]
    if model != config.model:
        return find_price(provider, name)
    return find_price(provider, name, config.input_price, config.output_price)


def _lay_line(
    role: Role, model: str, config: ModelConfig, extensions: dict[str, Any], calls: Calls
) -> Line:
    """The way to a role's model, or to one of its fallbacks."""
    is_first = model == config.model
    same_provider = model.partition("/")[0] == config.model.partition("/")[0]
    api_base = config.api_base if is_first or same_provider else None
    route = find_route(role, model, api_base, config.timeout, extensions)
    limits = (config.requests_per_minute, config.tokens_per_minute) if is_first else (None, None)
    pace = calls.pace(model, route.options.get("api_base"), *limits)
    wire = Wire(route, pace.follow, marked=config.cache_markers)
    return Line(wire, price_model(model, config), pace)


def fit_reply(config: ModelConfig) -> int | None:
    """Most tokens per reply: no more than the model writes, nor than half of its window."""
    info = _look_up(config.model)
    window = find_window(config.model)
    limits = (config.max_tokens, info.get("max_output_tokens"), window and window // 2)
    return min(limit for limit in limits if limit) if config.max_tokens else None


def find_window(model: str) -> int | None:
    """The model's longest prompt in tokens, None where the price list does not know it."""
    info = _look_up(model)
    window = info.get("max_input_tokens") or info.get("max_tokens")
    return window if isinstance(window, int) else None


def _look_up(model: str) -> dict[str, Any]:
    """What the price list knows of a model."""
    from dspy.clients.model_metadata import model_info

    provider = resolve_natively(model)
    return model_info(provider or model.partition("/")[0], model.partition("/")[2]) or {}
