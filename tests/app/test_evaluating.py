"""The doors for labels: a pool joined with them, its evaluation, and weights fitted on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.app.config import Config, load_config
from rematch.app.evaluating import evaluate_pool, fit_evidence, read_labelled
from rematch.errors import InputError, ModelRefusedError, RematchError
from rematch.testing import Endpoint, Fault
from tests.app.recordings import write_pool
from tests.cli.pools import write_labelled


def judged(endpoint: Endpoint, **more: Any) -> Config:
    return load_config(
        [
            {
                "models.judge.model": "openai/m",
                "models.judge.api_base": endpoint.url,
                "models.judge.first_pause": 0.001,
                "models.judge.attempts": 1,
                "rtv.votes": 1,
                **more,
            }
        ]
    )


def relabel(labels: Path, *rows: str) -> Path:
    labels.write_text("\n".join(["task\tattempt\treward", *rows]) + "\n")
    return labels


def test_a_pool_and_its_labels_meet_by_task_and_attempt(tmp_path: Path) -> None:
    folder, labels = write_labelled(tmp_path, tasks=2, attempts=4)
    pool, labelled = read_labelled([folder], labels, 0)
    assert dict(pool.sizes) == {"org__repo-0": 4, "org__repo-1": 4}
    assert [task.id for task in labelled.tasks] == list(pool.sizes)
    assert [task.rewards for task in labelled.tasks] == [(0, 0, 1, 1)] * 2
    assert labelled.problems == ()


def test_problems_come_from_the_pool_its_rows_and_their_joining(tmp_path: Path) -> None:
    folder, labels = write_labelled(tmp_path, tasks=1, attempts=2)
    (folder / "org__repo-0" / "broken.traj.json").write_text("{")
    task = "org__repo-0"
    relabel(labels, f"{task}\tattempt0\t1", f"{task}\tattempt1\tgood", f"{task}\tattempt7\t0")
    _, labelled = read_labelled([folder], labels, 0)
    unread, row, unlabelled, left = labelled.problems
    assert "broken.traj.json" in unread
    assert row == "labels.tsv:3: reward 'good' is no number in 0..1"
    assert unlabelled.startswith(f"{task}/") and unlabelled.endswith(": no label; left out")
    assert left == f"{task}/attempt7: labelled, not in the pool"
    assert [one.rewards for one in labelled.tasks] == [(1.0,)]


def test_nothing_recorded_is_one_line_with_every_path(tmp_path: Path) -> None:
    labels = relabel(tmp_path / "labels.tsv", "t\ta\t1")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    with pytest.raises(InputError) as told:
        read_labelled(folders, labels, 0)
    assert str(told.value) == f"{folders[0]}, {folders[1]}: no recorded rollouts found"


def test_labels_are_read_before_a_large_pool_is(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no readable labels"):
        read_labelled([tmp_path / "nowhere"], tmp_path / "none.tsv", 0)


def test_labels_of_another_pool_measure_nothing(tmp_path: Path) -> None:
    folder = write_pool(tmp_path / "pool", tasks=1)
    labels = relabel(tmp_path / "labels.tsv", "elsewhere\tattempt0\t1")
    with pytest.raises(InputError, match="do the labels' tasks and attempts match"):
        evaluate_pool([folder], labels, Config())


def test_a_model_judge_stands_beside_evidence_under_its_name(tmp_path: Path) -> None:
    folder, labels = write_labelled(tmp_path, tasks=2, attempts=4)
    told: list[str] = []
    with Endpoint() as endpoint:
        found = evaluate_pool(
            [folder], labels, judged(endpoint), on_done=lambda task_id, _: told.append(task_id)
        )
    assert found.selectors["openai/m"].picked_mean == 1.0, "it goes by shown quality"
    assert found.selectors["openai/m"].tests.keys() == {"random", "fewest-steps"}
    assert sorted(told) == ["org__repo-0", "org__repo-1"]
    assert list(evaluate_pool([folder], labels, Config()).selectors) == [
        name for name in found.selectors if name != "openai/m"
    ]


def test_labels_reach_no_prompt(tmp_path: Path) -> None:
    folder, labels = write_labelled(tmp_path, tasks=1, attempts=2)
    prompts = []
    for rewards in ("01", "10"):
        relabel(labels, *(f"org__repo-0\tattempt{n}\t{r}" for n, r in enumerate(rewards)))
        with Endpoint() as endpoint:
            evaluate_pool([folder], labels, judged(endpoint))
            prompts.append([call.messages for call in endpoint.calls()])
    assert prompts[0] == prompts[1] and prompts[0]


def test_a_provider_that_refuses_gives_no_figures(tmp_path: Path) -> None:
    folder, labels = write_labelled(tmp_path, tasks=2, attempts=2)
    with Endpoint(faults={Fault.EXPIRED_KEY: 1.0}) as endpoint:
        with pytest.raises(ModelRefusedError):
            evaluate_pool([folder], labels, judged(endpoint))
        assert 1 <= len(endpoint.calls()) <= 2, "every other question would be refused too"


def test_weights_are_fitted_on_several_pools_that_are_named(tmp_path: Path) -> None:
    one = write_labelled(tmp_path / "one", tasks=3, attempts=4)
    two = (write_pool(tmp_path / "second", tasks=1, attempts=2), tmp_path / "two.tsv")
    relabel(two[1], "org__repo-0\tattempt0\t1", "org__repo-0\tattempt9\t0")
    model, problems = fit_evidence([one, two], 0)
    assert [(fit.name, fit.attempts) for fit in model.fitted_on] == [("pool", 12), ("second", 1)]
    assert [line.partition(": ")[2] for line in problems] == [
        "no label; left out",
        "labelled, not in the pool",
    ]
    assert fit_evidence([one, two], 0)[0] == model, "the same pools give the same weights"


@pytest.mark.parametrize("reward", ["0", "1"])
def test_outcomes_that_are_all_alike_teach_nothing(tmp_path: Path, reward: str) -> None:
    folder, labels = write_labelled(tmp_path, tasks=1, attempts=2)
    relabel(labels, *(f"org__repo-0\tattempt{n}\t{reward}" for n in range(2)))
    with pytest.raises(RematchError, match="both passing and failing attempts"):
        fit_evidence([(folder, labels)], 0)
