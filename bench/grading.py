"""Grading SWE-bench's patches: through us against the harness' bare `run_instance`.

Both grade the same patches of pallets__flask-5014 in a pool of as many threads, in turns, in this
process; so what differs is what we add: hashing, labels, limits, a log folder each, what is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

from bench.figures import Figure
from rematch.data.records import Rollout
from rematch.data.suites import load_suite
from rematch.data.swebench import SwebenchTask
from rematch.grading.harness import MODEL
from rematch.grading.swebench import SwebenchGrader
from tests.swebench.instance import GOLD, IMAGE, write_record

PATCHES, WORKERS, ROUNDS, SECONDS = 6, 2, 2, 300
BAR = 1.2


def find_fault() -> str:
    """Why it cannot be measured here, or ""."""
    if shutil.which("docker") is None:
        return "Docker is not installed"
    for command, fault in {
        ("docker", "version"): "no Docker daemon answers",
        ("docker", "image", "inspect", IMAGE): "tests/swebench/flask-image makes its image",
    }.items():
        if subprocess.run(command, capture_output=True).returncode != 0:
            return fault
    return ""


def measure() -> list[Figure]:
    """How much grading costs beside the bare harness."""
    label = f"grading {PATCHES} patches, through us / bare run_instance (wall time)"
    return [Figure(label, measure_overhead(), BAR)]


def measure_overhead() -> float:
    """Wall time of grading through us over that of the bare harness."""
    bare = load_bare()
    sides: tuple[Callable[[SwebenchTask, Sequence[str], Path], None], ...] = (
        lambda task, patches, folder: _grade_bare(bare, task, patches, folder),
        _grade_through_us,
    )
    seconds = [0.0, 0.0]
    with tempfile.TemporaryDirectory() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the harness' dependencies
        folder = Path(name)
        (task,) = load_suite(str(write_record(folder / "flask.json", None))).tasks
        assert isinstance(task, SwebenchTask)
        for grade in sides:  # imports and first calls belong to neither
            grade(task, write_patches("warm", 1), folder / uuid.uuid4().hex)
        for number in range(ROUNDS):
            patches = write_patches(str(number), PATCHES)
            for side in (0, 1) if number % 2 == 0 else (1, 0):
                began = time.perf_counter()
                sides[side](task, patches, folder / uuid.uuid4().hex)
                seconds[side] += time.perf_counter() - began
    return seconds[1] / seconds[0]


def write_patches(mark: str, count: int) -> list[str]:
    """Right patches, all of them different."""
    line = "+        if not name:\n"
    assert line in GOLD
    return [GOLD.replace(line, f"{line[:-1]}  # {mark} {number}\n") for number in range(count)]


def load_bare() -> ModuleType:
    """The harness' own module once more, without what we replace in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec = importlib.util.find_spec("swebench.harness.run_evaluation")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def _grade_bare(bare: ModuleType, task: SwebenchTask, patches: Sequence[str], folder: Path) -> None:
    bare.RUN_EVALUATION_LOG_DIR = folder  # type: ignore[attr-defined]
    record = task.sealed.open()
    client = bare._docker_client()

    def grade(patch: str) -> bool:
        prediction = {
            "instance_id": task.task.id,
            "model_name_or_path": MODEL,
            "model_patch": patch,
        }
        spec = bare.make_test_spec(dict(record))
        name, report = bare.run_instance(spec, prediction, client, uuid.uuid4().hex, SECONDS)
        return bool(report[name]["resolved"])

    with ThreadPoolExecutor(WORKERS) as pool, contextlib.redirect_stdout(None):
        assert all(pool.map(grade, patches)), "the bare harness grades a right patch as wrong"


def _grade_through_us(task: SwebenchTask, patches: Sequence[str], folder: Path) -> None:
    grader = SwebenchGrader({task.task.id: task.sealed}, folder, workers=WORKERS)

    async def run() -> list[float]:
        rollouts = [
            Rollout(id=f"r{number}", task_id=task.task.id, patch=patch)
            for number, patch in enumerate(patches)
        ]
        jobs = [grader.grade(task.task, rollout) for rollout in rollouts]
        return [grade.reward for grade in await asyncio.gather(*jobs)]

    rewards = asyncio.run(run())
    assert rewards == [1.0] * len(patches), "we grade a right patch as wrong"
