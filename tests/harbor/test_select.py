"""rematch select on a job folder that Harbor itself wrote, several attempts per task."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rematch.testing import Endpoint, Terminus2
from tests.cli.running import rematch
from tests.harbor.runs import TASKS, follow_plan
from tests.harbor.tasks import copy_tasks

pytestmark = [pytest.mark.harbor, pytest.mark.filterwarnings("ignore")]

HARBOR = Path(sys.executable).with_name("harbor")
SETTINGS = {
    "HARBOR_TELEMETRY": "0",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "OPENAI_API_KEY": "a-long-key-for-a-server-that-wants-none",
}


def run_job(root: Path, attempts: int) -> Path:
    """`harbor run` with terminus-2 on two tasks; the job's folder."""
    tasks = copy_tasks(root / "tasks", *TASKS)
    with Endpoint(Terminus2(follow_plan, seconds=0.5)) as endpoint:
        kwargs = (f"api_base={endpoint.url}", "record_terminal_session=false")
        options = [word for kwarg in kwargs for word in ("--ak", kwarg)]
        command = [str(HARBOR), "run", "-p", str(tasks), "-a", "terminus-2", "-k", str(attempts)]
        command += ["-m", "openai/scripted", "-o", str(root), "--job-name", "job", "-y", "-q"]
        subprocess.run(
            [*command, *options],
            env={**os.environ, **SETTINGS},
            check=True,
            capture_output=True,
            timeout=300,
        )
    return root / "job"


def test_a_job_folder_needs_no_flags(tmp_path: Path) -> None:
    from harbor.models.job.result import JobResult

    job, picked = run_job(tmp_path, attempts=3), tmp_path / "picked"
    with Endpoint() as endpoint:
        models = ("--model", "openai/scripted", "--api-base", endpoint.url)
        done = rematch("select", job, *models, "-o", picked)

    assert done.code == 0, done.err
    assert (picked / "picks.json").is_file()
    assert "all attempts" in done.out and "picks, best of 3" in done.out
    assert (picked / "harbor-result.txt").read_text() in done.out
    ours = JobResult.model_validate_json((picked / "harbor-result.json").read_text()).stats
    theirs = JobResult.model_validate_json((job / "result.json").read_text()).stats
    of_picks, of_all = ours.evals.values()
    (of_job,) = theirs.evals.values()
    assert of_picks.metrics == [{"mean": 1.0}]  # one attempt in three solves, and shows it
    assert of_all.metrics == of_job.metrics
    assert {k: sorted(v) for k, v in of_all.reward_stats["reward"].items()} == {
        k: sorted(v) for k, v in of_job.reward_stats["reward"].items()
    }
    shown = rematch("show", picked)
    assert "final pick                         100.0%" in shown.out

    without = rematch("select", job)
    assert without.code == 0 and "best of 3" not in without.out
