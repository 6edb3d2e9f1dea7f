"""The scripted agent: calls a bash tool, one planned command after the other."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rematch.testing.request import ChatRequest, Reply, ToolCall

SUBMIT = "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"
CONTEXT_OPENING = "## What earlier attempts at this task found"
_CALL_ID = re.compile(r"^call_(\d+)_\d+$")


@dataclass(frozen=True)
class Conversation:
    """What a plan may depend on.

    Attributes:
        task: the first user message, with everything that the agent was told.
        attempt: how many conversations began with the same request before this one.
        refined: whether a refinement context stands in the first message.
        model: the model's name.
    """

    task: str
    attempt: int
    refined: bool
    model: str


Plan = Callable[[Conversation], Sequence[str]]


@dataclass(frozen=True)
class Agent:
    """Follows a plan of shell commands, as mini-SWE-agent's tool-calling model is asked to.

    The n-th assistant message calls the plan's n-th command; after the plan's end, `submit`.
    Which conversation a request belongs to is carried by the tool calls' ids, so equal
    attempts at one task may follow different plans, side by side.

    Attributes:
        plan: the commands, or a function that selects them.
        submit: the command that ends an attempt.
        opening: the line by which a refinement context is known.
    """

    plan: Plan | Sequence[str] = ()
    submit: str = SUBMIT
    opening: str = CONTEXT_OPENING
    tool: str = "bash"
    role: str = "agent"

    def matches(self, request: ChatRequest) -> bool:
        """Whether the tool is on offer."""
        return self.tool in request.tools

    def reply(self, request: ChatRequest, rng: random.Random) -> Reply:
        """The next tool call."""
        turn = sum(message.role == "assistant" for message in request.messages)
        attempt = self._attempt(request)
        task = next((m.text for m in request.messages if m.role == "user"), "")
        conversation = Conversation(task, attempt, self.opening in task, request.model)
        commands = self.plan(conversation) if callable(self.plan) else self.plan
        done = turn >= len(commands)
        command = self.submit if done else commands[turn]
        call = ToolCall(self.tool, json.dumps({"command": command}), f"call_{attempt}_{turn}")
        text = "All is done: submit." if done else f"Command {turn + 1} of {len(commands)}."
        return Reply(text, (call,), "tool_calls")

    def _attempt(self, request: ChatRequest) -> int:
        calls = (call for message in request.messages for call in message.tool_calls)
        found = next((match for call in calls if (match := _CALL_ID.match(call.id))), None)
        return int(found[1]) if found else request.sample
