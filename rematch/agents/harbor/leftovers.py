"""What a killed run left in Docker: containers of trials that never ended."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path

_PATIENCE = 60.0


async def clear_trials(folder: Path, in_docker: bool) -> None:
    """Remove a rollout's earlier trials, and the containers of those that never ended.

    Args:
        folder: the rollout's; it may be missing.
        in_docker: whether its trials ran in Docker here. Cloud sandboxes end by themselves.
    """
    trials = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    for trial in trials:
        is_running = not (trial.name.startswith(".") or (trial / "result.json").exists())
        if in_docker and is_running:
            await _take_down(name_project(trial.name))
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


def name_project(trial: str) -> str:
    """The Compose project that Harbor makes for a trial's environment."""
    name = re.sub(r"[^a-z0-9_-]", "-", f"{trial}__env".lower())
    return name if name[0].isalnum() else f"0{name}"


async def _take_down(project: str) -> None:
    """Stop and remove a project's containers; where Docker does not answer there are none."""
    down = ("compose", "--project-name", project, "down", "--volumes", "--remove-orphans")
    quiet = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            "docker", *down, "--timeout", "1", stdin=quiet, stdout=quiet, stderr=quiet
        )
        await asyncio.wait_for(process.wait(), _PATIENCE)
    except (OSError, TimeoutError):
        return
