"""The part of a trajectory that fits a token budget: head, tail and the most telling middle.

Nothing is cut silently: long texts say how much was left out, and the excerpt names the
steps that it leaves out. Which steps are telling is ours; the paper leaves it open.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable
from dataclasses import dataclass

from rematch.data.records import Action, Step, Trajectory

BYTES_PER_TOKEN = 3
"""Of code, logs and prose; real tokenizers take 3 to 4.5, so the estimate errs upwards."""

_HEAD_STEPS, _TAIL_STEPS = 3, 6
_NOTE = 40
_TEXT_CAPS = (6_000, 2_500, 1_000, 400, 150)
_TELLING = (
    (re.compile(r"\b(pytest|unittest|tox|cargo test|go test|npm test|make (test|check))\b"), 3),
    (re.compile(r"\b(FAILED|AssertionError|Traceback|panicked|error:|Error:|fatal:)"), 3),
    (re.compile(r"\b\d+ (passed|failed)\b|^OK$", re.MULTILINE), 2),
    (re.compile(r"(sed -i|str_replace|apply_patch|git (diff|apply)|cat\s*>|<<\s*'?EOF)"), 3),
    (re.compile(r"\b(root cause|because|the (bug|problem|issue) is|wait|actually)\b", re.I), 1),
)


@dataclass(frozen=True)
class Excerpt:
    """Rendered steps, and one line on what is missing ("" when nothing is)."""

    text: str
    left_out: str


def estimate_tokens(text: str) -> int:
    """An upper-side estimate of a text's tokens, the same for every model."""
    return -(-len(text.encode()) // BYTES_PER_TOKEN)


def clip(text: str, cap: int) -> str:
    """At most about `cap` characters: head and tail, with what is missing between."""
    missing = _count_missing(text, cap)
    if not missing:
        return text
    head = cap * 2 // 3
    return _join(text[:head], text[len(text) - (cap - head) :], missing)


def _count_missing(text: str, cap: int) -> int:
    """Characters that `clip` leaves out; never fewer than its note on them is long."""
    excess = len(text) - cap
    return excess if excess > _NOTE else 0


def clip_to_tokens(text: str, budget: int) -> str:
    """At most `budget` tokens of any script, the line on what is missing included."""
    if estimate_tokens(text) <= budget:
        return text
    data = text.encode()
    room = max(0, budget * BYTES_PER_TOKEN - len(_join("", "", len(text))))
    head = data[: room * 2 // 3].decode(errors="ignore")
    tail = data[len(data) - room // 3 :].decode(errors="ignore")
    return _join(head, tail, len(text) - len(head) - len(tail))


def _join(head: str, tail: str, missing: int) -> str:
    return f"{head}\n[... {missing:,} characters left out ...]\n{tail}"


def excerpt(trajectory: Trajectory, budget: int) -> Excerpt:
    """Render a trajectory within `budget` tokens.

    The widest cap on single texts under which head, tail and half of the other steps fit is
    taken; then the most telling steps fill the rest, and all are shown in their order.
    """
    steps = trajectory.steps
    telling = _read_telling(trajectory)
    # Of so many steps not even half can fit, whatever the cap.
    caps = _TEXT_CAPS if len(steps) * 2 <= budget else _TEXT_CAPS[-1:]
    for cap in caps:
        rendered = [_render(step, cap) for step in steps]
        sizes = [estimate_tokens(text) + 1 for text in rendered]
        if sum(sizes) <= budget:
            return Excerpt("\n\n".join(rendered), _describe(steps, range(len(steps)), cap))
        chosen = _choose(sizes, telling, budget)
        if len(chosen) * 2 >= len(steps):
            break
    if not chosen:
        return _show_last(steps, rendered[-1], budget)
    text = "\n\n".join(rendered[index] for index in chosen)
    return Excerpt(text, _describe(steps, chosen, cap))


_CACHE: dict[int, list[int]] = {}


def _read_telling(trajectory: Trajectory) -> list[int]:
    """How telling each step is; read once for each trajectory object, as long as it lives."""
    key = id(trajectory)
    known = _CACHE.get(key)
    if known is None:
        known = _CACHE[key] = [_tell(step) for step in trajectory.steps]
        weakref.finalize(trajectory, _CACHE.pop, key, None).atexit = False
    return known


def _render(step: Step, cap: int) -> str:
    parts = [f"### Step {step.number}"]
    if step.message.strip():
        parts.append(clip(step.message.strip(), cap))
    parts.extend(_render_action(action, cap) for action in step.actions)
    return "\n".join(parts)


def _render_action(action: Action, cap: int) -> str:
    code = "" if action.exit_code is None else f" (exit code {action.exit_code})"
    output = clip(action.output.rstrip(), cap)
    return f"$ {clip(action.command, cap)}\n-> output{code}:\n{output}"


def _choose(sizes: list[int], telling: list[int], budget: int) -> list[int]:
    """Indexes that fit: tail first, then head, then the middle by how telling it is."""
    last = len(sizes) - 1
    tail = range(last, max(last - _TAIL_STEPS, -1), -1)
    head = range(min(_HEAD_STEPS, len(sizes)))
    middle = sorted(range(len(sizes)), key=lambda i: (-telling[i], -i))
    chosen: set[int] = set()
    left = budget
    for index in (*tail, *head, *middle):
        if index not in chosen and sizes[index] <= left:
            chosen.add(index)
            left -= sizes[index]
    return sorted(chosen)


def _show_last(steps: tuple[Step, ...], rendered: str, budget: int) -> Excerpt:
    """The last step's head and tail, where no step fits whole."""
    shown = clip_to_tokens(rendered, budget)
    if estimate_tokens(shown) > budget:
        return Excerpt("", _describe(steps, (), 0))
    others = f"{_describe(steps, [len(steps) - 1], len(rendered))} and " if len(steps) > 1 else ""
    return Excerpt(shown, f"{others}the middle of step {steps[-1].number}")


def _tell(step: Step) -> int:
    text = clip(
        "\n".join([step.message, *(f"{a.command}\n{clip(a.output, 4_000)}" for a in step.actions)]),
        12_000,
    )
    failed = any(action.exit_code not in (0, None) for action in step.actions)
    return failed + sum(weight for pattern, weight in _TELLING if pattern.search(text))


def _describe(steps: tuple[Step, ...], chosen: Iterable[int], cap: int) -> str:
    kept = set(chosen)
    missing = [step.number for index, step in enumerate(steps) if index not in kept]
    texts = (text for index in kept for text in _texts(steps[index]))
    cut = sum(_count_missing(text, cap) for text in texts)
    parts = []
    if missing:
        parts.append(f"{len(missing)} of {len(steps)} steps ({_spans(missing)})")
    if cut:
        parts.append(f"{cut:,} characters inside long texts of the steps shown")
    return " and ".join(parts)


def _texts(step: Step) -> Iterable[str]:
    yield step.message.strip()
    for action in step.actions:
        yield action.command
        yield action.output.rstrip()


def _spans(numbers: list[int], most: int = 30) -> str:
    """`3-7, 9`; past `most` spans the rest is only counted, so the note stays short."""
    spans: list[list[int]] = []
    for number in numbers:
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    shown = [f"{a}-{b}" if b > a else str(a) for a, b in spans[:most]]
    rest = len(spans) - most
    return ", ".join(shown) + (f" and {rest} more spans" if rest > 0 else "")
