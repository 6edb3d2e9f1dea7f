"""Small readers that every format uses: none of them raises, whatever the JSON holds."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import orjson

from rematch.data.records import Usage

_SHELLS = frozenset(
    (
        *("bash", "bash_command", "execute_bash", "shell", "shell_command", "local_shell"),
        *("run", "run_command", "run_shell_command", "run_in_terminal", "terminal"),
        *("execute_command", "exec_command"),
    )
)
_COMMAND_KEYS = (
    "command",
    "keystrokes",
    "cmd",
    "commands",
    "script",
    "code",
    "input",
    "raw_action",
)
_MAX_COUNT = 1 << 53
_CODE = re.compile(r"-?[0-9]{1,11}")


def as_dict(value: Any) -> dict[str, Any]:
    """The value if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    """The value if it is a JSON list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """A message's content as text: a string, or blocks of which texts are kept."""
    while isinstance(value, dict):
        value = value.get("text") or value.get("content")
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(text for text in map(_block_text, value) if text)
    return ""


def as_name(value: Any) -> str:
    """A string, or "" for anything else."""
    return value if isinstance(value, str) else ""


def as_count(value: Any) -> int:
    """A token or call count; 0 where there is none or it is absurd."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value < _MAX_COUNT else 0


def as_amount(value: Any) -> float | None:
    """A finite, non-negative number (dollars, seconds), else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value <= sys.float_info.max else None


def as_exit_code(value: Any) -> int | None:
    """A process's exit code, also written as text; None where it is none."""
    if isinstance(value, str):
        value = int(value) if _CODE.fullmatch(value.strip()) else None
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if -(2**31) <= value < 2**32 else None


def read_json_text(text: str) -> Any:
    """JSON that a file holds as text (arguments, results); None where it is no JSON."""
    if text.lstrip()[:1] not in ("{", "["):
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def to_json_text(value: Any) -> str:
    """Compact JSON; what is nested too deeply for that is only named."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        return f"({type(value).__name__}, nested too deeply to show)"


def command_text(name: str, arguments: Any) -> str:
    """A tool call as one command: the shell line itself, else the tool's name and arguments."""
    if isinstance(arguments, str):
        parsed = read_json_text(arguments)
        arguments = arguments if parsed is None else parsed
    if isinstance(arguments, dict):
        bare = name.lower() in _SHELLS or not name
        for key in _COMMAND_KEYS:
            if key in arguments and (bare or len(arguments) == 1):
                return _shell_line(arguments[key])
    shown = arguments if isinstance(arguments, str) else to_json_text(arguments)
    return f"{name} {shown}".strip() if arguments else name


def seconds_between(start: Any, end: Any) -> float | None:
    """Wall time between two ISO 8601 times or two epoch numbers; None where unknown."""
    first, last = _epoch(start), _epoch(end)
    if first is None or last is None or last < first:
        return None
    return round(last - first, 3)


def span_seconds(times: Iterable[Any]) -> float | None:
    """Wall time from the first to the last of several times that are known."""
    known = [value for value in times if value is not None]
    return seconds_between(known[0], known[-1]) if len(known) > 1 else None


def chat_usage(responses: Iterable[Any]) -> Usage:
    """Sum of the `usage` objects of chat completion responses; the price is not in there."""
    calls = given = made = cached = 0
    for response in responses:
        usage = as_dict(as_dict(response).get("usage"))
        calls += bool(usage)
        given += as_count(usage.get("prompt_tokens", usage.get("input_tokens")))
        made += as_count(usage.get("completion_tokens", usage.get("output_tokens")))
        details = usage.get("prompt_tokens_details", usage.get("input_tokens_details"))
        cached += as_count(as_dict(details).get("cached_tokens"))
    return Usage(
        calls=calls, input_tokens=given, output_tokens=made, cached_tokens=cached, cost_usd=None
    )


def _block_text(block: Any) -> str:
    if isinstance(block, str):
        return block
    kind = as_dict(block).get("type")
    for medium in ("image", "audio"):
        if isinstance(kind, str) and medium in kind:
            return f"[{medium}]"
    text = as_dict(block).get("text")
    return text if isinstance(text, str) else ""


def _shell_line(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        wrapped = len(value) == 3 and value[1] in ("-c", "-lc")
        return value[2] if wrapped else shlex.join(value)
    return to_json_text(value)


def _epoch(value: Any) -> float | None:
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).timestamp()
        except (ValueError, OverflowError, OSError):
            return None
    return as_amount(value)
