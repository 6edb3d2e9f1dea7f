"""`rematch calibrate`, and picks that come with their probability."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rematch.testing import Endpoint, Judge
from tests.cli.pools import write_labelled
from tests.cli.projects import write_task
from tests.cli.running import Done, rematch


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")


def calibrate(*words: str | Path) -> Done:
    if not Path("pool").exists():
        write_labelled(Path(), tasks=9, attempts=3)
    return rematch("calibrate", "pool", "--labels", "labels.tsv", "-o", "out", *words)


def test_evidence_is_calibrated_and_select_reports_it() -> None:
    report = calibrate("--json").document
    assert report["calibration"]["kind"] == "evidence"
    assert len(report["fitted_tasks"]) + len(report["test_tasks"]) == 9
    assert set(report["fitted_tasks"]).isdisjoint(report["test_tasks"])
    assert report["reliability"]["n"] == len(report["test_tasks"])
    file = "calibration=out/calibration.json"
    picked = rematch("select", "pool", "-c", file, "-o", "picks", "--json").document["tasks"]
    for task in picked.values():
        assert 0 < task["pick"]["probability"] < 1
    written = json.loads(Path("picks/picks.json").read_text())
    assert "probability" in json.dumps(written)
    printed = rematch("select", "pool", "-c", file).out
    assert "likely" in printed and "%" in printed
    assert "likely" not in rematch("select", "pool").out


def test_a_models_votes_are_calibrated_and_its_calls_are_kept() -> None:
    with Endpoint(judge=Judge(accuracy=0.8)) as endpoint:
        words = ("--model", "openai/m", "--api-base", endpoint.url, "-v", "5")
        first = calibrate(*words, "--json").document
        made = len(endpoint.log)
        second = calibrate(*words, "--json").document
        assert len(endpoint.log) == made > 0
        file = "calibration=out/calibration.json"
        picked = rematch("select", "pool", *words, "-c", file, "--json").document["tasks"]
    assert first == second
    assert first["calibration"]["kind"] == "votes"
    assert "openai/m, V=5" in first["calibration"]["about"]
    assert all(task["pick"]["probability"] is not None for task in picked.values())


def test_the_table_says_where_the_base_rate_is_as_good() -> None:
    out = calibrate().out
    assert "expected calibration error" in out and "picks  said  right" in out
    assert "trust no single probability" in out, "every best attempt passes: nothing to tell"


def test_run_rates_its_picks(tmp_path: Path) -> None:
    calibrate()
    task = write_task(tmp_path / "clamp")
    small = ("-n", "2", "-t", "1", "--sandbox", "process", "-c", "agent.repairer.tries=2")
    done = rematch("run", task, *small, "-c", "calibration=out/calibration.json", "-o", "run")
    assert done.code == 0, done.err
    (pick,) = Path("run/tasks").glob("*/pick.json")
    assert 0 < json.loads(pick.read_text())["probability"] < 1
    assert "likely" in done.out


def test_a_file_that_is_no_calibration_is_one_line() -> None:
    calibrate()
    for path, told in (("none.json", "cannot be read"), ("labels.tsv", "is no calibration")):
        done = rematch("select", "pool", "-c", f"calibration={path}")
        assert (done.code, told in done.error) == (1, True)


def test_too_few_tasks_are_one_line() -> None:
    write_labelled(Path(), tasks=1)
    done = calibrate()
    assert done.code == 1 and "1 task: too few whose texts differ" in done.error


def test_an_ablation_refuses_it_for_it_changes_no_pick() -> None:
    calibrate()
    Path("a.yaml").write_text("variants: {v: {calibration: out/calibration.json}}")
    done = rematch("ablate", "a.yaml", "pool", "--labels", "labels.tsv")
    assert (done.code, "changes no result" in done.error) == (2, True)
