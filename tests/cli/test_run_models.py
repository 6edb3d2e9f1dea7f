"""`rematch run` with a model behind the agent, in the sandboxes that isolate."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from rematch.testing import Agent, Conversation, Endpoint
from tests.cli.projects import write_task
from tests.cli.running import start_rematch

FIX = "sed -i 's/value > low/value < low/' bounds.py"
WRONG = "sed -i 's/return low/return value/' bounds.py"
IMAGE = "agent.sandbox.docker.image=rematch-test-base:bookworm"


def plan(conversation: Conversation) -> Sequence[str]:
    """Iteration 0 mends it half of the time, iteration 1 always."""
    mends = conversation.refined or conversation.attempt % 2
    return ["python3 -m unittest -q", FIX if mends else WRONG]


@pytest.mark.parametrize(
    "kind",
    [
        "process",
        pytest.param("bwrap", marks=pytest.mark.bwrap),
        pytest.param("docker", marks=pytest.mark.docker),
    ],
)
def test_the_pipeline_end_to_end(kind: str, tmp_path: Path) -> None:
    task = write_task(tmp_path / "clamp")
    with Endpoint(agent=Agent(plan)) as endpoint:
        process = start_rematch(
            *("run", task, "--model", "openai/scripted", "--api-base", endpoint.url),
            *("-n", "4", "-k", "2", "-v", "3", "--sandbox", kind, "-c", IMAGE),
            *("-o", tmp_path / "run", "--json"),
        )
        out, err = process.communicate(timeout=240)
        calls = endpoint.calls(role="agent")
    assert process.returncode == 0, err
    result = json.loads(out)["tasks"]["clamp"]
    pick = result["pick"]["rollout_id"]
    assert pick.startswith("clamp-t1-")
    assert result["rewards"][pick] == 1
    rewards = [r for name, r in result["rewards"].items() if "-t0-" in name]
    assert sorted(rewards) == [0, 0, 1, 1]
    firsts = [c.messages for c in calls if c.messages and len(c.messages) == 2]
    told = ["What earlier attempts" in str(messages) for messages in firsts]
    assert told.count(True) == 4  # every rollout of iteration 1, from its first prompt
    assert "mini-SWE-agent" not in json.dumps(result)
