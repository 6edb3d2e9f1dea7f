"""Tasks in Harbor's folder format: task.toml, instruction.md, environment/, tests/, solution/.

What an agent may see and what only grading may open are two different objects: `HarborTask`
holds the problem and the work files, `SealedTests` the hidden tests.
"""

from __future__ import annotations

import re
import shlex
import tomllib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from rematch.data.records import Task
from rematch.errors import InputError

WORKDIR = PurePosixPath("/app")
_COPY = re.compile(r"^(?:COPY|ADD)\s+(.+)$", re.IGNORECASE | re.MULTILINE)
_WORKDIR = re.compile(r"^WORKDIR\s+(\S+)", re.IGNORECASE | re.MULTILINE)


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
    work_files: tuple[tuple[Path, str], ...]
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
    return float(value) if isinstance(value, int | float) and value > 0 else default


def _find_work_files(environment: Path) -> tuple[tuple[Path, str], ...]:
    """What the Dockerfile copies into the work folder; without a Dockerfile, everything."""
    if not environment.is_dir():
        raise InputError(f"{environment}: is missing; it holds what the agent works on")
    dockerfile = environment / "Dockerfile"
    if not dockerfile.exists():
        return ((environment, "."),)
    text = _read_text(dockerfile).replace("\\\n", " ")
    found = [pair for line in _COPY.findall(text) for pair in _read_copy(line, text, environment)]
    for source, _ in found:
        if not source.exists():
            raise InputError(f"{dockerfile}: copies {source.name}, which is missing")
    if not found and (environment / WORKDIR.name).is_dir():
        return ((environment / WORKDIR.name, "."),)
    return tuple(found)


def _read_copy(line: str, dockerfile: str, environment: Path) -> list[tuple[Path, str]]:
    """The pairs of one COPY line that end up in the work folder."""
    words = [word for word in shlex.split(line.strip("[] ").replace('",', '" ')) if word]
    *sources, target = [word for word in words if not word.startswith("--")]
    if any(word.startswith("--from") for word in words):
        return []
    workdir = next(iter(_WORKDIR.findall(dockerfile)), str(WORKDIR))
    place = PurePosixPath(workdir) / target
    if not place.is_relative_to(WORKDIR):
        return []
    below = str(place.relative_to(WORKDIR))
    pairs = []
    for source in sources:
        path = (environment / source.lstrip("/")).resolve()
        if not path.is_relative_to(environment.resolve()):
            raise InputError(f"{environment / 'Dockerfile'}: copies {source} from outside")
        is_named = path.is_file() and not target.endswith("/") and target not in (".", "./")
        into_folder = path.is_file() and not is_named
        pairs.append((path, str(PurePosixPath(below) / path.name) if into_folder else below))
    return pairs
