"""Peak memory of a run: a thousand tasks queued, against ten. Each in a process of its own."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.figures import Figure
from bench.makers import make_rollout
from bench.serving import serve_votes
from bench.wiring import make_suite, wire
from rematch.app.building import run_async
from rematch.app.config import Config
from rematch.app.running import run_suite
from rematch.data.records import Rollout, Task, name_rollout
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.programs import Judge
from rematch.runs.calls import Calls
from rematch.runs.ledger import Ledger
from rematch.runs.models import ModelConfig, build_lm

FEW, MANY = 10, 1_000
N, IN_FLIGHT = 8, 64
STEPS, SIZE = 12, 2_000


def measure() -> list[Figure]:
    """The ratio of both peaks."""
    with serve_votes() as url:
        few, many = (_measure_apart(tasks, url) for tasks in (FEW, MANY))
    label = f"peak memory, {MANY:,} tasks queued with {IN_FLIGHT} in flight / {FEW} tasks"
    told = f"{many:.0f} MB / {few:.0f} MB; N = {N}, one vote a match by HTTP"
    return [Figure(label, many / few, 1.5, beside=(told,))]


def _measure_apart(tasks: int, url: str) -> float:
    command = [sys.executable, "-m", "bench.memory", str(tasks), url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(done.stdout) / 1024


class _QuickAgent:
    """Makes an attempt of a usual size at once (seams.Agent)."""

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        await asyncio.sleep(0.01)
        name = name_rollout(task.id, iteration, index)
        return make_rollout(name, steps=STEPS, size=SIZE).model_copy(
            update={"task_id": task.id, "iteration": iteration}
        )


def _run(tasks: int, url: str) -> None:
    config = Config.model_validate(
        {"n": N, "iterations": 1, "in_flight": IN_FLIGHT, "rtv": {"votes": 1}}
        | {"workers": {"agent": IN_FLIGHT, "judge": IN_FLIGHT}}
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        calls = Calls(ledger=Ledger(folder / "ledger.sqlite"))
        lm = build_lm("judge", ModelConfig(model="openai/scripted", api_base=url), calls=calls)
        run = wire(config, folder, calls, _QuickAgent(), EvidenceSummarizer(), Judge(lm))
        finished = run_async(lambda: run_suite(run, make_suite(tasks), config))
        assert len(finished.done) == tasks, finished.failures
        run.close()


def _read_peak() -> int:
    """This process's peak in kB. Not getrusage's: that of a child begins at its parent's peak."""
    status = Path("/proc/self/status").read_text()
    return int(re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)[0])


if __name__ == "__main__":
    _run(int(sys.argv[1]), sys.argv[2])
    sys.stdout.write(str(_read_peak()))
