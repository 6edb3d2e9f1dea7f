"""The whole way on a genuine instance: containers, models, bracket, refinement, the harness."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from rematch.data.records import Ending
from rematch.runs.folder import RunFolder
from rematch.testing import CONTEXT_OPENING, Agent, Call, Endpoint
from tests.cli.running import start_rematch
from tests.swebench.daemon import list_containers
from tests.swebench.instance import ID
from tests.swebench.plans import follow

pytestmark = [pytest.mark.docker, pytest.mark.slow]

RULES = ("-t", "2", "-k", "2", "-v", "2", "--seed", "5")
CANARY = "canary-91c4"


def run(suite: Path, output: Path, *options: str) -> tuple[Any, tuple[Call, ...], str]:
    """Run with the scripted endpoint: the JSON that was printed, the calls, and stderr."""
    with Endpoint(agent=Agent(follow), seed=2) as endpoint:
        models = ("--model", "openai/scripted", "--api-base", endpoint.url)
        where = ("-o", str(output), "--json")
        arguments = ("run", str(suite), *RULES, *options, *models, *where)
        process = start_rematch(*arguments, OPENAI_API_KEY="x")
        out, err = process.communicate(timeout=900)
        calls = tuple(endpoint.log)
    assert process.returncode == 0, err
    return json.loads(out), calls, err


def test_four_attempts_twice_become_one_graded_pick(
    flask_file: Path, tmp_path: Path, nothing_left: str
) -> None:
    folder = tmp_path / nothing_left
    document, calls, _ = run(flask_file, folder, "-n", "4")

    task = RunFolder(folder).task(ID)
    rollouts = {rollout.id: rollout for rollout in task.rollouts()}
    grades = task.grades()
    assert Counter(grade.reward for grade in grades.values()) == {0.0: 6, 1.0: 2}
    assert {grade.status for grade in grades.values()} == {"graded"}
    pick = document["tasks"][ID]["pick"]["rollout_id"]
    assert document["tasks"][ID]["rewards"][pick] == 1
    assert rollouts[pick].iteration == 1

    # The prediction is the pick, in the form that the harness reads.
    predictions = json.loads(Path(document["predictions"]).read_text())
    assert predictions[ID]["model_patch"] == rollouts[pick].patch

    # Scripts and the patch file are no part of a patch; who gave up has none.
    patches = Counter(rollout.patch or "" for rollout in rollouts.values())
    assert sorted(patches.values()) == [2, 2, 2, 2]
    names = re.findall(r"^\+\+\+ (.*)$", "".join(patches), re.MULTILINE)
    assert set(names) == {"b/src/flask/blueprints.py"}
    assert {rollout.trajectory.ending for rollout in rollouts.values()} == {Ending.SUBMITTED}

    # Each rollout has a seed of its own and the later ones are told of the earlier.
    openings = [call for call in calls if call.role == "agent" and len(call.messages) == 2]
    assert len({call.params["seed"] for call in openings}) == 8
    assert {call.params["temperature"] for call in openings} == {1.0}
    assert "PR description" in openings[0].messages[1].text
    assert [CONTEXT_OPENING in call.messages[1].text for call in openings] == [False] * 4 + [
        True
    ] * 4
    assert {call.role for call in calls} == {"agent", "summarizer", "judge"}
    assert list_containers(nothing_left) == []


def test_no_hidden_field_reaches_a_prompt(
    flask_record: dict[str, Any], flask_file: Path, tmp_path: Path
) -> None:
    visible = {"instance_id", "problem_statement", "image", "image_name"}
    canaries = {
        name: json.dumps([CANARY]) if name.endswith("_TO_PASS") else CANARY
        for name in {*flask_record, "hints_text"} - visible
    }
    replaced = tmp_path / "canary" / flask_file.name  # the suite's name stays
    replaced.parent.mkdir()
    replaced.write_text(json.dumps([flask_record | canaries]))
    assert {"patch", "test_patch", "eval_script", "FAIL_TO_PASS", "PASS_TO_PASS"} <= {*canaries}

    options = ("-n", "2", "-w", "1")  # one after the other, as plans go by the order
    _, genuine, _ = run(flask_file, tmp_path / "genuine-run", *options)
    _, faked, _ = run(replaced, tmp_path / "faked-run", *options)

    hashes = [
        Counter((call.role, call.content_hash) for call in calls) for calls in (genuine, faked)
    ]
    assert hashes[0] == hashes[1]
    assert len(genuine) > 20
    assert not any(CANARY in message.text for call in faked for message in call.messages)
    grades = RunFolder(tmp_path / "faked-run").task(ID).grades().values()
    assert {grade.status for grade in grades} == {"grader-failed"}  # by a sealed log parser
