"""Every real file is read as its raw JSON says: steps, last command, exit codes, ending, patch.

The raw files are taken apart here by hand, without any of our readers.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import Ending, ResultKind, Rollout

SUBMIT = "COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT"


def read_one(path: Path) -> Rollout:
    pool = read_pool([path])
    assert pool.problems == ()
    [task] = pool.tasks.values()
    [rollout] = task.rollouts
    return rollout


def load(path: Path) -> Any:
    return json.loads(path.read_text())


def last_command(rollout: Rollout) -> str:
    return [action.command for step in rollout.trajectory.steps for action in step.actions][-1]


def recorded_codes(rollout: Rollout) -> list[int]:
    actions = [action for step in rollout.trajectory.steps for action in step.actions]
    return [action.exit_code for action in actions if action.exit_code is not None]


def check_terminal_bench(path: Path, rollout: Rollout) -> None:
    raw = load(path)
    steps = [step for step in raw["trajectory"]["steps"] if step["source"] == "agent"]
    calls = [call for step in steps for call in step["tool_calls"]]
    texts = [r["content"] for step in steps for r in step["observation"]["results"]]
    results = [json.loads(text) for text in texts if text.startswith("{")]
    codes = [r["returncode"] for r in results if r.get("exception_info") != NOT_RUN]
    outputs = {a.output for s in rollout.trajectory.steps for a in s.actions}
    last = calls[-1]["arguments"]["keystrokes"]

    assert rollout.task_id == raw["task_name"]
    assert rollout.id == raw["trial_name"]
    assert len(rollout.trajectory.steps) == len(steps)
    assert sum(len(step.actions) for step in rollout.trajectory.steps) == len(calls)
    assert [s.message for s in rollout.trajectory.steps] == [s["message"] for s in steps]
    assert last_command(rollout) == last
    assert recorded_codes(rollout) == codes
    plain = [r["output"] for r in results if "output" in r and "exception_info" not in r]
    assert [text for text in plain if not any(out.startswith(text) for out in outputs)] == []
    assert rollout.trajectory.ending is (Ending.SUBMITTED if SUBMIT in last else Ending.UNKNOWN)
    assert rollout.patch is None
    totals = raw["trajectory"]["final_metrics"]
    assert rollout.usage.input_tokens == totals["total_prompt_tokens"]
    assert rollout.usage.output_tokens == totals["total_completion_tokens"]
    assert rollout.usage.cost_usd == totals["total_cost_usd"]
    assert rollout.seconds is not None and rollout.seconds > 1


NOT_RUN = "action was not executed"


def test_all_terminal_bench_attempts(shared_data: Path) -> None:
    pool = read_pool([shared_data / "terminal-bench-2.1"])
    assert pool.problems == ()
    assert len(pool.tasks) == 39
    assert set(pool.sizes.values()) == {5}
    for task in pool.tasks.values():
        assert task.task.asks_for is ResultKind.STATE
        for rollout in task.rollouts:
            path = Path(rollout.origin.path)
            check_terminal_bench(path, rollout)
            prompt = load(path)["trajectory"]["steps"][0]["message"]
            assert prompt.startswith(f"Please solve this issue: {task.task.problem}")
            assert "COMPLETE_TASK" not in task.task.problem


def mini_files(shared_data: Path) -> Iterator[Path]:
    yield from sorted((shared_data / "swe-bench-lite-dev").glob("*/*.traj.json"))
    yield from sorted((shared_data / "formats").glob("mini-swe-agent*.traj.json"))


def test_all_mini_swe_agent_files(shared_data: Path) -> None:
    paths = list(mini_files(shared_data))
    assert len(paths) == 18 + 7
    for path in paths:
        check_mini_swe_agent(path, read_one(path))


def check_mini_swe_agent(path: Path, rollout: Rollout) -> None:
    raw = load(path)
    raw = {"messages": raw, "info": {}} if isinstance(raw, list) else raw
    turns = [message for message in raw["messages"] if message["role"] == "assistant"]
    answers = [m for m in raw["messages"][2:] if m["role"] in ("user", "tool")]
    if "actions" in turns[-1].get("extra", {}):
        last = turns[-1]["extra"]["actions"][-1]["command"]
        codes = [answer["extra"]["returncode"] for answer in answers]
    else:
        block = re.search(r"```[a-z_]+\n(.*?)\n```", turns[-1]["content"], re.DOTALL)
        assert block
        last = block[1]
        codes = [
            int(c) for a in answers for c in re.findall(r"^<returncode>(-?\d+)<", a["content"])
        ]

    assert len(rollout.trajectory.steps) == len(turns)
    assert last_command(rollout) == last
    assert recorded_codes(rollout) == codes
    assert rollout.trajectory.ending is Ending.SUBMITTED
    assert rollout.patch == raw["info"].get("submission")
    assert rollout.task_id == raw.get("instance_id", path.parent.name)
    assert rollout.usage.calls == raw["info"].get("model_stats", {}).get("api_calls", len(turns))


def test_swe_bench_attempts_are_grouped_by_instance(shared_data: Path) -> None:
    pool = read_pool([shared_data / "swe-bench-lite-dev"])
    assert pool.problems == ()
    assert pool.sizes == dict.fromkeys(pool.sizes, 3)
    assert len(pool.sizes) == 6
    ids = [rollout.id for task in pool.tasks.values() for rollout in task.rollouts]
    assert len(set(ids)) == 18
    assert "pvlib__pvlib-python-1072/deepseek_chat_dev" in ids
    for task in pool.tasks.values():
        prompt = load(Path(task.rollouts[0].origin.path))["messages"][1]["content"]
        assert task.task.problem in prompt
        assert "<pr_description>" not in task.task.problem
        assert "Task Instructions" not in task.task.problem
        assert task.task.asks_for is ResultKind.PATCH


@pytest.mark.parametrize("name", ["swe-agent-0.traj", "swe-agent-1.traj"])
def test_swe_agent_file(shared_data: Path, name: str) -> None:
    raw = load(shared_data / "formats" / name)
    rollout = read_one(shared_data / "formats" / name)
    assert len(rollout.trajectory.steps) == len(raw["trajectory"])
    for step, entry in zip(rollout.trajectory.steps, raw["trajectory"], strict=True):
        assert [(a.command, a.output) for a in step.actions] == [
            (entry["action"], entry["observation"])
        ]
    assert last_command(rollout).strip() == "submit"
    assert rollout.trajectory.ending is Ending.SUBMITTED
    assert rollout.patch == raw["info"]["submission"]
    assert rollout.usage.input_tokens == raw["info"]["model_stats"]["tokens_sent"]
    assert recorded_codes(rollout) == []


def test_openhands_file(shared_data: Path) -> None:
    path = shared_data / "formats" / "openhands-output.jsonl"
    [raw] = [json.loads(line) for line in path.read_text().splitlines()]
    rollout = read_one(path)
    acts = [e for e in raw["history"] if e["source"] == "agent" and "action" in e]
    runs = [e for e in raw["history"] if e.get("observation") == "run"]
    assert len(rollout.trajectory.steps) == len(acts) == 20
    assert last_command(rollout).startswith("finish")
    commands = [a.command for step in rollout.trajectory.steps for a in step.actions]
    assert [e["args"]["command"] for e in acts if e["action"] == "run"] == [
        command for command in commands if not re.match(r"finish|str_replace_editor", command)
    ]
    codes = [e["extras"]["metadata"]["exit_code"] for e in runs]
    assert recorded_codes(rollout) == [code for code in codes if code != -1]  # -1: still runs
    assert rollout.trajectory.ending is Ending.SUBMITTED
    assert rollout.patch == raw["test_result"]["git_patch"]
    assert rollout.task_id == raw["instance_id"]
    assert rollout.usage.cost_usd == raw["metrics"]["accumulated_cost"]
    task = read_pool([path]).task(rollout.task_id)
    assert task.problem == raw["instance"]["problem_statement"].strip()


def test_claude_code_file(shared_data: Path) -> None:
    path = shared_data / "formats" / "claude-code-session.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    rollout = read_one(path)
    replies = [line for line in lines if line["type"] == "assistant"]
    assert len(rollout.trajectory.steps) == len(replies)
    assert last_command(rollout) == replies[1]["message"]["content"][0]["input"]["command"]
    assert rollout.trajectory.steps[0].actions[0].output == "File written successfully"
    assert rollout.trajectory.steps[-1].message == replies[-1]["message"]["content"][0]["text"]
    assert rollout.trajectory.ending is Ending.SUBMITTED
    assert rollout.patch is None
    assert rollout.seconds == 65


def test_formats_mix_in_one_pool(shared_data: Path) -> None:
    pool = read_pool([shared_data / "formats"])
    assert pool.problems == ()
    assert sum(pool.sizes.values()) == 11
    formats = {r.origin.format for task in pool.tasks.values() for r in task.rollouts}
    assert formats == {"claude-code", "mini-swe-agent", "openhands", "swe-agent"}
