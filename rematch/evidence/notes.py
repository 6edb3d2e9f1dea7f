"""What an agent says: hypotheses that it marks as such, and the claims of its last message."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from rematch.data.records import Hypothesis, Step

_MARK = re.compile(
    r"^[ \t>*#-]*(hypothesis|suspect(?:ed cause)?|open|refuted|confirmed|ruled out|disproved)\**"
    r"(?: \(([^)\n]*)\))?\**[ \t]*:[ \t]*\**[ \t]*(\S[^\n]*)$",
    re.IGNORECASE | re.MULTILINE,
)
Fate = Literal["confirmed", "refuted", "open"]
_FATES: dict[str, Fate] = {
    "confirmed": "confirmed",
    "refuted": "refuted",
    "ruled out": "refuted",
    "disproved": "refuted",
}
_HEDGE = re.compile(
    r"\b(?:should (?:now )?(?:work|pass|be)|(?:may|might) (?:not|still|fail|need)|unable to"
    r"|could(?: not|n't)|(?:cannot|can't) (?:verify|test|run)|not (?:been )?(?:tested|verified)"
    r"|not able|untested|unverified|partial(?:ly)?|best (?:guess|effort)|approximat\w+"
    r"|unfortunately|remaining (?:issue|problem|work)s?|limitations?|workaround|placeholder"
    r"|probably|likely|incomplete|time ?out|ran out)\b",
    re.IGNORECASE,
)
_PASSES = re.compile(
    r"\b(?:(?:all|every)\b[^.\n]{0,60}\b(?:tests?|checks?|cases?|scenarios?)\b[^.\n]{0,30}"
    r"|(?:tests?|checks?) (?:all |now )?)\bpass(?:es|ed|ing)?\b"
    r"(?!,? (?:and |but )?[1-9]\d* (?:\w+ )?fail)",  # "12 tests passed, 1 failed"
    re.IGNORECASE,
)
_DONE = re.compile(
    r"\b(?:completed?|done|finished|implemented|fixed|resolved|solved|successfully"
    r"|works? correctly)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class FinalMessage:
    """What the last message with words claims. `hedges` counts words of doubt."""

    step: int = 0
    text: str = ""
    says_done: bool = False
    says_tests_pass: bool = False
    hedges: int = 0


def read_final_message(steps: tuple[Step, ...], characters: int = 4_000) -> FinalMessage:
    """The last message that says anything, among the last three steps."""
    for step in reversed(steps[-3:]):
        text = step.message.strip()
        if text:
            text = text[-characters:]
            return FinalMessage(
                step=step.number,
                text=text,
                says_done=bool(_DONE.search(text)),
                says_tests_pass=bool(_PASSES.search(text)),
                hedges=len(_HEDGE.findall(text)),
            )
    return FinalMessage()


def read_hypotheses(steps: tuple[Step, ...], most: int = 200) -> tuple[Hypothesis, ...]:
    """Lines such as `hypothesis: ...`, `refuted: ...`, `confirmed: ...`, with what became of each.

    A verdict line names its hypothesis again, and may go on after it; where it names none that
    was stated, it is a hypothesis of its own.
    """
    found: dict[str, _Trail] = {}
    for step in steps:
        if ":" not in step.message:
            continue
        for word, _, text in _MARK.findall(step.message):
            key = _match(found, text)
            if key not in found:
                if len(found) == most:
                    continue
                found[key] = _Trail(text.strip())
            found[key].add(_FATES.get(word.lower(), "open"), step.number)
    return tuple(
        Hypothesis(text=trail.text, fate=trail.fate, steps=tuple(trail.steps))
        for trail in found.values()
    )


@dataclass
class _Trail:
    """A hypothesis and where it was spoken of; the last verdict counts."""

    text: str
    fate: Fate = "open"
    steps: dict[int, None] = field(default_factory=dict)

    def add(self, fate: Fate, step: int) -> None:
        self.steps[step] = None
        if fate != "open":
            self.fate = fate


def _match(found: Mapping[str, object], text: str) -> str:
    """The key of the hypothesis that a line speaks of: equal, or one that the line begins with."""
    key = " ".join(text.rstrip(" .*").split())
    if key in found:
        return key
    return next((k for k in found if key.startswith((f"{k} ", f"{k}:", f"{k},"))), key)
