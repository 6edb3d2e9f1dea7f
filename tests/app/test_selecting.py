"""Selecting from Python: what is told, what fails alone, what stops everything."""

from __future__ import annotations

from pathlib import Path

import pytest

from rematch.app import (
    Config,
    Selected,
    build_selector,
    count_calls,
    load_config,
    open_selection,
    read_pool,
    run_async,
    select_pool,
)
from rematch.errors import ModelRefusedError, UsageError
from rematch.programs import Summarizer
from rematch.programs.brackets import count_matches
from rematch.testing import ChatRequest, Endpoint, Fault
from tests.app.recordings import write_pool


def with_models(endpoint: Endpoint, **more: object) -> Config:
    roles = ("summarizer", "judge")
    models = {f"models.{role}.model": "openai/m" for role in roles}
    bases = {f"models.{role}.api_base": endpoint.url for role in roles}
    return load_config(overrides={**models, **bases, **more})


def select(pool_folder: Path, config: Config, output: Path | None = None) -> Selected:
    pool = read_pool([pool_folder])
    parts = build_selector(config)
    folder = open_selection(config, [pool_folder], output) if output else None
    return run_async(lambda: select_pool(parts, pool, config, folder))


def test_selections_come_in_the_pools_order_and_are_told_as_they_end(tmp_path: Path) -> None:
    pool = read_pool([write_pool(tmp_path, tasks=12)])
    told: list[str] = []
    with Endpoint(latency=0.01) as endpoint:
        config = with_models(endpoint, **{"rtv.votes": 1})
        parts = build_selector(config)
        selected = run_async(
            lambda: select_pool(parts, pool, config, on_done=lambda task, _: told.append(task))
        )
    assert list(selected.selections) == list(pool.sizes)
    assert sorted(told) == sorted(pool.sizes)
    for task_id, selection in selected.selections.items():
        assert selection.task.id == selection.pick.task_id == task_id
        assert selection.winner.id == selection.pick.rollout_id
        assert {summary.rollout_id for summary in selection.summaries} == {
            rollout.id for rollout in selection.rollouts
        }
        assert all(not step.actions for step in selection.winner.trajectory.steps), "only counted"


def test_task_that_fails_is_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    folder = write_pool(tmp_path)
    pool = read_pool([folder])
    (folder / "org__repo-0" / "attempt0.traj.json").write_text("changed since")
    config = Config()
    selected = run_async(lambda: select_pool(build_selector(config), pool, config))
    assert list(selected.selections) == ["org__repo-1"]
    assert "changed since it was indexed" in selected.failures["org__repo-0"]


def test_provider_that_refuses_stops_and_what_is_finished_is_kept(tmp_path: Path) -> None:
    pool, out = write_pool(tmp_path / "pool", tasks=1), tmp_path / "out"

    def refuse_later(request: ChatRequest, _: object) -> Fault | None:
        return Fault.NO_MONEY if "part 1" in request.last_user else None

    with Endpoint(faults=refuse_later) as endpoint:
        config = with_models(endpoint)
        assert len(select(pool, config, out).selections) == 1
        write_pool(tmp_path / "pool", tasks=2)
        before = len(endpoint.log)
        selected = select(pool, config, out)
        asked = "".join(call.messages[-1].text for call in list(endpoint.log)[before:])
    assert "part 1" in asked and "part 0" not in asked
    assert list(selected.selections) == ["org__repo-0"]
    assert "Insufficient credits" in selected.refusal


def test_provider_that_refuses_before_anything_is_finished_is_an_error(tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool", tasks=1)
    with (
        Endpoint(faults=lambda *_: Fault.EXPIRED_KEY) as endpoint,
        pytest.raises(ModelRefusedError, match="key has expired"),
    ):
        select(pool, with_models(endpoint), tmp_path / "out")


def test_the_most_calls_are_those_of_the_plan(tmp_path: Path) -> None:
    pool = read_pool([write_pool(tmp_path, tasks=2, attempts=5)])
    judge = "models.judge.model=openai/m"
    assert count_calls(pool, Config()) == {}
    assert count_calls(pool, load_config([judge])) == {"judge": 2 * 4 * 8}
    assert count_calls(pool, load_config([judge, "rtv.group_size=3", "rtv.votes=2"])) == {
        "judge": 2 * count_matches(5, 3, 1) * 2
    }
    assert count_calls(pool, load_config(["models.summarizer.model=openai/m"])) == {
        "summarizer": 10
    }


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("evidence.weights=/nowhere.json", "evidence.weights: /nowhere.json: cannot be read"),
        ("context.distill=true", "context.distill needs a model"),
    ],
)
def test_parts_that_cannot_be_built_are_one_line(source: str, said: str) -> None:
    with pytest.raises(UsageError) as caught:
        build_selector(load_config([source]))
    assert said in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("model", "budget"),
    [("openai/unheard-of", 48_000), ("openai/gpt-5-mini", 48_000), ("ollama_chat/llama3", 4_096)],
)
def test_summaries_fit_their_models_window(
    monkeypatch: pytest.MonkeyPatch, model: str, budget: int
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    parts = build_selector(load_config([f"models.summarizer.model={model}"]))
    assert isinstance(parts.program.summarizer, Summarizer)
    assert parts.program.summarizer.config.input_tokens == budget
