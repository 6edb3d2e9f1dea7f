"""Tasks in Harbor's folder format: task.toml, instruction.md, environment/, tests/, solution/.

What an agent may see and what only grading may open are two different objects: `HarborTask`
holds the problem and the work files, `SealedTests` the hidden tests.
"""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from rematch.data.dockerfiles import Copies, find_copies
from rematch.data.records import Task
from rematch.errors import InputError


@dataclass(frozen=True)
class SealedTests:
    """A task's hidden tests; grading alone opens them. `timeout` is in seconds."""

    folder: Path = field(repr=False)
    timeout: float


@dataclass(frozen=True)
class HarborTask:
    """One task folder.

    Attributes:
        task: what an agent is told.
        work_files: (source, path below the work folder) of what stands in it at the start.
        agent_timeout: seconds of wall time that the task grants an agent.
        sealed: the hidden tests.
        folder: where all of it lies.
    """

    task: Task
    work_files: Copies
    agent_timeout: float
    sealed: SealedTests
    folder: Path = field(repr=False)


def is_task_folder(folder: Path) -> bool:
    """Whether a folder looks like one task."""
    return (folder / "task.toml").exists() or (folder / "instruction.md").exists()


def read_task_folder(folder: Path, suite: str = "") -> HarborTask:
    """Read one task folder.

    Raises:
        InputError: a file is missing or cannot be read; the message names it.
    """
    settings = _read_settings(folder / "task.toml")
    problem = _read_text(folder / "instruction.md")
    tests = folder / "tests"
    if not (tests / "test.sh").is_file():
        raise InputError(f"{tests / 'test.sh'}: is missing; a task is graded by it")
    work_files = _find_work_files(folder / "environment")
    return HarborTask(
        task=Task(id=folder.name, problem=problem, suite=suite),
        work_files=work_files,
        agent_timeout=_seconds(settings, "agent", 600.0),
        sealed=SealedTests(tests, _seconds(settings, "verifier", 120.0)),
        folder=folder,
    )


def _read_settings(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(_read_text(path))
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is not TOML ({error})") from error


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: is missing") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error})") from error


def _seconds(settings: dict[str, object], section: str, default: float) -> float:
    part = settings.get(section)
    value = part.get("timeout_sec") if isinstance(part, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        return default
    return float(value)


def _find_work_files(environment: Path) -> Copies:
    """What the Dockerfile copies into the work folder; without a Dockerfile, everything."""
    if not environment.is_dir():
        raise InputError(f"{environment}: is missing; it holds what the agent works on")
    dockerfile = environment / "Dockerfile"
    if not dockerfile.exists():
        return ((environment, "."),)
    found = find_copies(dockerfile, _read_text(dockerfile))
    if not found and (environment / "app").is_dir():
        return ((environment / "app", "."),)
    return found
