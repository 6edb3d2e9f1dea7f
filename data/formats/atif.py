"""ATIF, Harbor's Agent Trajectory Interchange Format, and what converters make of it.

Read are all minor versions of 1 and `atif-converted-1.0` (`tool_name` for `function_name`, no
call ids, results as JSON text). Unknown keys are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rematch.data.formats.observations import NOT_EXECUTED, Observation, read_observation
from rematch.data.formats.parts import (
    as_amount,
    as_count,
    as_dict,
    as_list,
    as_name,
    as_text,
    command_text,
    span_seconds,
)
from rematch.data.formats.prompts import strip_prompt
from rematch.data.formats.recorded import NOT_RECORDED, Recorded, make_trajectory
from rematch.data.records import Action, Ending, ResultKind, Usage

_SUBMIT = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
_DONE_TOOLS = frozenset(
    ("mark_task_complete", "task_complete", "finish", "submit", "complete_task")
)
_MUST_SUBMIT = ("mini-swe-agent", "swe-agent", "terminus", "openhands")
"""Agents that end by a command or tool; the others end by a message that calls no tool."""


def matches(document: Any) -> bool:
    """Whether this is a trajectory: its `schema_version` says so, or its steps have sources."""
    if not isinstance(document, dict) or not isinstance(document.get("steps"), list):
        return False
    if as_name(document.get("schema_version")).lower().startswith("atif"):
        return True
    return any("source" in as_dict(s) and "message" in as_dict(s) for s in document["steps"][:3])


def read(document: Any) -> Iterator[Recorded]:
    """Yields the one attempt in the file."""
    steps = own_steps(document)
    turns = [_read_turn(step) for step in steps if step.get("source") == "agent"]
    agent = as_dict(document.get("agent"))
    ending, detail = _read_end(turns, as_name(agent.get("name")))
    prompt = next((as_text(s.get("message")) for s in steps if s.get("source") == "user"), "")
    yield Recorded(
        trajectory=make_trajectory(turns, ending, detail),
        problem=strip_prompt(prompt),
        asks_for=ResultKind.STATE,
        usage=_read_usage(as_dict(document.get("final_metrics")), steps, len(turns)),
        seconds=span_seconds(step.get("timestamp") for step in steps),
        agent=as_name(agent.get("name")),
        model=as_name(agent.get("model_name")),
    )


def own_steps(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The steps without those copied from an earlier trajectory, unless it has no others."""
    steps = [as_dict(step) for step in as_list(document.get("steps"))]
    own = [step for step in steps if step.get("is_copied_context") is not True]
    return own if any(step.get("source") == "agent" for step in own) else steps


def _read_turn(step: dict[str, Any]) -> tuple[str, list[Action]]:
    calls = [as_dict(call) for call in as_list(step.get("tool_calls"))]
    results = [as_dict(r) for r in as_list(as_dict(step.get("observation")).get("results"))]
    message = as_text(step.get("message")) or as_text(step.get("reasoning_content"))
    seen = _pair([as_name(call.get("tool_call_id")) for call in calls], results)
    if not calls:  # an agent that types raw text: what it typed is its message
        actions = [Action(command="", output=seen[0].output)] if seen[0].output else []
        return message, actions
    actions = []
    for call, (output, code) in zip(calls, seen, strict=True):
        name = as_name(call.get("function_name")) or as_name(call.get("tool_name"))
        command = command_text(name, call.get("arguments"))
        if output == NOT_EXECUTED and _SUBMIT in command:
            output = ""  # how mini-SWE-agent records that the run ended here
        actions.append(Action(command=command, output=output, exit_code=code))
    return message, actions


def _pair(calls: list[str], results: list[dict[str, Any]]) -> list[Observation]:
    """One observation per call, by id, else by place; what is left goes to the last call."""
    seen: list[list[Observation]] = [[] for _ in calls or [""]]
    places = {call: place for place, call in enumerate(calls) if call}
    by_place = len(results) >= len(calls)
    for index, result in enumerate(results):
        source = result.get("source_call_id")
        place = places.get(source, -1) if isinstance(source, str) else -1
        if place < 0 and by_place and index < len(seen):
            place = index
        seen[place].append(read_observation(result.get("content")))
    return [_join(parts) for parts in seen]


def _join(parts: list[Observation]) -> Observation:
    if len(parts) == 1:
        return parts[0]
    code = next((part.exit_code for part in parts if part.exit_code is not None), None)
    return Observation("\n".join(part.output for part in parts if part.output), code)


def _read_end(turns: list[tuple[str, list[Action]]], agent: str) -> tuple[Ending, str]:
    """ATIF has no field for the end: the last turn tells, by its agent's convention."""
    if not turns:
        return Ending.UNKNOWN, "no step of the agent recorded"
    message, actions = turns[-1]
    for action in actions:
        if _SUBMIT in action.command or action.command.strip().partition(" ")[0] in _DONE_TOOLS:
            return Ending.SUBMITTED, "submit command"
    if not actions and message and not agent.lower().startswith(_MUST_SUBMIT):
        return Ending.SUBMITTED, "final message"
    return Ending.UNKNOWN, "the record ends without a submission"


def _read_usage(totals: dict[str, Any], steps: list[dict[str, Any]], turns: int) -> Usage:
    if not totals:
        return _sum_metrics(steps, turns) if steps else NOT_RECORDED
    return Usage(
        calls=turns,
        input_tokens=as_count(totals.get("total_prompt_tokens")),
        output_tokens=as_count(totals.get("total_completion_tokens")),
        cached_tokens=as_count(totals.get("total_cached_tokens")),
        cost_usd=as_amount(totals.get("total_cost_usd")),
    )


def _sum_metrics(steps: list[dict[str, Any]], turns: int) -> Usage:
    metrics = [as_dict(s["metrics"]) for s in steps if s.get("metrics")]
    costs = [as_amount(m.get("cost_usd")) for m in metrics]
    known = [cost for cost in costs if cost is not None]
    return Usage(
        calls=len(metrics) or turns,
        input_tokens=sum(as_count(m.get("prompt_tokens")) for m in metrics),
        output_tokens=sum(as_count(m.get("completion_tokens")) for m in metrics),
        cached_tokens=sum(as_count(m.get("cached_tokens")) for m in metrics),
        cost_usd=sum(known) if known and len(known) == len(costs) else None,
    )
