import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rematch.signatures.frame import OPENING, frame_context
from rematch.testing import CONTEXT_OPENING, Agent, ChatRequest, Conversation, Endpoint, Fault
from tests.testing.client import chat, post

TOOL = {"type": "function", "function": {"name": "bash", "parameters": {}}}


def request(*turns: dict[str, Any], task: str = "Repair it.") -> dict[str, Any]:
    messages = [{"role": "system", "content": "x"}, {"role": "user", "content": task}, *turns]
    return chat(messages, tools=[TOOL])


def converse(endpoint: Endpoint, count: int, task: str = "Repair it.") -> list[str]:
    """The commands of one attempt, every one answered with the same output."""
    turns: list[dict[str, Any]] = []
    commands = []
    for _ in range(count):
        message = post(endpoint, request(*turns, task=task)).body["choices"][0]["message"]
        (call,) = message["tool_calls"]
        commands.append(call["function"]["arguments"])
        turns += [message, {"role": "tool", "tool_call_id": call["id"], "content": "ok"}]
    return commands


def test_the_plan_is_followed_and_then_submitted() -> None:
    with Endpoint(agent=Agent(["ls", "make"])) as endpoint:
        commands = converse(endpoint, 4)
    submit = '{"command": "echo COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"}'
    assert commands == ['{"command": "ls"}', '{"command": "make"}', submit, submit]
    assert {call.role for call in endpoint.log} == {"agent"}
    assert endpoint.log[1].messages[2].tool_calls[0].arguments == '{"command": "ls"}'


def test_equal_attempts_side_by_side_keep_to_their_own_plans() -> None:
    def plan(conversation: Conversation) -> Sequence[str]:
        return [f"echo {conversation.attempt} {turn}" for turn in range(2)]

    with Endpoint(agent=Agent(plan)) as endpoint:
        answers = [post(endpoint, request()) for _ in range(3)]
        openings = [answer.body["choices"][0]["message"] for answer in answers]
        tool = {"role": "tool", "content": "ok"}
        followed = [
            post(endpoint, request(opening, tool | {"tool_call_id": "x"})).body
            for opening in reversed(openings)
        ]
    second = [
        b["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"] for b in followed
    ]
    assert second == [f'{{"command": "echo {attempt} 1"}}' for attempt in (2, 1, 0)]


def test_a_plan_may_follow_the_context_and_the_task() -> None:
    def plan(conversation: Conversation) -> Sequence[str]:
        return ["refined" if conversation.refined else "first", conversation.task[:6]]

    with Endpoint(agent=Agent(plan)) as endpoint:
        plain = converse(endpoint, 2)
        refined = converse(endpoint, 2, "Mend.\n\n" + frame_context("It is in a.py.", 2))
    assert plain == ['{"command": "first"}', '{"command": "Repair"}']
    assert refined[0] == '{"command": "refined"}'
    assert CONTEXT_OPENING == OPENING


@pytest.mark.filterwarnings("ignore:Items? .* on TypedDict class:UserWarning")
@pytest.mark.usefixtures("tidy_litellm")
def test_the_real_agent_runs_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSWEA_SILENT_STARTUP", "1")
    monkeypatch.setenv("MSWEA_GLOBAL_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT", "1")
    from minisweagent.agents.default import DefaultAgent
    from minisweagent.environments.local import LocalEnvironment
    from minisweagent.models.litellm_model import LitellmModel

    def faults(request: ChatRequest, rng: random.Random) -> Fault | None:
        return Fault.MALFORMED if request.number == 0 else None

    with Endpoint(agent=Agent(["echo hello > made", "cat made"]), faults=faults) as endpoint:
        model = LitellmModel(
            model_name="openai/scripted",
            model_kwargs={"api_base": endpoint.url, "api_key": "any"},
            cost_tracking="ignore_errors",
        )
        agent = DefaultAgent(
            model,
            LocalEnvironment(cwd=str(tmp_path)),
            system_template="You mend.",
            instance_template="{{task}}",
            max_consecutive_format_errors=0,
            step_limit=20,
        )
        result = agent.run("Make it.")
    assert result["exit_status"] == "Submitted"
    assert (tmp_path / "made").read_text() == "hello\n"
    outputs = [message["content"] for message in agent.messages if message["role"] == "tool"]
    assert "hello" in outputs[1]
    assert len(endpoint.calls(answered=True)) == 3
