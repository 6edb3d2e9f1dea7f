"""What the refinement context in the first prompt says about hypotheses already tried."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field

from rematch.signatures.frame import OPENING

_CLAIM = re.compile(
    r"^[\s>*-]*\[(?P<fate>refuted|confirmed|open)\]\s*(?P<key>\S+?:\d+\s+[\w-]+:\s.+?)"
    r"(?:\s*\(steps? [\d, ]+\))?\s*$"
)
_KEY = re.compile(r"(?P<key>\S+?:\d+\s+[\w-]+:\s.+\s->\s.+?)(?:\s*\(steps? [\d, ]+\))?\s*$")
_ATTEMPT = re.compile(r"^#+ Attempt \d+")
_SECTION = re.compile(r"^([A-Z][\w' ]+):\s*$")
_SECTION_FATES = {
    "Agreed or verified": "confirmed",
    "Open ends": "open",
    "Dead ends": "refuted",
}


@dataclass
class Priors:
    """Normalized keys with the number of earlier attempts that say so."""

    refuted: Counter[str] = field(default_factory=Counter)
    confirmed: Counter[str] = field(default_factory=Counter)
    open: Counter[str] = field(default_factory=Counter)

    def __bool__(self) -> bool:
        return bool(self.refuted or self.confirmed or self.open)

    def describe(self) -> str:
        """One line for the first message."""
        counts = (len(self.confirmed), len(self.open), len(self.refuted))
        return "{} confirmed, {} open, {} refuted hypotheses".format(*counts)


def normalize_key(key: str) -> str:
    """A key as it is compared: without white space, which renderers may change."""
    return "".join(key.split())


def split_prompt(prompt: str) -> tuple[str, str]:
    """The prompt before the refinement context, and the context ("" without one)."""
    issue, opening, context = prompt.partition(OPENING)
    return issue, context if opening else ""


def read_priors(context: str) -> Priors:
    """Reads the hypotheses and their fates out of rendered summaries or a workspace.

    Summaries say `- [refuted] KEY (steps 4, 5)`; a distilled workspace has sections of dead
    ends, open ends and what is agreed. An attempt that names a key twice counts once; a key
    that one attempt saw pass and another saw fail counts on both sides.
    """
    priors = Priors()
    seen: set[tuple[str, str]] = set()
    section = ""
    for line in context.split("\n"):
        if _ATTEMPT.match(line):
            seen.clear()
            section = ""
        heading = _SECTION.match(line)
        if heading:
            section = _SECTION_FATES.get(heading[1], "")
        found = _CLAIM.match(line)
        fate = found["fate"] if found else section
        if found is None and section:
            found = _KEY.search(line)
        if found is None:
            continue
        entry = (fate, normalize_key(found["key"]))
        if entry not in seen:
            seen.add(entry)
            getattr(priors, fate)[entry[1]] += 1
    return priors
