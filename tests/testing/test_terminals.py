"""The scripted agents at a terminal, asked as Harbor's and our own terminus ask."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from rematch.testing.agent_plan import CONTEXT_OPENING, Conversation
from rematch.testing.request import ChatRequest
from rematch.testing.terminals import Terminus2

PLAN = ("ls", "cat a.py")


def ask(task: str, *said: str, screen: str = "$ ", **more: Any) -> ChatRequest:
    first = (
        f"Format your response as JSON.\n\nTask Description:\n{task}\n\n"
        f"Current terminal state:\n{screen}"
    )
    messages = [{"role": "user", "content": first}]
    for text in said:
        messages += [
            {"role": "assistant", "content": text},
            {"role": "user", "content": "$ more"},
        ]
    return ChatRequest(1, {"model": "m", "messages": messages, **more})


def reply(agent: Terminus2, request: ChatRequest) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(agent.reply(request, random.Random(0)))
    return found


def test_one_command_a_turn_and_then_it_is_complete() -> None:
    agent = Terminus2(PLAN, seconds=2.5)
    said: list[str] = []
    typed, done = [], []
    for _ in range(3):
        answer = reply(agent, ask("Mend it.", *said))
        typed.append([entry["keystrokes"] for entry in answer["commands"]])
        done.append(answer["task_complete"])
        assert all(entry["duration"] == 2.5 for entry in answer["commands"])
        said.append(json.dumps(answer))
    assert typed == [["ls\n"], ["cat a.py\n"], []]
    assert done == [False, False, True]


def test_equal_attempts_are_told_apart_by_their_number() -> None:
    seen: list[Conversation] = []

    def plan(conversation: Conversation) -> list[str]:
        seen.append(conversation)
        return [f"echo {conversation.attempt}"]

    agent = Terminus2(plan)
    first = reply(agent, ask("Mend it.", screen="host1$ "))
    second = reply(agent, ask("Mend it.", screen="host2$ "))
    other = reply(agent, ask("Another."))
    assert [one["commands"][0]["keystrokes"] for one in (first, second, other)] == [
        "echo 0\n",
        "echo 1\n",
        "echo 0\n",
    ]
    again = reply(agent, ask("Mend it.", json.dumps(second)))
    assert again["task_complete"]
    assert again["analysis"].startswith("[attempt 1]")
    assert [conversation.task for conversation in seen[:3]] == ["Mend it.", "Mend it.", "Another."]
    assert {conversation.model for conversation in seen} == {"m"}


def test_a_refined_attempt_is_known_by_its_context() -> None:
    agent = Terminus2(lambda conversation: ["refined" if conversation.refined else "plain"])
    assert reply(agent, ask("Mend it."))["commands"][0]["keystrokes"] == "plain\n"
    told = ask(f"Mend it.\n\n{CONTEXT_OPENING}\n...")
    assert reply(agent, told)["commands"][0]["keystrokes"] == "refined\n"


@pytest.mark.parametrize(
    ("request_", "known"),
    [
        (ask("Mend it."), True),
        (ask("Mend it.", tools=[{"function": {"name": "bash"}}]), False),
        (ChatRequest(1, {"messages": [{"role": "user", "content": "Mend it."}]}), False),
        (ChatRequest(1, {"messages": [{"role": "system", "content": "x"}]}), False),
    ],
)
def test_only_its_own_prompt_is_answered(request_: ChatRequest, known: bool) -> None:
    assert Terminus2(PLAN).matches(request_) is known


def test_a_plan_of_nothing_is_complete_at_once() -> None:
    assert reply(Terminus2(), ask("Mend it."))["task_complete"]
