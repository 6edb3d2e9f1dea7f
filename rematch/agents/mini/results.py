"""A finished mini-SWE-agent run as a trajectory and its cost."""

from __future__ import annotations

from typing import Any

from rematch.data.formats import mini_swe
from rematch.data.formats.recorded import one_line
from rematch.data.records import Ending, Trajectory, Usage
from rematch.redaction import hide_secrets

_OVERFLOWS = ("ContextWindowExceededError",)


def read_trajectory(
    document: dict[str, Any], error: Exception | None, incidents: list[str]
) -> Trajectory:
    """The steps, read as from a recorded file, and how it ended.

    Args:
        document: what DefaultAgent serializes.
        error: what ended the run; None: it came to its own end.
        incidents: the sandbox's.
    """
    trajectory = next(iter(mini_swe.read(document))).trajectory
    ending, detail = trajectory.ending, trajectory.ending_detail
    if error is not None:
        # By the error's class, not its name's words: a RateLimitError is no limit of ours.
        is_limit = type(error).__name__ in _OVERFLOWS
        ending = Ending.LIMIT if is_limit else Ending.CRASHED
        detail = f"{type(error).__name__}: {error}"
    told = "; ".join(dict.fromkeys(incidents))
    detail = "; ".join(part for part in (one_line(detail), told) if part)
    return trajectory.model_copy(
        update={"ending": ending, "ending_detail": one_line(hide_secrets(clean_text(detail)), 500)}
    )


def read_usage(document: dict[str, Any], is_priced: bool) -> Usage:
    """Calls, tokens and dollars; the dollars are None where a call's price is unknown.

    Args:
        document: what DefaultAgent serializes.
        is_priced: whether calls cost money at all: a model that is no service costs nothing.
    """
    usage = next(iter(mini_swe.read(document))).usage
    costs = [
        message["extra"].get("cost", 0.0)
        for message in document["messages"]
        if "response" in message.get("extra", {})
    ]
    if is_priced and any(cost <= 0 for cost in costs):  # LiteLLM says 0 where it does not know
        return usage.model_copy(update={"cost_usd": None})
    return usage


def clean_text(value: Any) -> Any:
    """The JSON value with text that UTF-8 can hold: replies may bring lone surrogates."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {clean_text(name): clean_text(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [clean_text(inner) for inner in value]
    return value
