"""Results in Harbor's manner: what its table counts and what its job result holds."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from rematch.data.harbor_package import PYTHON
from rematch.data.records import Bracket, Ending, Grade, Origin, Pick, Rollout, Trajectory, Usage
from rematch.report.diagnostics import TaskRun
from rematch.report.harbor_results import write_results


def make_attempt(name: str, ending: Ending = Ending.SUBMITTED, detail: str = "") -> Rollout:
    return Rollout(
        id=name,
        task_id="task",
        trajectory=Trajectory(ending=ending, ending_detail=detail),
        usage=Usage(calls=2, input_tokens=100, output_tokens=10, cost_usd=0.5),
        origin=Origin(agent="terminus-2", model="openai/x", format="harbor-trial"),
    )


def make_run() -> TaskRun:
    """A pick with half a reward, a crash, a late verifier, and an agent out of time that passed."""
    rollouts = (
        make_attempt("half"),
        make_attempt("crash", Ending.CRASHED, "RuntimeError: no image"),
        make_attempt("late"),
        make_attempt("slow", Ending.LIMIT, "AgentTimeoutError: after 9 s"),
    )
    verdicts = {
        "half": (0.5, "graded", ""),
        "crash": (0, "not-verified", "RuntimeError: no image"),
        "late": (0, "timeout", "VerifierTimeoutError: after 2 s"),
        "slow": (1, "graded", ""),
    }
    grades = {
        name: Grade(task_id="task", rollout_id=name, reward=reward, status=status, detail=detail)
        for name, (reward, status, detail) in verdicts.items()
    }
    return TaskRun(
        task_id="task",
        rollouts=rollouts,
        brackets=(Bracket(task_id="task", entrants=tuple(verdicts), survivors=("half",)),),
        pick=Pick(task_id="task", rollout_id="half"),
        grades=grades,
    )


def test_the_table_counts_as_harbor_does(tmp_path: Path) -> None:
    table = write_results(tmp_path, [make_run()])
    assert table == (tmp_path / "harbor-result.txt").read_text()
    assert "rematch • terminus-2 • openai/x" in table
    rows = [line.replace("│", " ").split() for line in table.splitlines() if line[:1] == "│"]
    assert ["all", "attempts", "2", "3", "0.375"] in rows  # with a reward, exceptions, mean
    assert ["picks,", "best", "of", "4", "1", "0", "0.500"] in rows
    assert ["best", "there", "is", "(oracle)", "1", "1.000"] in rows
    assert ["0.5", "1"] in rows


def test_the_result_holds_picks_and_attempts(tmp_path: Path) -> None:
    write_results(tmp_path, [make_run()])
    document = json.loads((tmp_path / "harbor-result.json").read_text())
    stats = document["stats"]
    assert (document["n_total_trials"], stats["n_completed_trials"]) == (1, 1)
    assert (stats["n_input_tokens"], stats["cost_usd"]) == (100, 0.5)
    picks = stats["evals"]["rematch-best-of-4__openai/x__selected"]
    assert (picks["n_trials"], picks["metrics"]) == (1, [{"mean": 0.5}])
    every = stats["evals"]["terminus-2__openai/x__selected"]
    assert every["reward_stats"] == {"reward": {"0.5": ["half"], "1.0": ["slow"]}}
    assert every["exception_stats"] == {
        "RuntimeError": ["crash"],
        "VerifierTimeoutError": ["late"],
        "AgentTimeoutError": ["slow"],
    }


@pytest.mark.skipif(sys.version_info < PYTHON, reason="no Harbor here")
def test_harbor_reads_the_result(tmp_path: Path) -> None:
    from harbor.models.job.result import JobResult

    write_results(tmp_path, [make_run()])
    text = (tmp_path / "harbor-result.json").read_text()
    result = JobResult.model_validate_json(text)
    assert result.stats.n_completed_trials == result.n_total_trials == 1
