"""mini-SWE-agent `.traj.json`, major releases 1 and 2.

Release 2 keeps each command and its raw result in `extra` and ends with a message of role
`exit`; release 1 has only the chat, with the command in a fenced block.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from rematch.data.formats.endings import read_ending
from rematch.data.formats.observations import Observation, read_observation, read_result
from rematch.data.formats.parts import (
    as_amount,
    as_count,
    as_dict,
    as_list,
    as_name,
    as_text,
    chat_usage,
    command_text,
    span_seconds,
)
from rematch.data.formats.prompts import strip_prompt
from rematch.data.formats.recorded import Recorded, make_trajectory
from rematch.data.formats.source import looks_like_patch
from rematch.data.records import Action, Ending, ResultKind, Usage

_FENCED = re.compile(r"```(?:mswea_bash_command|bash)\s*\n(.*?)\n?```", re.DOTALL)
_TAGGED = re.compile(r"<mswea_bash_command>(.*?)</mswea_bash_command>", re.DOTALL)
_SUBMIT = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def matches(document: Any) -> bool:
    """Whether this is such a file: a chat beside an `info` object, or the format's own mark."""
    if isinstance(document, list):  # early releases wrote the bare chat
        roles = [message.get("role") for message in document[:3] if isinstance(message, dict)]
        return roles[:2] == ["system", "user"] and (roles[2:] or ["assistant"]) == ["assistant"]
    if not isinstance(document, dict) or not isinstance(document.get("messages"), list):
        return False
    mark = as_name(document.get("trajectory_format"))
    return mark.startswith("mini-swe-agent") or isinstance(document.get("info"), dict)


def read(document: Any) -> Iterator[Recorded]:
    """Yields the one attempt in the file."""
    if isinstance(document, list):
        document = {"messages": document}
    messages = [as_dict(message) for message in document["messages"]]
    info = as_dict(document.get("info"))
    instance = as_name(document.get("instance_id"))
    turns = list(_read_turns(messages))
    ending, detail = _read_end(info, messages, turns)
    patch = _read_patch(info, messages, bool(instance))
    prompt = next((as_text(m.get("content")) for m in messages if m.get("role") == "user"), "")
    config = as_dict(as_dict(info.get("config")).get("model"))
    yield Recorded(
        trajectory=make_trajectory(turns, ending, detail),
        instance=instance,
        problem=strip_prompt(prompt),
        patch=patch,
        asks_for=ResultKind.PATCH if instance or patch is not None else ResultKind.STATE,
        usage=_read_usage(info, messages, len(turns)),
        seconds=span_seconds(as_dict(m.get("extra")).get("timestamp") for m in messages),
        agent="mini-swe-agent",
        model=as_name(config.get("model_name")),
    )


def _is_turn(message: dict[str, Any]) -> bool:
    return message.get("role") == "assistant" or message.get("object") == "response"


def _read_turns(messages: list[dict[str, Any]]) -> Iterator[tuple[str, list[Action]]]:
    """One turn per reply of the model, with the messages that answer its commands."""
    starts = [index for index, message in enumerate(messages) if _is_turn(message)]
    for start, end in pairwise([*starts, len(messages)]):
        message, answers = messages[start], messages[start + 1 : end]
        said, commands = _read_message(message), _read_commands(message)
        if commands is None:
            said, commands = _split_fenced(said)
        results = [answer for answer in answers if answer.get("role") != "exit"]
        yield said, [*_pair(commands, results)]


def _read_message(message: dict[str, Any]) -> str:
    if "content" in message:
        return as_text(message["content"])
    outputs = map(as_dict, as_list(message.get("output")))  # Responses API
    return "\n".join(as_text(item.get("content")) for item in outputs if item.get("content"))


def _read_commands(message: dict[str, Any]) -> list[tuple[str, str]] | None:
    """Pairs of (call id, command), the id "" where calls have none; None: only in the text."""
    recorded = as_dict(message.get("extra")).get("actions")
    if isinstance(recorded, list):
        actions = map(as_dict, recorded)
        return [(as_name(a.get("tool_call_id")), as_text(a.get("command"))) for a in actions]
    calls = [as_dict(call) for call in as_list(message.get("tool_calls"))]
    if calls:
        functions = [as_dict(call.get("function")) for call in calls]
        return [
            (as_name(call.get("id")), command_text(as_name(f.get("name")), f.get("arguments")))
            for call, f in zip(calls, functions, strict=True)
        ]
    return None


def _split_fenced(text: str) -> tuple[str, list[tuple[str, str]]]:
    """The words and the one command in them; no or several commands are a format error."""
    found = list(_TAGGED.finditer(text)) or list(_FENCED.finditer(text))
    if len(found) != 1:
        return text, []
    start, end = found[0].span()
    return f"{text[:start].rstrip()}\n{text[end:].lstrip()}".strip(), [("", found[0][1].strip())]


def _pair(commands: list[tuple[str, str]], results: list[dict[str, Any]]) -> Iterator[Action]:
    by_id = {r.get("tool_call_id") or r.get("call_id"): r for r in results if _is_hashable_id(r)}
    for place, (call, command) in enumerate(commands):
        result = by_id.get(call) if call else None
        if result is None and not by_id and place < len(results):
            result = results[place]
        seen = _read_answer(result) if result is not None else Observation("")
        yield Action(command=command, output=seen.output, exit_code=seen.exit_code)


def _is_hashable_id(result: dict[str, Any]) -> bool:
    return isinstance(result.get("tool_call_id") or result.get("call_id"), str)


def _read_answer(message: dict[str, Any]) -> Observation:
    extra = as_dict(message.get("extra"))
    if "raw_output" in extra:
        return read_result({**extra, "output": extra["raw_output"]})
    return read_observation(message.get("content", message.get("output")))


def _read_end(
    info: dict[str, Any], messages: list[dict[str, Any]], turns: list[tuple[str, list[Action]]]
) -> tuple[Ending, str]:
    last = messages[-1] if messages else {}
    extra = as_dict(last.get("extra"))
    status = as_name(info.get("exit_status")) or as_name(extra.get("exit_status"))
    if not status:
        commands = turns[-1][1] if turns else []
        if commands and _SUBMIT in commands[-1].command:
            return Ending.SUBMITTED, "submit command"
        return Ending.UNKNOWN, "no exit status recorded"
    ending = read_ending(status)
    why = as_text(extra.get("exception_str"))
    return ending, f"{status}: {why}" if why else status


def _read_patch(
    info: dict[str, Any], messages: list[dict[str, Any]], benchmark: bool
) -> str | None:
    """The submission; without an instance id only if it is a patch and no closing words."""
    submission = info.get("submission")
    if not isinstance(submission, str) and messages:
        submission = as_dict(messages[-1].get("extra")).get("submission")
    if not isinstance(submission, str):
        return None
    return submission if benchmark or looks_like_patch(submission) else None


def _read_usage(info: dict[str, Any], messages: list[dict[str, Any]], turns: int) -> Usage:
    stats = as_dict(info.get("model_stats"))
    sums = chat_usage(as_dict(m.get("extra")).get("response") for m in messages)
    calls = as_count(stats.get("api_calls")) or turns
    return sums.model_copy(
        update={"calls": calls, "cost_usd": as_amount(stats.get("instance_cost"))}
    )
