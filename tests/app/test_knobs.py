"""Settings that an ablation turns, through the door of selecting."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from rematch.app import Config, build_selector, load_config, read_pool, run_async, select_pool
from rematch.app.selecting import draw_rollouts
from rematch.data.pools import PoolTask
from rematch.data.records import Rollout, Task
from rematch.errors import UsageError
from rematch.programs.excerpt import estimate_tokens
from rematch.testing import Call, Endpoint
from tests.app.recordings import make_turns, mini_swe, write, write_pool

POOL = PoolTask(
    Task(id="t", problem="p"),
    tuple(Rollout(id=f"r{n}", task_id="t", patch=f"+ {n}") for n in range(9)),
)


def drawn(**keys: Any) -> list[str]:
    return [rollout.id for rollout in draw_rollouts(POOL, load_config(overrides=keys))]


def test_recorded_n_draws_so_many_in_the_pools_order() -> None:
    ids = drawn(recorded_n=4)
    assert len(ids) == 4 and ids == sorted(ids)


@pytest.mark.parametrize("n", [None, 9, 50])
def test_all_enter_where_no_fewer_are_asked_for(n: int | None) -> None:
    assert drawn(recorded_n=n) == [rollout.id for rollout in POOL.rollouts]


def test_a_larger_n_draws_the_same_and_more_and_a_seed_draws_others() -> None:
    assert set(drawn(recorded_n=3)) < set(drawn(recorded_n=5)) < set(drawn(recorded_n=8))
    assert len({tuple(drawn(recorded_n=3, seed=seed)) for seed in range(20)}) > 5


def ask(endpoint: Endpoint, name: str, folder: Path, **keys: Any) -> tuple[list[Call], list[Call]]:
    """What a selection with these settings asks: (summarizer's calls, judge's)."""
    models = {f"models.{role}.model": f"openai/{name}" for role in ("summarizer", "judge")}
    bases = {f"models.{role}.api_base": endpoint.url for role in ("summarizer", "judge")}
    config: Config = load_config([{**models, **bases, "rtv.votes": 1, **keys}])
    pool = read_pool([folder])
    run_async(lambda: select_pool(build_selector(config), pool, config))
    calls = endpoint.calls(model=name)
    return (
        [call for call in calls if call.role == "summarizer"],
        [call for call in calls if call.role == "judge"],
    )


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")


@pytest.mark.parametrize(
    ("represent", "shown", "hidden", "summaries"),
    [
        ("summary", "Final outcome: It ended with", "cat file1.py\n", 3),
        ("evidence", "Final outcome: The attempt submitted its work after", "It ended with", 0),
        ("trajectory", "### Step 1", "Final outcome", 0),
        ("patch", "+fix ", "### Step 1", 0),
    ],
)
def test_the_judge_is_shown_what_is_asked_for_and_nothing_else_is_made(
    tmp_path: Path, represent: str, shown: str, hidden: str, summaries: int
) -> None:
    pool = write_pool(tmp_path, tasks=1)
    with Endpoint() as endpoint:
        made, votes = ask(endpoint, "m", pool, **{"judge.represent": represent})
    assert len(made) == summaries
    for call in votes:
        prompt = call.messages[-1].text
        assert shown in prompt and hidden not in prompt


def test_trajectories_of_a_match_share_the_judges_tokens(tmp_path: Path) -> None:
    for attempt in range(3):
        turns = make_turns(60, output="word " * 300)
        write(tmp_path / f"{attempt}.traj.json", mini_swe(turns, task="t", patch=f"+ {attempt}"))
    keys = {"judge.represent": "trajectory", "judge.input_tokens": 3_000, "rtv.group_size": 3}
    with Endpoint() as endpoint:
        _, votes = ask(endpoint, "m", tmp_path, **keys)
    (vote,) = votes
    assert 2_000 < estimate_tokens(vote.messages[-1].text) < 4_000


def test_an_unknown_feature_group_is_one_line() -> None:
    with pytest.raises(UsageError, match="there is no group 'sise'; there are ending, size"):
        load_config(["evidence.without=[sise]"])


def test_features_left_out_change_the_picks_reasons(tmp_path: Path) -> None:
    pool = read_pool([write_pool(tmp_path, tasks=1)])
    reasons = []
    for groups in ([], ["size"]):
        config = load_config([{"evidence.without": groups}])
        job = partial(select_pool, build_selector(config), pool, config)
        reasons.append(run_async(job).selections["org__repo-0"].pick.reasons)
    assert "steps" in reasons[0] and "steps" not in reasons[1]


def test_mappings_are_sources_whose_none_takes_away() -> None:
    config = load_config([{"models.judge.model": "openai/m"}, {"models.judge": None}])
    assert config.models.judge is None
