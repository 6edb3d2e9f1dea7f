"""SWE-agent `.traj`, before and after its release 1."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rematch.data.formats.endings import read_ending
from rematch.data.formats.parts import (
    as_amount,
    as_count,
    as_dict,
    as_list,
    as_name,
    as_text,
    read_json_text,
)
from rematch.data.formats.prompts import strip_prompt
from rematch.data.formats.recorded import Recorded, make_trajectory
from rematch.data.records import Action, Ending, Usage


def matches(document: Any) -> bool:
    """Whether this is a list of (action, observation) pairs under `trajectory`."""
    if not isinstance(document, dict) or not isinstance(document.get("trajectory"), list):
        return False
    first = as_dict(document["trajectory"][0]) if document["trajectory"] else {}
    return ("action" in first and "observation" in first) or (
        not document["trajectory"] and "exit_status" in as_dict(document.get("info"))
    )


def read(document: Any) -> Iterator[Recorded]:
    """Yields the one attempt in the file."""
    info = as_dict(document.get("info"))
    config = document.get("replay_config")
    config = as_dict(read_json_text(config) if isinstance(config, str) else config)
    statement = as_dict(config.get("problem_statement"))
    submission = info.get("submission")
    status = as_name(info.get("exit_status"))
    turns = [_read_turn(as_dict(step)) for step in document["trajectory"]]
    ending = read_ending(status) if status else Ending.UNKNOWN
    yield Recorded(
        trajectory=make_trajectory(turns, ending, status or "no exit status recorded"),
        instance=as_name(statement.get("id")),
        problem=as_text(statement.get("text")).strip() or _read_problem(document),
        patch=submission if isinstance(submission, str) else None,
        usage=_read_usage(as_dict(info.get("model_stats"))),
        agent="swe-agent",
        model=as_name(as_dict(as_dict(config.get("agent")).get("model")).get("name")),
    )


def _read_turn(step: dict[str, Any]) -> tuple[str, list[Action]]:
    command = as_text(step.get("action"))
    message = as_text(step.get("thought")) or as_text(step.get("response"))
    if not command:
        return message, []
    return message, [Action(command=command, output=as_text(step.get("observation")))]


def _read_problem(document: dict[str, Any]) -> str:
    """From the first message to the model that is neither the system's nor a demonstration."""
    first = as_dict(document["trajectory"][0]) if document["trajectory"] else {}
    for messages in (document.get("history"), first.get("query"), first.get("messages")):
        for message in map(as_dict, as_list(messages)):
            if message.get("role") == "user" and not message.get("is_demo"):
                return strip_prompt(as_text(message.get("content")))
    return ""


def _read_usage(stats: dict[str, Any]) -> Usage:
    return Usage(
        calls=as_count(stats.get("api_calls")),
        input_tokens=as_count(stats.get("tokens_sent")),
        output_tokens=as_count(stats.get("tokens_received")),
        cost_usd=as_amount(stats.get("instance_cost")),
    )
