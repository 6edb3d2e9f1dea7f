"""`rematch select` on rollouts that real agents recorded."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from rematch.programs.excerpt import BYTES_PER_TOKEN
from rematch.testing import Endpoint, count_tokens
from tests.app.recordings import make_patch, mini_swe, write
from tests.cli.running import rematch
from tests.cli.test_select_models import assert_costs_add_up, calls_of, select

BUDGET = 48_000
FIVE = ("bn-fit-modify", "fix-git", "gcode-to-text", "mteb-leaderboard", "winning-avg-corewars")


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "any")


def test_every_task_gets_a_pick_without_a_key(
    shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    pool = shared_data / "terminal-bench-2.1"
    done = rematch("select", pool, "--json")
    assert done.code == 0
    names = {path.name for path in pool.iterdir() if path.is_dir()}
    tasks = done.document["tasks"]
    assert len(tasks) == 39 and tasks.keys() == names
    for task, told in tasks.items():
        files = {path.stem for path in (pool / task).iterdir()}
        assert set(told["bracket"]["entrants"]) == files and len(files) == 5
        assert told["pick"]["rollout_id"] in files
    assert (done.document["failures"], done.document["problems"]) == ({}, [])


def test_all_real_formats_are_picked_from(shared_data: Path) -> None:
    done = rematch("select", shared_data / "formats", shared_data / "swe-bench-lite-dev", "--json")
    assert (done.code, done.document["problems"]) == (0, [])
    assert len(done.document["tasks"]) >= 6


def assert_within_budget(endpoint: Endpoint, name: str, budget: int = BUDGET) -> None:
    """By the endpoint's count (bytes / 4) and by ours (bytes / 3, an upper side)."""
    for call in calls_of(endpoint, name)["summarizer"]:
        text = "".join(message.text for message in call.messages)
        assert call.usage.input_tokens == count_tokens(text) <= budget
        assert math.ceil(call.message_bytes / BYTES_PER_TOKEN) <= budget


def test_five_tasks_with_every_role_on_the_endpoint(shared_data: Path) -> None:
    pools = [shared_data / "terminal-bench-2.1" / task for task in FIVE]
    largest = max(path.stat().st_size for pool in pools for path in pool.iterdir())
    with Endpoint() as endpoint:
        done = select(endpoint, "real", *pools, "--json", "-v", "4")
        calls = calls_of(endpoint, "real")
        assert_within_budget(endpoint, "real")
    assert done.code == 0 and largest > 500_000
    assert done.document["tasks"].keys() == set(FIVE)
    assert len(calls["summarizer"]) == 25
    assert_costs_add_up(done.document, calls)
    for told in done.document["tasks"].values():
        bracket = told["bracket"]
        assert len(bracket["entrants"]) == 5
        assert sum(len(round_["matches"]) for round_ in bracket["rounds"]) == 4
        assert bracket["survivors"] == [told["pick"]["rollout_id"]]
        for round_ in bracket["rounds"]:
            for match in round_["matches"]:
                assert match["decided_by"] == "no-result" or match["votes"]


@pytest.mark.parametrize(("options", "budget"), [([], BUDGET), (["4000"], 4_000)])
def test_trajectory_of_3_mb_is_summarized_within_the_budget(
    endpoint: Endpoint, options: list[str], budget: int
) -> None:
    turns = [
        (f"I try number {n}.", f"make step{n}", f"line of step {n}\n" * 600) for n in range(300)
    ]
    for attempt in range(2):
        document = mini_swe(turns, task="org__repo-0", patch=make_patch(f"fix {attempt}"))
        file = write(Path("pool") / f"{attempt}.traj.json", document)
        assert file.stat().st_size > 3_000_000
    name = f"large-{budget}"
    setting = [word for value in options for word in ("-c", f"summarizer.input_tokens={value}")]
    done = select(endpoint, name, "pool", "-o", f"out-{budget}", *setting)
    assert done.code == 0, done.err
    assert_within_budget(endpoint, name, budget)
    prompts = [call.messages[-1].text for call in calls_of(endpoint, name)["summarizer"]]
    files = sorted(Path(f"out-{budget}/tasks/org__repo-0/summaries").iterdir())
    assert len(prompts) == len(files) == 2
    for file in files:
        left_out = json.loads(file.read_text())["left_out"]
        assert "of 300 steps" in left_out
        assert [prompt for prompt in prompts if f"Left out to fit: {left_out}." in prompt]
    for prompt in prompts:
        assert "### Step 1\n" in prompt and "### Step 300\n" in prompt, "head and tail are there"
