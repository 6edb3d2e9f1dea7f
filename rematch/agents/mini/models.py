"""mini-SWE-agent's own LiteLLM model, built from our configuration."""

from __future__ import annotations

import logging
import os
import warnings
from typing import Any

from rematch.agents.mini.config import MiniModelConfig
from rematch.agents.mini.loading import load_mini
from rematch.agents.mini.metered import meter_model
from rematch.errors import UsageError
from rematch.seams import Allowance

_SEEDS = 1 << 31
"""Providers take seeds of 31 bits."""


def build_model(
    config: MiniModelConfig, templates: dict[str, Any], seed: int, share: Allowance | None = None
) -> Any:
    """A LitellmModel for one rollout.

    Args:
        config: the model.
        templates: a shipped configuration; its `model` part says how results are shown.
        seed: of this rollout.
        share: what the rollout may spend; None where nobody bounds it.

    Raises:
        AgentError: mini-SWE-agent cannot be imported.
        UsageError: the model's parameters cannot be used.
    """
    module = load_mini("models.litellm_model")
    _quieten(module.litellm)
    if config.input_price is not None and config.output_price is not None:
        _register_price(module.litellm, config, config.input_price, config.output_price)
    os.environ["MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT"] = str(config.attempts)
    shown = templates.get("model", {})
    parts = {name: shown[name] for name in _TEMPLATES if name in shown}
    try:
        return meter_model(module.LitellmModel, share, config.max_tokens)(
            model_name=config.model,
            model_kwargs=_list_parameters(config, shown.get("model_kwargs", {}), seed),
            set_cache_control=_choose_cache_control(config.model) if config.cache_markers else None,
            **parts,
        )
    except ValueError as error:
        line = " ".join(str(error).split())
        raise UsageError(f"models.agent: {config.model}: {line}") from error


_TEMPLATES = ("observation_template", "format_error_template")


def _list_parameters(config: MiniModelConfig, shipped: dict[str, Any], seed: int) -> dict[str, Any]:
    parameters = {
        **shipped,
        "drop_params": True,  # what the provider does not know is left out
        "_skip_mcp_handler": True,  # else LiteLLM wants its MCP extra as soon as there are tools
        "num_retries": 0,  # mini-SWE-agent retries by itself
        "timeout": config.timeout,
        "api_base": config.api_base,
        "temperature": config.temperature,
        "max_tokens": config.max_tokens,
        "reasoning_effort": config.reasoning_effort,
        "seed": seed % _SEEDS if config.send_seed else None,
        **config.extra,
    }
    variable = f"{config.model.partition('/')[0].upper()}_API_KEY"
    if config.api_base and variable not in os.environ:
        # A local server wants no key, but the client wants to send one.
        parameters["api_key"] = "none"
    return {name: value for name, value in parameters.items() if value is not None}


def _choose_cache_control(model: str) -> str | None:
    """As mini-SWE-agent's `get_model` does: Anthropic's models want cache marks."""
    named = ("anthropic", "sonnet", "opus", "claude")
    return "default_end" if any(name in model.lower() for name in named) else None


def _register_price(
    litellm: Any, config: MiniModelConfig, input_price: float, output_price: float
) -> None:
    prices = {
        "input_cost_per_token": input_price / 1e6,
        "output_cost_per_token": output_price / 1e6,
        "litellm_provider": config.model.partition("/")[0],
        "mode": "chat",
    }
    litellm.register_model({config.model: prices})


def _quieten(litellm: Any) -> None:
    litellm.suppress_debug_info = True  # else it prints advice at each error
    # What it imports at its first call makes pydantic warn of each type.
    warnings.filterwarnings("ignore", r"Items? .* on TypedDict class", UserWarning)
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy", "litellm_model"):
        logging.getLogger(name).setLevel(logging.ERROR)
