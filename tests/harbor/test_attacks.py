"""What a hostile agent does in its environment reaches neither this machine nor a prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from rematch.app import load_run
from rematch.runs.folder import RunFolder
from rematch.testing import Conversation, Endpoint, Terminus1
from tests.cli.running import rematch
from tests.harbor.tasks import copy_tasks, fixing_command

pytestmark = [pytest.mark.harbor, pytest.mark.filterwarnings("ignore")]

LEAK = (
    "(while ! grep -q 1 /logs/verifier/reward.txt; do sleep 0.02; done; "
    "sed -i s/Follow/CANARY/ /logs/agent/trajectory.json) "
    ">/dev/null 2>&1 &"
)


def test_a_link_in_the_log_folder_and_a_reward_written_behind_the_agents_back(
    tmp_path: Path,
) -> None:
    tasks, victim = copy_tasks(tmp_path / "tasks", "wrap-width"), tmp_path / "victim"
    link = f"ln -sf {victim} /logs/agent/trajectory.json"

    def plan(conversation: Conversation) -> list[str]:
        return [link, fixing_command("wrap-width"), LEAK, "echo quality=0.5"]

    with Endpoint(Terminus1(plan, seconds=5.0)) as endpoint:
        models = ("--model", "openai/scripted", "--api-base", endpoint.url)
        rules = ("-n", "1", "-t", "1", "-o", str(tmp_path / "run"))
        done = rematch("run", tasks, "--agent", "harbor:terminus-1", *models, *rules)
        prompts = [message.text for call in endpoint.log for message in call.messages]

    assert done.code == 0, done.err
    (task,) = load_run(tmp_path / "run")
    assert task.reward(task.pick.rollout_id) == 1
    (rollout,) = RunFolder(tmp_path / "run").task("wrap-width").rollouts()
    assert "Follow" in rollout.model_dump_json()
    told = [rollout.model_dump_json(), *prompts]
    assert not any("CANARY the plan" in text for text in told)
    assert not victim.exists()
