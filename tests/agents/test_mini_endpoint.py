"""The real agent with the real LiteLLM model against the scripted endpoint."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from rematch.agents.mini import MiniAgent, MiniConfig, MiniModelConfig
from rematch.data.records import Ending, Rollout
from rematch.errors import ModelRefusedError
from rematch.signatures.frame import frame_context
from rematch.testing import Agent, ChatRequest, Conversation, Endpoint, Fault
from tests.agents.boxes import ALL, ISOLATED, TASK, list_actions, make_sandbox

pytestmark = pytest.mark.usefixtures("tidy_litellm")

FIX = "printf 'x = 2\\n' > a.py"


def attempt(
    endpoint: Endpoint, source: Path, kind: str = "process", context: str = "", **model: Any
) -> Rollout:
    settings: dict[str, Any] = {"model": "openai/scripted", "attempts": 1} | model
    agent = MiniAgent(
        MiniConfig(step_limit=10),
        lambda _: make_sandbox(kind, source),
        model=MiniModelConfig(api_base=endpoint.url, **settings),
    )
    return asyncio.run(agent.attempt(TASK, context=context, iteration=0, index=0))


@pytest.mark.parametrize("kind", ALL)
def test_a_rollout_end_to_end(kind: str, source: Path) -> None:
    with Endpoint(agent=Agent(["cat a.py", FIX, "false"])) as endpoint:
        rollout = attempt(endpoint, source, kind)
    assert [action.exit_code for action in list_actions(rollout)] == [0, 0, 1, None]
    assert rollout.trajectory.ending is Ending.SUBMITTED
    assert rollout.patch is not None
    assert "+x = 2" in rollout.patch
    used, told = rollout.usage, endpoint.usage()
    assert (used.calls, used.input_tokens, used.output_tokens) == (
        4,
        told.input_tokens,
        told.output_tokens,
    )
    assert used.cost_usd is None  # nobody knows the price


@pytest.mark.parametrize("kind", ISOLATED)
def test_the_context_changes_what_is_done(kind: str, source: Path) -> None:
    def plan(conversation: Conversation) -> Sequence[str]:
        return [FIX] if conversation.refined else ["ls"]

    with Endpoint(agent=Agent(plan)) as endpoint:
        assert attempt(endpoint, source, kind).patch == ""
        refined = attempt(endpoint, source, kind, frame_context("It is in a.py.", 2))
    assert refined.patch


def test_prices_that_are_given_make_the_cost(source: Path) -> None:
    with Endpoint(agent=Agent(["true"])) as endpoint:
        rollout = attempt(
            endpoint, source, model="openai/priced", input_price=2.0, output_price=10.0
        )
    used = rollout.usage
    assert used.cost_usd == pytest.approx((2 * used.input_tokens + 10 * used.output_tokens) / 1e6)


def test_the_cost_limit_is_an_ending(source: Path) -> None:
    agent = Agent(["true"] * 9)
    with Endpoint(agent=agent) as endpoint:
        rollout = attempt(endpoint, source, model="openai/dear", input_price=1e6, output_price=1e6)
    assert rollout.trajectory.ending is Ending.LIMIT
    assert rollout.trajectory.ending_detail == "LimitsExceeded"
    assert rollout.usage.calls == 1


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (Fault.SERVER_ERROR, "InternalServerError"),
        (Fault.RATE_LIMIT, "RateLimitError"),
        (Fault.DROP, "InternalServerError"),
    ],
)
def test_a_failing_provider_is_an_ending(source: Path, fault: Fault, name: str) -> None:
    def faults(request: ChatRequest, rng: random.Random) -> Fault | None:
        return fault if len(request.messages) > 2 else None

    with Endpoint(agent=Agent([FIX]), faults=faults) as endpoint:
        rollout = attempt(endpoint, source)
    assert rollout.trajectory.ending is Ending.CRASHED
    assert name in rollout.trajectory.ending_detail
    assert len(rollout.trajectory.steps) == 1
    assert rollout.patch


@pytest.mark.slow
def test_a_call_that_fails_once_is_made_again(source: Path) -> None:
    def faults(request: ChatRequest, rng: random.Random) -> Fault | None:
        return Fault.SERVER_ERROR if request.number == 0 else None

    with Endpoint(agent=Agent([FIX]), faults=faults) as endpoint:
        rollout = attempt(endpoint, source, attempts=2)
    assert rollout.trajectory.ending is Ending.SUBMITTED


@pytest.mark.parametrize("fault", [Fault.EXPIRED_KEY, Fault.NO_MONEY, Fault.UNKNOWN_MODEL])
def test_a_provider_that_refuses_is_no_ending_but_stops_the_run(source: Path, fault: Fault) -> None:
    """Every other rollout would end so; the refusal is not asked for twice."""

    def faults(request: ChatRequest, rng: random.Random) -> Fault | None:
        return fault

    with Endpoint(agent=Agent([FIX]), faults=faults) as endpoint:
        with pytest.raises(ModelRefusedError):
            attempt(endpoint, source, attempts=3)
        assert len(endpoint.log) == 1


def test_replies_without_a_command_end_the_rollout(source: Path) -> None:
    def faults(request: ChatRequest, rng: random.Random) -> Fault | None:
        return Fault.MALFORMED

    with Endpoint(agent=Agent([FIX]), faults=faults) as endpoint:
        rollout = attempt(endpoint, source)
    assert rollout.trajectory.ending is Ending.CRASHED
    assert rollout.trajectory.ending_detail == "RepeatedFormatError"
