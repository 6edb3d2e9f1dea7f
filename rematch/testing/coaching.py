"""A judge that reads what its instruction asks for, and a coach that proposes instructions.

With both, an endpoint behaves as tuning needs it: better instructions make better votes, and only
the endpoint knows which those are.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from rematch.testing.judge import Judge, hash_quality
from rematch.testing.request import ChatRequest

_PROPOSALS = ("new_instruction", "proposed_instruction")
_REMARKS = (
    *("proposed_prefix_for_output_field", "program_description", "module_description"),
    *("observations", "summary", "discussion", "module_advice"),
)
_CURRENT = ("current_instruction", "basic_instruction")
_ATTEMPT = re.compile(r"Instruction #\d+: (.*?)(?=\s*(?:»|\[\d+\]|Prefix #))", re.DOTALL)


@dataclass(frozen=True)
class AttentiveJudge(Judge):
    """Votes by what its instruction asks for, and by a hash of the texts where that is nothing.

    Attributes:
        looks_for: a phrase that the instruction may hold, and the pattern whose first group is
            then read from each candidate as a number: the sum of all such numbers is its worth.
    """

    looks_for: Mapping[str, re.Pattern[str]] = field(default_factory=dict)

    def reply(self, request: ChatRequest, rng: random.Random) -> str | Mapping[str, Any]:
        """One vote."""
        instruction = _flatten(request.require_prompt().instruction)
        asked = [p for phrase, p in self.looks_for.items() if _flatten(phrase) in instruction]

        def weigh(candidate: str) -> float:
            found = [number for pattern in asked for number in pattern.findall(candidate)[-1:]]
            return sum(map(float, found)) if found else hash_quality(candidate)

        settings = {one.name: getattr(self, one.name) for one in fields(Judge)}
        return Judge(**{**settings, "quality": weigh}).reply(request, rng)


@dataclass(frozen=True)
class Coach:
    """Answers whatever DSPy's optimizers ask a prompt model (GEPA, MIPROv2, COPRO, SIMBA).

    A proposal is the instruction that it was shown with one sentence more.

    Attributes:
        sentences: what may be added; one is drawn each time.
    """

    sentences: Sequence[str]
    role: str = "coach"

    def matches(self, request: ChatRequest) -> bool:
        """Whether nothing but proposals and remarks on them is asked for."""
        outputs = request.prompt.outputs() if request.prompt else frozenset()
        return bool(outputs) and outputs <= {*_PROPOSALS, *_REMARKS}

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        """A proposal, or a remark that says nothing."""
        prompt = request.require_prompt()
        sentence = rng.choice(list(self.sentences))
        made: dict[str, Any] = dict.fromkeys(_REMARKS, "Nothing to remark.")
        made |= dict.fromkeys(_PROPOSALS, f"{_find_current(prompt.inputs)}\n\n{sentence}")
        if "module_names" in prompt.inputs:
            modules = json.loads(prompt.inputs["module_names"])
            made["module_advice"] = dict.fromkeys(modules, sentence)
        return made


def _find_current(inputs: Mapping[str, str]) -> str:
    """The instruction to go on from; of COPRO's attempts the last, which scored best."""
    for name in _CURRENT:
        if name in inputs:
            return inputs[name].strip()
    attempts = _ATTEMPT.findall(inputs.get("attempted_instructions", ""))
    return attempts[-1].strip() if attempts else ""


def _flatten(text: str) -> str:
    return " ".join(text.lower().split())
