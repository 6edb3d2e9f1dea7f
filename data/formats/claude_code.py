"""Claude Code sessions: the `.jsonl` it keeps, and its `stream-json` output.

All lines of a file are one attempt. A reply of the model may be spread over several lines that
share the message's id. Side chains (sub-agents) are passed over.
"""

from __future__ import annotations

import re
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
    command_text,
    span_seconds,
)
from rematch.data.formats.recorded import Recorded, make_trajectory
from rematch.data.records import Action, Ending, ResultKind, Usage

_IDS = ("sessionId", "session_id", "leafUuid", "messageId")
_EXIT_CODE = re.compile(r"(?:Error: )?Exit code (\d{1,3})(?:\n|$)")
_NOT_A_PROMPT = ("<command-", "<local-command", "Caveat:", "[Request interrupted")


def matches(document: Any) -> bool:
    """Whether this is a line of a session."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("type"), str)
        and any(isinstance(document.get(key), str) for key in _IDS)
    )


def read(document: Any) -> Iterator[Recorded]:
    """Yields the one attempt that a session's lines (a list) make up."""
    lines = [as_dict(line) for line in document]
    lines = [line for line in lines if not line.get("isSidechain") and _is_main(line)]
    results = dict(_read_results(lines))
    replies = _gather_replies(lines)
    turns = [_read_turn(blocks, results) for _, blocks in replies]
    final = next((line for line in lines if line.get("type") == "result"), {})
    ending, detail = _read_end(lines, final, turns)
    last = replies[-1][0] if replies else {}
    yield Recorded(
        trajectory=make_trajectory(turns, ending, detail),
        problem=next(_read_prompts(lines), ""),
        asks_for=ResultKind.STATE,
        usage=_read_usage([message for message, _ in replies], lines, final),
        seconds=span_seconds(line.get("timestamp") for line in lines),
        agent="claude-code",
        model=as_name(last.get("model")),
    )


def _is_main(line: dict[str, Any]) -> bool:
    return not isinstance(line.get("parent_tool_use_id"), str)


def _blocks(line: dict[str, Any]) -> list[dict[str, Any]]:
    content = as_dict(line.get("message")).get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [as_dict(block) for block in as_list(content)]


def _gather_replies(
    lines: list[dict[str, Any]],
) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """The model's replies in order: the last line's message, and the blocks of all its lines."""
    replies: dict[Any, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
    for number, line in enumerate(lines):
        if line.get("type") != "assistant":
            continue
        message = as_dict(line.get("message"))
        key = as_name(message.get("id")) or number
        earlier = replies[key][1] if key in replies else []
        replies[key] = (message, [*earlier, *(b for b in _blocks(line) if b not in earlier)])
    return list(replies.values())


def _read_results(lines: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for line in lines:
        if line.get("type") == "user":
            for block in _blocks(line):
                if block.get("type") == "tool_result":
                    yield as_name(block.get("tool_use_id")), block


def _read_turn(
    blocks: list[dict[str, Any]], results: dict[str, dict[str, Any]]
) -> tuple[str, list[Action]]:
    said = [as_text(block.get("text")) for block in blocks if block.get("type") == "text"]
    thought = [as_text(b.get("thinking")) for b in blocks if b.get("type") == "thinking"]
    message = "\n".join(filter(None, said)) or "\n".join(filter(None, thought))
    uses = [block for block in blocks if block.get("type") == "tool_use"]
    return message, [_read_action(use, results.get(as_name(use.get("id")), {})) for use in uses]


def _read_action(use: dict[str, Any], result: dict[str, Any]) -> Action:
    name, given = as_name(use.get("name")), as_dict(use.get("input"))
    output = as_text(result.get("content"))
    code = _EXIT_CODE.match(output) if result.get("is_error") is True else None
    return Action(
        command=command_text(name, given),
        output=output[code.end() :] if code else output,
        exit_code=int(code[1]) if code else None,
    )


def _read_prompts(lines: list[dict[str, Any]]) -> Iterator[str]:
    for line in lines:
        if line.get("type") == "user" and not line.get("isMeta"):
            text = "\n".join(as_text(b.get("text")) for b in _blocks(line) if b.get("text"))
            if text.strip() and not text.startswith(_NOT_A_PROMPT):
                yield text.strip()


def _read_end(
    lines: list[dict[str, Any]], final: dict[str, Any], turns: list[tuple[str, list[Action]]]
) -> tuple[Ending, str]:
    if final:
        status = as_name(final.get("subtype"))
        if status == "success" and final.get("is_error") is True:
            return Ending.CRASHED, as_text(final.get("result")) or "error"
        return read_ending(status), status
    talk = [line for line in lines if line.get("type") in ("user", "assistant")]
    last = talk[-1] if talk else {}
    text = "\n".join(as_text(block.get("text")) for block in _blocks(last))
    if last.get("isApiErrorMessage"):
        return Ending.CRASHED, text
    if text.startswith("[Request interrupted"):
        return Ending.UNKNOWN, "interrupted by the user"
    if last.get("type") == "assistant" and turns and not turns[-1][1]:
        return Ending.SUBMITTED, "final message"
    return Ending.UNKNOWN, "the session ends without a final message"


def _read_usage(
    replies: list[dict[str, Any]], lines: list[dict[str, Any]], final: dict[str, Any]
) -> Usage:
    usages = [as_dict(message.get("usage")) for message in replies]
    written = sum(as_count(usage.get("cache_creation_input_tokens")) for usage in usages)
    cached = sum(as_count(usage.get("cache_read_input_tokens")) for usage in usages)
    fresh = sum(as_count(usage.get("input_tokens")) for usage in usages)
    costs = [cost for cost in (as_amount(line.get("costUSD")) for line in lines) if cost]
    return Usage(
        calls=len(replies),
        input_tokens=fresh + written + cached,
        output_tokens=sum(as_count(usage.get("output_tokens")) for usage in usages),
        cached_tokens=cached,
        cost_usd=as_amount(final.get("total_cost_usd", sum(costs) if costs else None)),
    )
