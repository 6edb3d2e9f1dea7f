"""Reads DSPy's prompts back into fields, and our rendering of candidates and steps.

Follows dspy 3.4's ChatAdapter and JSONAdapter. Whatever deviates raises `Misunderstood`, so a
changed adapter or rendering is noticed at once and never answered by luck.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

_INPUTS = "Your input fields are:\n"
_OUTPUTS = "\nYour output fields are:\n"
_STRUCTURE = "\nAll interactions will be structured in the following way"
_OBJECTIVE = "\nIn adhering to this structure, your objective is:"
_JSON_OUTPUTS = "Outputs will be a JSON object with the following fields."
_REMINDERS = (
    "Respond with the corresponding output fields, starting with the field ",
    "Respond with a JSON object in the following order of fields: ",
)
_FIELD = re.compile(r"^\d+\. `(\w+)` \((.+?)\):", re.MULTILINE)
_MARKER = re.compile(r"\[\[ ## (\w+) ## \]\]")
_STEP = re.compile(r"^### Step (\d+)\b.*$", re.MULTILINE)
_HEADING = re.compile(r"\s*### (\w+) (\d+)\n(`{3,})\n")


class Misunderstood(ValueError):  # noqa: N818  (it is a verdict, and reads as one)
    """A request that the endpoint cannot make sense of. Answered with HTTP 400 and recorded."""


@dataclass(frozen=True)
class Field:
    """An input or output field: its name and its type as DSPy writes it."""

    name: str
    type: str


@dataclass(frozen=True)
class Structure:
    """What a DSPy system message says: fields, instruction, and the adapter's reply style."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]
    instruction: str
    style: Literal["chat", "json"]

    def render(self, values: Mapping[str, Any]) -> str:
        """A reply in the adapter's format. Values beyond the output fields are dropped."""
        missing = [field.name for field in self.outputs if field.name not in values]
        if missing:
            raise Misunderstood(f"no responder gives a value for output fields {missing}")
        chosen = {field.name: values[field.name] for field in self.outputs}
        if self.style == "json":
            return json.dumps(chosen, ensure_ascii=False)
        parts = [f"[[ ## {name} ## ]]\n{_as_text(value)}" for name, value in chosen.items()]
        return "\n\n".join([*parts, "[[ ## completed ## ]]\n"])


@dataclass(frozen=True)
class DspyPrompt:
    """One DSPy request: its structure and the values of its input fields.

    `stray` holds the names of field markers that stand inside values, where they could
    hijack a reply: a program that neutralises its inputs leaves none.
    """

    structure: Structure
    inputs: Mapping[str, str]
    stray: tuple[str, ...] = ()

    @property
    def instruction(self) -> str:
        """The signature's instruction, dedented."""
        return self.structure.instruction

    def outputs(self) -> frozenset[str]:
        """Names of the output fields."""
        return frozenset(field.name for field in self.structure.outputs)

    def require(self, *names: str) -> tuple[str, ...]:
        """The values of these input fields, of a prompt without stray markers."""
        missing = [name for name in names if name not in self.inputs]
        if missing:
            raise Misunderstood(f"the last user message lacks the input fields {missing}")
        if self.stray:
            raise Misunderstood(f"field markers stand inside input values: {list(self.stray)}")
        return tuple(self.inputs[name] for name in names)


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


@lru_cache(maxsize=256)
def parse_structure(system: str) -> Structure | None:
    """The structure that a system message describes; None when it is not DSPy's."""
    if not system.startswith(_INPUTS):
        return None
    head, structure_mark, rest = system.partition(_STRUCTURE)
    inputs, outputs_mark, outputs = head.partition(_OUTPUTS)
    shape, objective_mark, objective = rest.partition(_OBJECTIVE)
    if not (structure_mark and outputs_mark and objective_mark):
        raise Misunderstood("the system message begins as DSPy's but lacks one of its sections")
    fields_in = tuple(Field(*match) for match in _FIELD.findall(inputs))
    fields_out = tuple(Field(*match) for match in _FIELD.findall(outputs))
    style: Literal["chat", "json"] = "json" if _JSON_OUTPUTS in shape else "chat"
    listed = [field.name for field in (*fields_in, *fields_out)]
    if style == "chat" and _MARKER.findall(shape) != [*listed, "completed"]:
        raise Misunderstood(f"the system message lists the fields {listed} but shows others")
    if not fields_out:
        raise Misunderstood("the system message asks for no output fields")
    instruction = "\n".join(line.removeprefix(" " * 8) for line in objective.splitlines())
    return Structure(fields_in, fields_out, instruction.strip(), style)


def parse_prompt(system: str, user: str) -> DspyPrompt | None:
    """The DSPy request of a system and a last user message; None when it is not DSPy's."""
    structure = parse_structure(system)
    if structure is None:
        return None
    end = max(user.rfind(reminder) for reminder in _REMINDERS)
    if end < 0:
        raise Misunderstood("the last user message lacks DSPy's closing reminder of the fields")
    expected = [field.name for field in structure.inputs]
    places: list[tuple[str, int, int]] = []
    stray: list[str] = []
    for match in _MARKER.finditer(user, 0, end):
        if user[user.rfind("\n", 0, match.start()) + 1 : match.start()].strip():
            continue  # not at a line's start, where DSPy does not take it for a marker
        name = match.group(1)
        if name in expected:
            places.append((name, match.start(), match.end()))
            del expected[: expected.index(name) + 1]
        else:
            stray.append(name)
    ends = [start for _, start, _ in places[1:]] + [end]
    inputs = {
        name: user[begin:until].strip()
        for (name, _, begin), until in zip(places, ends, strict=False)
    }
    return DspyPrompt(structure, inputs, tuple(stray))


def numbered_blocks(text: str, word: str = "") -> tuple[str, ...]:
    """The bodies of `### Candidate 1` headings, each followed by one fenced block.

    Args:
        text: the field's value: such blocks, numbered from 1, and nothing else.
        word: the word before the number; empty accepts any.

    Raises:
        Misunderstood: on anything else.
    """
    bodies: list[str] = []
    place = 0
    while text[place:].strip():
        match = _HEADING.match(text, place)
        number = len(bodies) + 1
        end = text.find(f"\n{match[3]}", match.end() - 1) if match else -1
        if not match or end < 0 or int(match[2]) != number or word not in ("", match[1]):
            wanted = f"### {word or 'Word'} {number}"
            raise Misunderstood(f"expected {wanted!r} and a fence at: {text[place : place + 80]!r}")
        bodies.append(text[match.end() : end])
        place = end + 1 + len(match[3])
    return tuple(bodies)


def numbered_steps(text: str) -> dict[int, str]:
    """The bodies under the `### Step 12` lines of a trajectory, by number."""
    matches = list(_STEP.finditer(text))
    ends = [match.start() for match in matches[1:]] + [len(text)]
    return {
        int(match[1]): text[match.end() : end].strip()
        for match, end in zip(matches, ends, strict=False)
    }
