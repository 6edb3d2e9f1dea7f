"""The events of OpenHands' SDK (its release 1): typed by `kind`, tied by tool call ids."""

from __future__ import annotations

from typing import Any

from rematch.data.formats.parts import (
    as_dict,
    as_exit_code,
    as_name,
    as_text,
    command_text,
    read_json_text,
)
from rematch.data.records import Action, Ending

_ANSWERS = ("ObservationEvent", "AgentErrorEvent", "UserRejectObservation")
_NOISE = frozenset(("kind", "security_risk", "summary"))


def is_sdk(events: list[dict[str, Any]]) -> bool:
    """Whether a history is made of such events."""
    return any(as_name(event.get("kind")).endswith(("Event", "Observation")) for event in events)


def read_turns(events: list[dict[str, Any]]) -> list[tuple[str, list[Action]]]:
    """One turn per reply of the model; its tool calls share the reply's id."""
    answers = {as_name(e.get("tool_call_id")): e for e in events if e.get("kind") in _ANSWERS}
    turns: dict[str, tuple[list[str], list[Action]]] = {}
    for number, event in enumerate(events):
        if event.get("source", "agent") != "agent":
            continue
        key = as_name(event.get("llm_response_id")) or f"event {number}"
        said, actions = [], []
        if event.get("kind") == "MessageEvent":
            said = [as_text(as_dict(event.get("llm_message")).get("content"))]
        elif event.get("kind") == "ActionEvent":
            said = [_read_thought(event)]
            answer = answers.get(as_name(event.get("tool_call_id")), {})
            actions = [] if event.get("tool_name") == "think" else [_read_action(event, answer)]
        else:
            continue
        earlier = turns.setdefault(key, ([], []))
        earlier[0].extend(text for text in said if text and text not in earlier[0])
        earlier[1].extend(actions)
    return [("\n".join(said), actions) for said, actions in turns.values()]


def read_end(events: list[dict[str, Any]]) -> tuple[Ending, str]:
    """Finished by the tool for it, or by a message that calls no tool."""
    own = [e for e in events if e.get("kind") in ("ActionEvent", "MessageEvent")]
    own = [e for e in own if e.get("source", "agent") == "agent"]
    if not own:
        return Ending.UNKNOWN, "no action of the agent recorded"
    if own[-1].get("kind") == "MessageEvent":
        return Ending.SUBMITTED, "final message"
    tool = as_name(own[-1].get("tool_name"))
    return (Ending.SUBMITTED if tool == "finish" else Ending.UNKNOWN), tool


def _read_thought(event: dict[str, Any]) -> str:
    action = as_dict(event.get("action"))
    spoken = {"finish": "message", "think": "thought"}.get(as_name(event.get("tool_name")), "")
    texts = (event.get("thought"), action.get(spoken), event.get("reasoning_content"))
    return next(filter(None, map(as_text, texts)), "")


def _read_action(event: dict[str, Any], answer: dict[str, Any]) -> Action:
    given = as_dict(event.get("tool_call")).get("arguments")
    arguments = read_json_text(given) if isinstance(given, str) else given
    if not isinstance(arguments, dict):
        arguments = as_dict(event.get("action"))
    arguments = {k: v for k, v in arguments.items() if k not in _NOISE and v is not None}
    name = as_name(event.get("tool_name"))
    output, code = _read_answer(answer)
    command = name if name == "finish" else command_text(name, arguments)
    return Action(command=command, output=output, exit_code=code)


def _read_answer(answer: dict[str, Any]) -> tuple[str, int | None]:
    """Output and exit code; -1 says that a command still runs."""
    seen = as_dict(answer.get("observation"))
    output = (
        as_text(seen.get("content")) or as_text(seen.get("output")) or as_text(answer.get("error"))
    )
    code = seen.get("exit_code", as_dict(seen.get("metadata")).get("exit_code"))
    return output, None if code == -1 else as_exit_code(code)
