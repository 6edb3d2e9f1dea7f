"""How a model is reached: by which engine, at which address, with whose key."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from dspy import lm15
from dspy.clients.backend_selection import CLIENT_KEYS
from dspy.clients.engines.lm15_engine import LM15Engine, timeouts_for

_CONNECTIONS = 512
_NO_KEY = "none"
"""A local server wants no key, but every client wants to send one."""


@dataclass(frozen=True)
class Route:
    """How a role's model is reached.

    `model` is `provider/name`; `provider` names the price list. `router` serves the native
    engine, `options` (api_base, timeout) litellm's. `extensions` are parameters that are passed on
    as they are.
    """

    role: str
    model: str
    provider: str
    native: bool
    router: lm15.RouterConfig
    options: dict[str, Any] = field(default_factory=dict, repr=False)
    extensions: dict[str, Any] = field(default_factory=dict)


def find_route(
    role: str, model: str, api_base: str | None, timeout: float, extensions: dict[str, Any]
) -> Route:
    """The route of a model in LiteLLM's notation.

    Keys are read from the environment when a request is sent, and kept nowhere.

    Raises:
        ValueError: neither engine knows the provider.
    """
    prefix = model.partition("/")[0]
    provider = resolve_natively(model)
    variables = (f"{prefix.upper()}_API_BASE", f"{prefix.upper()}_BASE_URL")
    api_base = api_base or next((os.environ[v] for v in variables if v in os.environ), None)
    options: dict[str, Any] = {"timeout": timeout}
    keys: dict[str, Any] = {}
    own_key = f"{prefix.upper()}_API_KEY"
    found = own_key in os.environ
    if provider is None:
        found = _ask_litellm(model) or found
    else:
        known = _key_variables(provider)
        if found and own_key not in known:
            keys[provider] = partial(os.environ.get, own_key, _NO_KEY)
        found = found or any(name in os.environ for name in known)
    if api_base:
        options["api_base"] = api_base
        if not found:
            options["api_key"] = keys[provider or prefix] = _NO_KEY
    router = lm15.RouterConfig(
        api_keys=keys if provider else None,
        base_urls={provider: api_base} if provider and api_base else None,
        timeouts=timeouts_for(timeout),
        max_connections=_CONNECTIONS,
    )
    native = provider is not None
    return Route(role, model, provider or prefix, native, router, options, extensions)


def resolve_natively(model: str) -> str | None:
    """The native engine's provider for a model, None where it has none."""
    try:
        found = LM15Engine(lm15.RouterConfig(env={})).resolve(model)
    except (lm15.UnknownModelError, lm15.UnsupportedFeatureError):
        return None
    return str(found.provider)


def _key_variables(provider: str) -> tuple[str, ...]:
    """Where the native engine looks for the provider's key; nowhere for a local server."""
    router = LM15Engine(lm15.RouterConfig(env={})).router
    try:
        router.lm(f"{provider}:any")
    except lm15.MissingCredentialError as error:
        return tuple(error.env_keys)
    except lm15.LM15Error:
        return ()
    finally:
        router.close()
    return ()


def _ask_litellm(model: str) -> bool:
    """Whether litellm finds a key for the model in the environment."""
    import litellm

    if model.partition("/")[0] not in litellm.provider_list:
        raise ValueError("unknown provider: write provider/name as LiteLLM does")
    return bool(litellm.validate_environment(model=model)["keys_in_environment"])


def split_extra(extra: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Parameters that every provider has in its own words, and those to pass on as they are.

    Raises:
        ValueError: one sets up the connection.
    """
    if connection := sorted(CLIENT_KEYS & extra.keys()):
        raise ValueError(
            f"extra.{connection[0]} sets up the connection: use api_base, timeout and the "
            "provider's environment variables"
        )
    carried: dict[str, Any] = {}
    passed_on: dict[str, Any] = {}
    for name, value in extra.items():
        if name == "extra_body" and isinstance(value, Mapping):
            passed_on |= value
        elif _has_a_word_for(name, value):
            carried[name] = value
        else:
            passed_on[name] = value
    return carried, passed_on


def _has_a_word_for(name: str, value: Any) -> bool:
    message = {"role": "user", "content": ""}
    try:
        lm15.request_from_openai_chat({"model": "m", "messages": [message], name: value})
    except lm15.UnsupportedFeatureError:
        return False
    return True
