"""What a command does, as far as its text tells: runs tests, edits files, submits.

The lists are ours: test runners by their own documentation, edit tools by the formats read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from rematch.evidence.runners import Launch, find_runner
from rematch.evidence.shell import Segment, split_heredocs, split_segments

_REDIRECT = re.compile(r"(?<![\d&<>])>>?\s*(['\"]?)([\w./~+-]+)\1")
_SED = re.compile(r"^(?:\S*/)?(?:sed|perl|gsed)\s+(?:\S+\s+)*?-\w*i")
_LAST_PATH = re.compile(r"([\w./~+-]+)\s*$")
_TEE = re.compile(r"^tee\s+(?:-a\s+)?([\w./~+-]+)")
_APPLY = re.compile(r"^(?:git\s+apply|git\s+am|patch|apply_patch|applypatch)\b")
_TOOL = re.compile(
    r"^(?:str_replace_editor|str_replace_based_edit_tool|edit_file|file_editor|text_editor|editor|Edit"
    r"|MultiEdit|Write|NotebookEdit|write_file|create_file|replace|insert|create|edit|str_replace"
    r"|insert_content|write_to_file|search_replace)\b"
)
_TOOL_VIEW = re.compile(
    r'^\w+\s+(?:view\b|undo_edit\b|\{[^{}]{0,400}"command":\s*"(?:view|undo_edit)")'
)
_TOOL_PATH = re.compile(
    r'"(?:path|file_path|filepath|filename|target_file|notebook_path)":\s*"([^"]+)"'
)
_TOOL_WORD = re.compile(
    r"^\w+\s+(?:(?:create|str_replace|insert)\s+)?(/?[\w.+-]+(?:/[\w.+-]+)*\.\w+)"
)
_WRITES = re.compile(
    r"open\(\s*[rbf]*(['\"])([^'\"\n]+)\1\s*,\s*(?:mode\s*=\s*)?['\"][wax]|"
    r"Path\(\s*(['\"])([^'\"\n]+)\3\s*\)\.write_(?:text|bytes)\("
)
_PATCHED = re.compile(r"^\+\+\+ (?:b/)?(\S+)|^\*\*\* (?:Update|Add) File: (\S+)", re.MULTILINE)
_SUBMIT = re.compile(r"COMPLETE_TASK_AND_SUBMIT|MINI_SWE_AGENT_FINAL_OUTPUT|^submit\b|^finish\b")
_SCRATCH = re.compile(
    r"^/tmp/|^/dev/|^~?/?\.cache/|(?:^|/)(?:patch\.(?:txt|diff)|\w+\.log|nohup\.out)$"
    r"|(?:^|/)(?:repro\w*|reproduc\w*|debug\w*|check\w*|verify\w*|demo\w*|tmp\w*|temp_\w*|scratch\w*"
    r"|final_\w*|simple_\w*|comprehensive_\w*)\.\w+$"
)
_TESTISH = re.compile(
    r"(?:^|/)(?:tests?|testing|spec|__tests__)/"
    r"|(?:^|/)(?:test_[^/]*|[^/]*_test\.\w+|[^/]*\.(?:test|spec)\.\w+|conftest\.py)$"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a command's text says. `edits` are paths, "" where the path can't be read."""

    tests: Launch | None = None
    edits: tuple[str, ...] = ()
    submits: bool = False


def read_command(command: str) -> Reading:
    """Read one command (a shell line or a tool call written as `name arguments`)."""
    head = command[:400]
    if _TOOL.match(head):
        return Reading(edits=_tool_edits(command))
    shell, bodies = split_heredocs(command)
    segments = split_segments(shell)
    return Reading(
        tests=find_runner(segments),
        edits=_find_edits(segments, bodies),
        submits=bool(_SUBMIT.search(head)),
    )


def is_scratch(path: str) -> bool:
    """Whether a file is only the agent's own help: in /tmp, a reproduction, a log."""
    return bool(_SCRATCH.search(path)) or ("/" not in path.strip("./") and is_test(path))


def is_test(path: str) -> bool:
    """Whether a file holds tests, by its name or folder."""
    return bool(_TESTISH.search(path))


def same_file(one: str, other: str) -> bool:
    """Whether two paths may mean one file: equal, or one ends with the other."""
    one, other = one.removeprefix("./"), other.removeprefix("./")
    return one == other or one.endswith(f"/{other}") or other.endswith(f"/{one}")


def _find_edits(segments: list[Segment], bodies: str) -> tuple[str, ...]:
    edits: dict[str, None] = {}
    for segment in segments:
        program = segment.program
        tee = _TEE.match(program)
        if _SED.match(program):
            last = _LAST_PATH.search(program)
            edits[last.group(1) if last else ""] = None
        elif tee:
            edits[tee.group(1)] = None
        elif _APPLY.match(program):
            paths = [one or two for one, two in _PATCHED.findall(bodies)]
            edits.update(dict.fromkeys(paths or [""]))
        elif program.startswith(("cat", "echo", "printf")):
            edits.update((path, None) for _, path in _REDIRECT.findall(program))
    for match in _WRITES.finditer(bodies or "\n".join(segment.text for segment in segments)):
        edits[match.group(2) or match.group(4)] = None
    return tuple(path for path in edits if path != "/dev/null")


def _tool_edits(command: str) -> tuple[str, ...]:
    head = command[:2_000]
    if _TOOL_VIEW.match(head):
        return ()
    match = _TOOL_PATH.search(command) or _TOOL_WORD.match(head)
    return (match.group(1),) if match else ("",)
