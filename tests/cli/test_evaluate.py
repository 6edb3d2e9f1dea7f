"""`rematch evaluate` and `optimize evidence` on a small labelled pool, without a model."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from tests.app.recordings import write_pool
from tests.cli.running import rematch

TASKS, ATTEMPTS = 4, 3


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four tasks of three attempts; the longest one passes, and in the last task nobody."""
    monkeypatch.chdir(tmp_path)
    write_pool(tmp_path / "pool", tasks=TASKS, attempts=ATTEMPTS)
    lines = ["task\tattempt\treward"]
    for task in range(TASKS):
        for attempt in range(ATTEMPTS):
            passes = attempt == ATTEMPTS - 1 and task < TASKS - 1
            lines.append(f"org__repo-{task}\torg__repo-{task}/attempt{attempt}\t{int(passes)}")
    (tmp_path / "labels.tsv").write_text("\n".join(lines) + "\n")
    return tmp_path / "pool"


def test_selectors_stand_beside_free_baselines_and_the_oracle(pool: Path) -> None:
    done = rematch("evaluate", pool, "--labels", "labels.tsv", "--csv", "rows.csv")
    assert done.code == 0, done.err
    assert done.out.startswith(
        "4 tasks, 12 attempts, 3 tasks with mixed outcomes; pass@1 25.0, oracle 75.0\n"
    )
    written = csv.DictReader(Path("rows.csv").read_text().splitlines())
    rows = {row["selector"]: row for row in written}
    assert float(rows["random"]["picked_mean"]) == pytest.approx(0.25)
    assert float(rows["fewest-steps"]["picked_mean"]) == 0
    assert all(name in done.out for name in rows)
    assert all(0 <= float(row["picked_mean"]) <= 0.75 for row in rows.values())


def test_json_holds_the_same_and_nothing_else_is_said(pool: Path) -> None:
    done = rematch("evaluate", pool, "--labels", "labels.tsv", "--json")
    assert (done.code, done.err) == (0, "")
    document = json.loads(done.out)
    assert (document["n_tasks"], document["n_attempts"], document["n_mixed"]) == (4, 12, 3)
    again = rematch("evaluate", pool, "--labels", "labels.tsv", "--json")
    assert again.out == done.out


def test_an_attempt_without_a_label_is_told_and_the_rest_is_measured(pool: Path) -> None:
    lines = Path("labels.tsv").read_text().splitlines()
    Path("labels.tsv").write_text("\n".join(lines[:-1]) + "\n")
    done = rematch("evaluate", pool, "--labels", "labels.tsv")
    assert done.code == 1
    assert "org__repo-3" in done.error
    assert "tasks with mixed outcomes" in done.out


def test_weights_are_fitted_and_taken_by_select(pool: Path) -> None:
    done = rematch("optimize", "evidence", pool, "--labels", "labels.tsv", "-o", "weights.json")
    assert done.code == 0, done.err
    assert "evidence.weights=weights.json" in done.err
    shown = rematch("optimize", "evidence", pool, "--labels", "labels.tsv")
    assert json.loads(shown.out) == json.loads(Path("weights.json").read_text())
    picked = rematch("select", pool, "-c", "evidence.weights=weights.json", "--json")
    assert picked.code == 0, picked.err
