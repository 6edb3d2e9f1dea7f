"""A suite's tasks flow side by side: as many as fill the places, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from rematch.app.config import Config
from rematch.app.running import Finished, run_suite
from rematch.programs import RTVConfig
from rematch.testing.virtual_time import run_virtually
from tests.app.fleet import Attempts, make_run, make_suite


def play(folder: Path, tasks: int, config: Config) -> tuple[Finished, float, Attempts]:
    agent = Attempts()
    run = make_run(config, folder, agent)
    finished, seconds = run_virtually(run_suite(run, make_suite(tasks), config))
    run.close()
    return finished, seconds, agent


def configure(n: int = 2, **settings: object) -> Config:
    rtv = RTVConfig(votes=1)
    return Config.model_validate({"n": n, "iterations": 2, "rtv": rtv, **settings})


def test_tasks_flow_side_by_side(tmp_path: Path) -> None:
    finished, seconds, agent = play(tmp_path, 12, configure(workers={"agent": 8}))
    assert len(finished.done) == 12
    # 48 rollouts of one second each in 8 places: no place is empty before the end.
    assert seconds == pytest.approx(48 / 8)
    assert agent.most == 8


def test_only_some_tasks_are_under_way_however_many_wait(tmp_path: Path) -> None:
    finished, _, agent = play(tmp_path, 40, configure(workers={"agent": 8}))
    assert len(finished.done) == 40
    assert agent.most_tasks <= 2 * 8 // 2


def test_a_bound_over_all_roles_holds(tmp_path: Path) -> None:
    _, seconds, agent = play(tmp_path, 6, configure(in_flight=3))
    assert agent.most == 3
    assert seconds == pytest.approx(24 / 3)


def test_results_stand_in_the_order_of_the_suite(tmp_path: Path) -> None:
    finished, _, _ = play(tmp_path, 9, configure(workers={"agent": 5}))
    assert list(finished.done) == [task.task.id for task in make_suite(9).tasks]


def test_the_number_of_places_changes_no_result(tmp_path: Path) -> None:
    def read(folder: Path) -> dict[str, bytes]:
        paths = (path for path in folder.rglob("*.json") if "grades" not in path.parts)
        return {str(path.relative_to(folder)): path.read_bytes() for path in paths}

    for places in (1, 7):
        play(tmp_path / str(places), 5, configure(n=4, workers={"agent": places}))
    assert read(tmp_path / "1") == read(tmp_path / "7")
    assert len(read(tmp_path / "1")) > 5 * 4 * 2


def test_where_a_run_goes_nothing_of_it_is_pace(tmp_path: Path) -> None:
    """Places change when things are done, so they are no part of what identifies a run."""
    assert configure().describe_results() == configure(in_flight=7).describe_results()
