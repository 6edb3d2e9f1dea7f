"""Selecting without a model: ten times the attempts against once the attempts."""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path
from statistics import fmean

from bench.figures import Figure
from rematch.app import build_selector, load_config, read_pool, run_async, select_pool

TASKS, ATTEMPTS, STEPS = 12, 5, 40
TIMES = 10
BAR = 11.0


def measure() -> list[Figure]:
    """How selecting scales."""
    once, larger = measure_scaling()
    label = f"selecting among {TIMES} times the attempts / once the attempts (CPU time)"
    told = f"{larger:.2f} s / {once:.3f} s, the mean of {TIMES}"
    return [Figure(label, larger / once, BAR, beside=(told,))]


def measure_scaling() -> tuple[float, float]:
    """CPU seconds of import, summaries and picks, for once and for ten times the tasks.

    Once takes a third of a second, in which the processor's mood and a garbage collection weigh
    as much as the bar's margin: it is the mean of ten, half before and half after the larger one.
    """
    with tempfile.TemporaryDirectory() as name:
        small, large = Path(name, "small"), Path(name, "large")
        _write_pool(small, TASKS)
        _write_pool(large, TASKS * TIMES)
        _time_selection(small)  # imports and first calls belong to neither
        before = [_time_selection(small) for _ in range(TIMES // 2)]
        larger = _time_selection(large)
        after = [_time_selection(small) for _ in range(TIMES - TIMES // 2)]
        return fmean(before + after), larger


def _time_selection(folder: Path) -> float:
    began = time.process_time()
    config = load_config()
    pool = read_pool([folder])
    parts = build_selector(config)
    run_async(lambda: select_pool(parts, pool, config))
    return time.process_time() - began


def _write_pool(folder: Path, tasks: int) -> None:
    for task in range(tasks):
        for attempt in range(ATTEMPTS):
            path = folder / f"task-{task}" / f"attempt-{attempt}.traj.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(_write_attempt(task, attempt)))


def _write_attempt(task: int, attempt: int) -> dict[str, object]:
    messages: list[dict[str, object]] = [
        {"role": "system", "content": "You repair programs."},
        {"role": "user", "content": f"Please solve this issue: number {task} is wrong."},
    ]
    for step in range(STEPS + attempt):
        command = f"python -m pytest tests/test_{step}.py"
        output = f"line {step} of {task}\n" * 60 + f"{step} passed in 0.1s"
        said = f"THOUGHT: look at {step}\n\n```bash\n{command}\n```"
        messages.append({"role": "assistant", "content": said})
        text = f"<returncode>0</returncode>\n<output>\n{output}\n</output>"
        messages.append({"role": "user", "content": text})
    patch = f"diff --git a/f.py b/f.py\n--- a/f.py\n+++ b/f.py\n@@ -1 +1 @@\n-0\n+{attempt}\n"
    return {
        "info": {"exit_status": "Submitted", "submission": patch},
        "messages": messages,
        "trajectory_format": "mini-swe-agent-1",
        "instance_id": f"task-{task}",
    }
