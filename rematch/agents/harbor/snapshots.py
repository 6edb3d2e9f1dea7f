"""An agent's trajectory as it stood before its verifier ran.

What an agent started may go on in the environment while the verifier runs there, sees the reward
and can still write into the agent's log folder: no reward shall come back that way. Nor may the
environment replace what an agent outside of it has recorded.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

_FILES = "trajectory*.json"


async def keep_trajectory(event: Any) -> None:
    """Copy the trajectory; to be called when verification starts (a hook of Harbor's queue).

    Of a task in several steps, whose agent goes on after it was verified, nothing is kept.
    """
    trial = Path(event.config.trials_dir) / event.config.trial_name
    kept = _place(trial)
    if kept.exists() or (trial / "steps").exists():
        shutil.rmtree(kept, ignore_errors=True)
        return
    kept.mkdir()
    for file in _regular_files(trial / "agent"):
        shutil.copyfile(file, kept / file.name)


def place_record(logs: Path) -> Path:
    """Where an agent that runs outside keeps its trajectory, out of the environment's reach.

    Args:
        logs: the agent's log folder, which the environment shares or is copied over.
    """
    place = _own_place(logs.parent)
    place.mkdir(parents=True, exist_ok=True)
    return place / "trajectory.json"


def restore_trajectory(trial: Path) -> None:
    """Put back what was kept, and nothing else; to be called when the environment is gone."""
    kept, own = _place(trial), _own_place(trial)
    if own.is_dir():
        shutil.rmtree(kept, ignore_errors=True)
        own.replace(kept)
    if not kept.is_dir():
        return
    agent = trial / "agent"
    agent.mkdir(exist_ok=True)
    for path in agent.glob(_FILES):
        _remove(path)
    for file in _regular_files(kept):
        file.replace(agent / file.name)
    shutil.rmtree(kept, ignore_errors=True)


def _regular_files(folder: Path) -> list[Path]:
    """Without links: in an environment they may point anywhere."""
    found = folder.glob(_FILES) if folder.is_dir() else ()
    return [file for file in found if file.is_file() and not file.is_symlink()]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink()


def _place(trial: Path) -> Path:
    return trial.with_name(f".{trial.name}")


def _own_place(trial: Path) -> Path:
    return trial.with_name(f".{trial.name}.own")
