"""Changes of a program: what an operator proposes, how it is named, how it is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from rematch.agents.repairer.source import Source, Span

_SHOWN = 72


@dataclass(frozen=True)
class Change:
    """One edit of one file.

    Attributes:
        path: the file.
        line: the line (from 1, of the original file) that the operator looked at.
        operator: its name in the catalogue.
        spans: what is replaced.
        before: the lines that change, as shown in messages.
        after: what they become, as shown in messages.
        weight: how promising it is beside others of its operator and line.
        mark: tells changes apart whose other parts read the same.
    """

    path: str
    line: int
    operator: str
    spans: tuple[Span, ...]
    before: str
    after: str
    weight: float = 1.0
    mark: str = ""

    @property
    def key(self) -> str:
        """Its name in messages and summaries: `file:line operator: before -> after`."""
        return f"{self.path}:{self.line} {self.operator}: {self.before} -> {self.after}{self.mark}"

    @property
    def place(self) -> tuple[str, int]:
        """File and line."""
        return self.path, self.line


Patch = tuple[Change, ...]
"""Changes made together, none overlapping another."""

JOINT = "; "


def name_patch(patch: Patch) -> str:
    """The key of several changes: the newest first, so that no key begins with another one's.

    A reader who looks for the first change's key at a line's start must not find it here.
    """
    return JOINT.join(change.key for change in reversed(patch))


def make_change(
    source: Source, line: int, operator: str, spans: tuple[Span, ...], weight: float
) -> Change:
    """A change with the lines it touches as its before and after."""
    first = source.line_of(min(span.start for span in spans))
    last = source.line_of(max(_last(span) for span in spans))
    start, end = source.line_start(first), source.line_start(last) + len(source.lines[last - 1])
    old = new = source.text[start:end]
    for span in sorted(spans, reverse=True):
        new = new[: span.start - start] + span.text + new[span.end - start :]
    old_lines, new_lines = _trim_equal_lines(old.split("\n"), new.split("\n"))
    before, after = _show(old_lines), _show(new_lines)
    if before == after:  # only the indent differs
        first_line = new_lines[0] if new_lines else ""
        after += f" (indent {len(first_line) - len(first_line.lstrip())})"
    return Change(
        path=source.path,
        line=line,
        operator=operator,
        spans=spans,
        before=before,
        after=after,
        weight=weight,
    )


def overlaps(patch: Iterable[Change], change: Change) -> bool:
    """Whether a change touches what one of the others touches."""
    return any(
        one.path == change.path and a.start <= b.end and b.start <= a.end
        for one in patch
        for a in one.spans
        for b in change.spans
    )


def apply_patch(patch: Patch, sources: Mapping[str, Source]) -> dict[str, str]:
    """The new text of each file that the patch changes."""
    spans: dict[str, tuple[Span, ...]] = {}
    for change in patch:
        spans[change.path] = (*spans.get(change.path, ()), *change.spans)
    return {path: sources[path].apply(found) for path, found in sorted(spans.items())}


def is_sound(patch: Patch, sources: Mapping[str, Source]) -> bool:
    """Whether every file that the patch changes is a different program that compiles."""
    texts = apply_patch(patch, sources)
    return all(sources[path].becomes_other(text) for path, text in texts.items())


def write_edit(patch: Patch, sources: Mapping[str, Source]) -> str:
    """The patch as run_tests.py reads it: `@@ path:line`, old lines, new lines."""
    hunks = []
    for path, text in apply_patch(patch, sources).items():
        old, new = sources[path].lines, text.split("\n")
        for start, end, shift_start, shift_end in _differing(old, new):
            lines = [f"-{line}" for line in old[start:end]]
            lines += [f"+{line}" for line in new[shift_start:shift_end]]
            hunks.append("\n".join([f"@@ {path}:{start + 1}", *lines]))
    return "\n".join(hunks)


def _differing(old: list[str], new: list[str]) -> list[tuple[int, int, int, int]]:
    """Blocks of lines that differ: start and end in the old, start and end in the new."""
    from difflib import SequenceMatcher

    matcher = SequenceMatcher(None, old, new, autojunk=False)
    return [codes[1:] for codes in matcher.get_opcodes() if codes[0] != "equal"]


def _last(span: Span) -> int:
    """The last character that a span touches; an insertion at a line's start is no part of it."""
    return max(span.start, span.end - 1)


def _trim_equal_lines(old: list[str], new: list[str]) -> tuple[list[str], list[str]]:
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return old, new


def _show(lines: list[str]) -> str:
    text = " / ".join(" ".join(line.split()) for line in lines if line.strip())
    if not text:
        return "(nothing)"
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]}...{text[-_SHOWN // 2 :]}"
