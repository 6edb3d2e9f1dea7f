"""What a command gave back, out of the text that a scaffold showed its model.

mini-SWE-agent writes `<returncode>..</returncode><output>..</output>` or the same as JSON, Codex
`Exit code: ..` or JSON with `metadata`; converters carry those texts into other formats. A code
that a command merely prints is output, not its exit code.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from rematch.data.formats.parts import as_dict, as_exit_code, as_text, read_json_text

NOT_EXECUTED = "action was not executed"

_CODE = re.compile(
    r"\s*(?:<exception>(.*?)</exception>\s*)?<returncode>\s*(-?\d{1,11})\s*</returncode>", re.DOTALL
)
_CODEX = re.compile(
    r"(?:Chunk ID: .*\n)?(?:Wall time: .*\n)?"
    r"(?:Exit code: |Process exited with code )(-?\d{1,10})\n(?:(?!Output:).*\n){0,4}Output:\n"
)
_HEAD, _TAIL = ("<output_head>", "</output_head>"), ("<output_tail>", "</output_tail>")
_ELIDED = re.compile(r"<elided_chars>\s*(\d+)")


class Observation(NamedTuple):
    """A command's output and exit code (None where it is not recorded)."""

    output: str
    exit_code: int | None = None


def read_observation(content: Any) -> Observation:
    """Reads a result's content; text in no known form is the output as it stands."""
    text = as_text(content)
    value = read_json_text(text) if '"returncode"' in text or '"exit_code"' in text else None
    if isinstance(value, dict) and "returncode" in value:
        return read_result(value)
    if isinstance(value, dict) and "exit_code" in as_dict(value.get("metadata")):
        return Observation(
            as_text(value.get("output")), as_exit_code(value["metadata"]["exit_code"])
        )
    match = _CODEX.match(text)
    if match is not None:
        return Observation(text[match.end() :], as_exit_code(match[1]))
    match = _CODE.match(text)
    if match is None:
        return Observation(text)
    rest = text[match.end() :].strip("\n")
    return _finish(_inner(rest), as_exit_code(match[2]), match[1] or "")


def read_result(result: dict[str, Any]) -> Observation:
    """Reads an object with `returncode`, `output` (or its head and tail), `exception_info`."""
    code = as_exit_code(result.get("returncode"))
    output = as_text(result.get("output"))
    if not output and "output_head" in result:
        output = _elide(
            as_text(result["output_head"]),
            result.get("elided_chars"),
            as_text(result.get("output_tail")),
        )
    return _finish(output, code, as_text(result.get("exception_info")))


def _finish(output: str, code: int | None, exception: str) -> Observation:
    if not exception:
        return Observation(output, code)
    if exception == NOT_EXECUTED:  # the -1 beside it is no process's exit code
        code = None
    return Observation(f"{output.rstrip()}\n{exception}".lstrip("\n"), code)


def _inner(text: str) -> str:
    """The inside of <output>, or head and tail where the middle was cut out."""
    if text.startswith("<output>") and text.endswith("</output>"):
        return text[len("<output>") : -len("</output>")].strip("\n")
    if _HEAD[0] in text and _TAIL[0] in text:
        elided = _ELIDED.search(text)
        return _elide(_between(text, *_HEAD), elided[1] if elided else "?", _between(text, *_TAIL))
    return text


def _between(text: str, start: str, end: str) -> str:
    inner = text.partition(start)[2]
    return inner[: inner.rfind(end)].strip("\n") if end in inner else inner


def _elide(head: str, count: Any, tail: str) -> str:
    return f"{head}\n[... {count} characters left out ...]\n{tail}"
