"""Plain patches and predictions, and their echoes beside trajectories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import Ending, ResultKind
from tests.data.formats.reading import read_one_file, rollouts_of, write_json
from tests.data.formats.samples import as_lines, mini_v2, predictions
from tests.data.formats.wording import PATCH


@pytest.mark.parametrize("name", ["a.patch", "a.diff", "no-suffix"])
@pytest.mark.parametrize("before", ["", "\n", "From: somebody\nSubject: tax\n\n"])
def test_a_patch_is_kept_to_the_letter(tmp_path: Path, name: str, before: str) -> None:
    path = tmp_path / "basket" / name
    path.parent.mkdir()
    path.write_text(before + PATCH, newline="")
    rollout = read_one_file(path)
    assert rollout.patch == before + PATCH
    assert rollout.task_id == "basket"
    assert rollout.trajectory.steps == ()
    assert rollout.trajectory.ending is Ending.UNKNOWN


def test_a_patch_may_be_named_after_its_instance(tmp_path: Path) -> None:
    for run in ("run-1", "run-2"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "shop__basket-1.patch").write_text(f"{PATCH}+{run}\n")
    pool = read_pool([tmp_path])
    assert pool.sizes == {"shop__basket-1": 2}
    ids = ["run-1/shop__basket-1", "run-2/shop__basket-1"]
    assert [rollout.id for rollout in rollouts_of(pool)] == ids


def as_list() -> list[dict[str, Any]]:
    return [{"instance_id": key, **value} for key, value in predictions().items()]


@pytest.mark.parametrize(
    "text", [json.dumps(predictions(), indent=1), json.dumps(as_list()), as_lines(as_list())]
)
def test_predictions_in_every_form(tmp_path: Path, text: str) -> None:
    path = tmp_path / "preds.any"
    path.write_text(text)
    pool = read_pool([path])
    assert pool.problems == ()
    assert pool.sizes == {"shop__basket-1": 1, "shop__till-2": 1}
    for rollout in rollouts_of(pool):
        assert rollout.patch == PATCH
        assert rollout.origin.agent == "maker"
    assert pool.task("shop__till-2").asks_for is ResultKind.PATCH


def test_one_prediction_is_one_attempt(tmp_path: Path) -> None:
    path = write_json(tmp_path / "shop__basket-1.pred", as_list()[0])
    assert read_one_file(path).id == "shop__basket-1"


def test_no_patch_is_an_empty_one(tmp_path: Path) -> None:
    path = write_json(tmp_path / "preds.json", {"a": {"model_patch": None}})
    rollout = read_one_file(path)
    assert rollout.patch == ""
    assert not rollout.has_result(ResultKind.PATCH)


def test_patches_beside_trajectories_are_the_same_attempts(tmp_path: Path) -> None:
    run = tmp_path / "run"
    write_json(run / "shop__basket-1" / "shop__basket-1.traj.json", mini_v2())
    (run / "shop__basket-1" / "shop__basket-1.patch").write_text(PATCH.strip())
    write_json(run / "shop__basket-1" / "shop__basket-1.pred", as_list()[0])
    write_json(run / "preds.json", predictions())
    pool = read_pool([tmp_path])
    assert pool.problems == ()
    assert pool.sizes == {"shop__basket-1": 1, "shop__till-2": 1}
    [rollout] = pool.tasks["shop__basket-1"].rollouts
    assert rollout.origin.format == "mini-swe-agent"


def test_other_patches_are_other_attempts(tmp_path: Path) -> None:
    write_json(tmp_path / "a" / "shop__basket-1.traj.json", mini_v2())
    (tmp_path / "a" / "shop__basket-1.patch").write_text(PATCH + "+more\n")
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "shop__basket-1.patch").write_text(PATCH)
    pool = read_pool([tmp_path])
    assert pool.sizes == {"shop__basket-1": 3}
    ids = [rollout.id for rollout in rollouts_of(pool)]
    assert ids == ["shop__basket-1.patch", "shop__basket-1.traj.json", "shop__basket-1"]
