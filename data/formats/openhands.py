"""OpenHands `output.jsonl`: one attempt per line, its history as actions and observations.

Such a line also carries the benchmark's record of the task, with the reference patch and the
hidden tests, and sometimes a test report: of these only the problem statement is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rematch.data.formats import openhands_sdk
from rematch.data.formats.endings import read_ending
from rematch.data.formats.parts import (
    as_amount,
    as_count,
    as_dict,
    as_exit_code,
    as_list,
    as_name,
    as_text,
    chat_usage,
    command_text,
    span_seconds,
)
from rematch.data.formats.prompts import strip_prompt
from rematch.data.formats.recorded import Recorded, make_trajectory
from rematch.data.records import Action, Ending, Usage

_SILENT = frozenset(("system", "recall", "change_agent_state", "condensation", "null", "pause"))
_NOISE = frozenset(
    (
        *("thought", "final_thought", "outputs", "hidden", "blocking", "is_input", "impl_source"),
        *("confirmation_state", "security_risk", "wait_for_response", "image_urls", "keep_prompt"),
    )
)


def matches(document: Any) -> bool:
    """Whether this is one attempt: an instance with the history of its events."""
    if not isinstance(document, dict) or not isinstance(document.get("instance_id"), str):
        return False
    marks = ("test_result", "git_patch", "instruction", "metrics")
    return isinstance(document.get("history"), list) and any(mark in document for mark in marks)


def read(document: Any) -> Iterator[Recorded]:
    """Yields the one attempt of the line."""
    events = list(_flatten(document["history"]))
    turns = openhands_sdk.read_turns(events) if _is_sdk(events) else _read_turns(events)
    ending, detail = _read_end(document, events)
    patch = as_dict(document.get("test_result")).get("git_patch", document.get("git_patch"))
    instance = as_dict(document.get("instance"))
    stated = as_text(instance.get("problem_statement")).strip()
    metadata = as_dict(document.get("metadata"))
    yield Recorded(
        trajectory=make_trajectory(turns, ending, detail),
        instance=document["instance_id"],
        name=document["instance_id"],
        problem=stated or strip_prompt(as_text(document.get("instruction"))),
        patch=patch if isinstance(patch, str) else None,
        usage=_read_usage(as_dict(document.get("metrics")), events),
        seconds=span_seconds(event.get("timestamp") for event in events),
        agent="openhands",
        model=as_name(as_dict(metadata.get("llm_config")).get("model")),
    )


_is_sdk = openhands_sdk.is_sdk


def _flatten(history: list[Any]) -> Iterator[dict[str, Any]]:
    """Events in order; early releases paired each action with its observation."""
    for item in history:
        yield from map(as_dict, item) if isinstance(item, list) else (as_dict(item),)


def _read_turns(events: list[dict[str, Any]]) -> list[tuple[str, list[Action]]]:
    """One turn per reply of the model; its tool calls share the reply's id."""
    answers = {e["cause"]: e for e in events if isinstance(e.get("cause"), int)}
    turns: dict[str, tuple[list[str], list[Action]]] = {}
    for place, event in enumerate(events):
        kind = as_name(event.get("action"))
        if not kind or kind in _SILENT or event.get("source") != "agent":
            continue
        response = as_dict(as_dict(event.get("tool_call_metadata")).get("model_response"))
        reply = as_name(response.get("id")) or f"event {place}"
        said, actions = turns.setdefault(reply, ([], []))
        text = _read_thought(kind, as_dict(event.get("args")))
        if text and text not in said:
            said.append(text)
        if kind not in ("message", "think"):
            number = event.get("id")
            answer = answers.get(number, {}) if isinstance(number, int) else {}
            actions.append(_read_action(kind, event, response, answer))
    return [("\n".join(said), actions) for said, actions in turns.values()]


def _read_thought(kind: str, args: dict[str, Any]) -> str:
    for key in ("content",) if kind == "message" else ("final_thought", "thought"):
        if as_text(args.get(key)):
            return as_text(args[key])
    return ""


def _read_action(
    kind: str, event: dict[str, Any], response: dict[str, Any], answer: dict[str, Any]
) -> Action:
    args = as_dict(event.get("args"))
    if kind in ("finish", "reject"):  # what they say is the step's message
        command = kind
    elif kind == "run":
        command = as_text(args.get("command"))
    else:
        metadata = as_dict(event.get("tool_call_metadata"))
        shown = _find_arguments(response, metadata.get("tool_call_id"))
        if shown is None:
            shown = {k: v for k, v in args.items() if k not in _NOISE and v is not None}
        command = command_text(as_name(metadata.get("function_name")) or kind, shown)
    output, code = _read_answer(answer)
    return Action(command=command, output=output, exit_code=code)


def _find_arguments(response: dict[str, Any], call: Any) -> Any:
    """What the model gave the tool, if the reply is recorded."""
    for choice in map(as_dict, as_list(response.get("choices"))):
        for tool in map(as_dict, as_list(as_dict(choice.get("message")).get("tool_calls"))):
            if tool.get("id") == call:
                return as_dict(tool.get("function")).get("arguments")
    return None


def _read_answer(answer: dict[str, Any]) -> tuple[str, int | None]:
    """Output and exit code; -1 is OpenHands' word for a command that still runs, and a note why."""
    extras = as_dict(answer.get("extras"))
    metadata = as_dict(extras.get("metadata"))
    output, code = (
        as_text(answer.get("content")),
        metadata.get("exit_code", extras.get("exit_code")),
    )
    if code == -1:
        return f"{output}{as_text(metadata.get('suffix'))}", None
    return output, as_exit_code(code)


def _read_end(document: dict[str, Any], events: list[dict[str, Any]]) -> tuple[Ending, str]:
    error = as_text(document.get("error"))
    if error:
        ending = read_ending(error)
        return (Ending.CRASHED if ending is Ending.UNKNOWN else ending), error
    if _is_sdk(events):
        return openhands_sdk.read_end(events)
    done = [as_name(e.get("action")) for e in events if e.get("source") == "agent"]
    last = next((kind for kind in reversed(done) if kind and kind not in _SILENT), "")
    endings = {"finish": Ending.SUBMITTED, "reject": Ending.GAVE_UP}
    return endings.get(last, Ending.UNKNOWN), last or "no action of the agent recorded"


def _read_usage(metrics: dict[str, Any], events: list[dict[str, Any]]) -> Usage:
    replies = {}
    for event in events:
        response = as_dict(as_dict(event.get("tool_call_metadata")).get("model_response"))
        if as_name(response.get("id")):
            replies[response["id"]] = response
    sums = chat_usage(replies.values())
    total = as_dict(metrics.get("accumulated_token_usage"))
    update: dict[str, Any] = {
        "calls": len(as_list(metrics.get("costs"))) or sums.calls,
        "cost_usd": as_amount(metrics.get("accumulated_cost")),
    }
    if total:
        update["input_tokens"] = as_count(total.get("prompt_tokens"))
        update["output_tokens"] = as_count(total.get("completion_tokens"))
        update["cached_tokens"] = as_count(total.get("cache_read_tokens"))
    return sums.model_copy(update=update)
