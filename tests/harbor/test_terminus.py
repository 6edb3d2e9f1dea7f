"""Both Terminus agents against the scripted endpoint: four attempts, twice, on two tasks."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rematch.data.formats import atif
from rematch.data.records import Ending, Summary
from rematch.runs.folder import RunFolder
from rematch.testing import CONTEXT_OPENING, Endpoint
from tests.cli.running import rematch
from tests.harbor.runs import TASKS, ScriptedRun, read_trial
from tests.harbor.tasks import find_task

pytestmark = [pytest.mark.harbor, pytest.mark.filterwarnings("ignore")]

CANARY = 0.4242


def test_the_table_has_picks_and_rewards(scripted: ScriptedRun) -> None:
    assert scripted.done.code == 0, scripted.done.err
    for task in scripted.tasks:
        assert task.reward(task.pick.rollout_id) == 1
        row = next(line for line in scripted.done.out.splitlines() if task.task_id in line)
        assert row.split()[1:5] == ["1/4", "1/4", task.pick.rollout_id, "1"]
    assert re.search(r"^final pick +100\.0%", scripted.done.out, re.MULTILINE)


def test_trajectories_are_imported_with_their_cost(scripted: ScriptedRun) -> None:
    assert [task.task_id for task in scripted.tasks] == list(TASKS)
    for folder in RunFolder(scripted.folder).tasks():
        rollouts = folder.rollouts()
        assert len(rollouts) == 8
        for rollout in rollouts:
            assert rollout.trajectory.ending is Ending.SUBMITTED
            assert rollout.usage.calls == len(rollout.trajectory.steps) >= 3
            assert rollout.usage.input_tokens > 500 and rollout.usage.output_tokens > 20
            text = rollout.trajectory.model_dump_json()
            assert "quality=0." in text
            assert rollout.seconds is not None and rollout.patch is None


def test_rounds_are_played_down_to_k_and_to_one(scripted: ScriptedRun) -> None:
    for task in scripted.tasks:
        first, last = task.brackets
        assert (len(first.entrants), len(first.survivors)) == (4, 2)
        assert (len(last.entrants), last.survivors) == (4, (task.pick.rollout_id,))


def test_the_first_request_of_the_second_iteration_holds_the_context(
    scripted: ScriptedRun,
) -> None:
    first = [call for call in scripted.calls if call.role == "agent" and is_first(call.messages)]
    told = [call.messages[-1].text for call in first]
    assert len(told) == 16
    assert sum(CONTEXT_OPENING in text for text in told) == 8
    for task in scripted.tasks:
        survivors = task.brackets[0].survivors
        summaries = [read_summary(scripted.folder, task.task_id, name) for name in survivors]
        ours = [text for text in told if find_task(text, *TASKS) == task.task_id]
        later = [text for text in ours if all(s.final_outcome in text for s in summaries)]
        assert (len(ours), len(later)) == (8, 4)
        for rollout in task.population(1):
            assert rollout.priors == survivors


def is_first(messages: Any) -> bool:
    return not any(message.role == "assistant" for message in messages)


def read_summary(folder: Path, task_id: str, rollout_id: str) -> Summary:
    summary = RunFolder(folder).task(task_id).read_summary(rollout_id)
    assert summary is not None
    return summary


def test_every_trajectory_passes_the_validation_of_harbor(scripted: ScriptedRun) -> None:
    from harbor.utils.trajectory_validator import TrajectoryValidator

    for task in scripted.tasks:
        for rollout in task.rollouts:
            document = read_trial(scripted.folder, rollout.id, "agent/trajectory.json")
            validator = TrajectoryValidator()
            assert validator.validate(document), validator.errors
            assert atif.matches(document)


def test_a_second_look_at_the_same_command_makes_nothing_again(scripted: ScriptedRun) -> None:
    with Endpoint() as endpoint:
        done = rematch(*scripted.arguments, "--api-base", api_base(scripted.folder))
        assert len(endpoint.log) == 0
    assert done.code == 0, done.err
    costs = scripted.done.out.index("\nrole ")  # of the calls that this command made
    assert scripted.done.out.startswith(done.out[:costs])
    assert "\nrole " not in done.out


def api_base(folder: Path) -> str:
    document = json.loads((folder / "run.json").read_text())
    return str(document["config"]["models"]["agent"]["api_base"])


# ---- rewards cannot reach a prompt or a pick


def test_other_rewards_in_the_files_change_no_prompt_and_no_pick(
    scripted: ScriptedRun, tmp_path: Path
) -> None:
    again = tmp_path / "run"
    shutil.copytree(scripted.folder, again)
    assert plant_canaries(again) >= 3 * 16
    for made in ("summaries", "brackets", "grades", "pick.json"):
        for path in again.glob(f"tasks/*/{made}"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    calls, _ = serve(lambda url: rerun(scripted, again, url))

    for role in ("summarizer", "judge"):
        assert sorted(call.content_hash for call in calls if call.role == role) == (
            scripted.asked(role)
        )
    assert not any(str(CANARY) in message.text for call in calls for message in call.messages)
    assert picks(again) == picks(scripted.folder)
    grades = [g.reward for t in RunFolder(again).tasks() for g in t.grades().values()]
    assert set(grades) == {CANARY}  # and yet they are what the table shows


def test_other_rewards_change_nothing_for_select_on_the_trials(
    scripted: ScriptedRun, tmp_path: Path
) -> None:
    def select(folder: Path, url: str) -> dict[str, Any]:
        trials = [str(path) for path in sorted(folder.glob("tasks/*/trials"))]
        rules = ("--model", "openai/scripted", "--api-base", url, "-v", "2", "--json")
        done = rematch("select", *trials, *rules)
        assert done.code == 0, done.err
        tasks: dict[str, Any] = done.document["tasks"]
        return {name: task["pick"]["rollout_id"] for name, task in tasks.items()}

    changed = tmp_path / "run"
    shutil.copytree(scripted.folder, changed)
    plant_canaries(changed)

    before, picked = serve(lambda url: select(scripted.folder, url))
    after, picked_again = serve(lambda url: select(changed, url))

    assert len(before) > 16
    assert sorted(c.content_hash for c in after) == sorted(c.content_hash for c in before)
    assert picked_again == picked


def serve(work: Callable[[str], Any]) -> tuple[Any, Any]:
    with Endpoint() as endpoint:
        made = work(endpoint.url)
        return tuple(endpoint.log), made


def rerun(scripted: ScriptedRun, folder: Path, url: str) -> None:
    manifest = folder / "run.json"
    manifest.write_text(manifest.read_text().replace(api_base(folder), url))
    arguments = [*scripted.arguments[:-1], str(folder), "--api-base", url]
    done = rematch(*arguments)
    assert done.code == 0, done.err


def plant_canaries(folder: Path) -> int:
    """Put another reward wherever a verifier's stands; how many files were changed."""
    changed = 0
    for path in folder.glob("tasks/*/trials/*/*/result.json"):
        document = json.loads(path.read_text())
        document["verifier_result"]["rewards"] = {"reward": CANARY}
        path.write_text(json.dumps(document))
        changed += 1
    for path in folder.glob("tasks/*/trials/*/*/verifier/reward.txt"):
        path.write_text(f"{CANARY}\n")
        changed += 1
    for path in folder.glob("tasks/*/sealed/*.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "reward": CANARY}))
        changed += 1
    return changed


def picks(folder: Path) -> dict[str, str]:
    found = {}
    for task in RunFolder(folder).tasks():
        pick = task.read_pick()
        assert pick is not None
        found[pick.task_id] = pick.rollout_id
    return found
