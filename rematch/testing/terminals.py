"""The scripted agents at a terminal: Harbor's terminus-2 and our terminus-1, one plan each."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rematch.testing.agent_plan import CONTEXT_OPENING, Conversation, Plan
from rematch.testing.request import ChatRequest

_ATTEMPT = re.compile(r"\[attempt (\d+)\]")
_ASKS_JSON = "Format your response as JSON"
_TASK, _SCREEN = "\nTask Description:\n", "\n\nCurrent terminal state:\n"


@dataclass(frozen=True)
class _Typist:
    """Types a plan's commands, one a turn, then calls the task complete.

    Screens differ from container to container, so equal attempts begin with different requests:
    they are numbered in the order of their first ones, and carry their number in their replies.

    Attributes:
        plan: the commands, or a function that selects them.
        seconds: how long to wait for each.
        opening: the line by which a refinement context is known.
    """

    plan: Plan | Sequence[str] = ()
    seconds: float = 1.0
    opening: str = CONTEXT_OPENING
    role: str = "agent"
    _begun: Counter[str] = field(default_factory=Counter, repr=False, compare=False)

    def _next(self, request: ChatRequest, task: str) -> tuple[str, str | None]:
        """What to say of the next turn, and its command, None after the plan's end."""
        said = [message.text for message in request.messages if message.role == "assistant"]
        known = next((found for text in said if (found := _ATTEMPT.search(text))), None)
        if known is None:
            attempt = self._begun[task]
            self._begun[task] += 1
        else:
            attempt = int(known[1])
        conversation = Conversation(task, attempt, self.opening in task, request.model)
        commands = self.plan(conversation) if callable(self.plan) else self.plan
        turn = len(said)
        done = turn >= len(commands)
        what = "All is done." if done else f"Command {turn + 1} of {len(commands)}."
        return f"[attempt {attempt}] {what}", None if done else f"{commands[turn]}\n"


@dataclass(frozen=True)
class Terminus2(_Typist):
    """Answers Harbor's terminus-2 in its JSON format."""

    def matches(self, request: ChatRequest) -> bool:
        """Whether its prompt is in the first user message."""
        first = _first_user(request)
        return not request.tools and _ASKS_JSON in first and _TASK in first

    def reply(self, request: ChatRequest, rng: random.Random) -> str:
        """The next batch."""
        task = _first_user(request).partition(_TASK)[2].rpartition(_SCREEN)[0]
        analysis, keys = self._next(request, task)
        entries = [] if keys is None else [{"keystrokes": keys, "duration": self.seconds}]
        batch = {"analysis": analysis, "plan": "Follow the plan.", "commands": entries}
        return json.dumps({**batch, "task_complete": keys is None})


@dataclass(frozen=True)
class Terminus1(_Typist):
    """Answers OperateTerminal."""

    def matches(self, request: ChatRequest) -> bool:
        """Whether a turn's fields are asked for."""
        return request.asks_for("task_complete", "analysis", "explanation", "commands")

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        """The next turn's fields."""
        task, context, _ = request.require_prompt().require("task", "context", "terminal")
        analysis, keys = self._next(request, f"{task}\n\n{context}")
        entry = {"keys": keys, "blocking": True, "seconds": self.seconds}
        return {
            "task_complete": keys is None,
            "analysis": analysis,
            "explanation": "Follow the plan.",
            "commands": [] if keys is None else [entry],
        }


def _first_user(request: ChatRequest) -> str:
    return next((message.text for message in request.messages if message.role == "user"), "")
