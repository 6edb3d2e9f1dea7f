"""Pocket tasks that Harbor can run here: copies on the test base image, which needs no registry."""

from __future__ import annotations

import base64
import re
import shutil
from pathlib import Path

POCKET = Path(__file__).resolve().parents[2] / "data" / "pocket"
IMAGE = "rematch-test-base:bookworm"


def copy_tasks(target: Path, *names: str, image: str = IMAGE, **seconds: float) -> Path:
    """Copy pocket tasks into a folder; their environments are built on another image.

    Args:
        target: gets a folder per task.
        names: of pocket tasks.
        image: what their Dockerfiles begin with.
        seconds: time limits by section of task.toml (agent, verifier).
    """
    for name in names:
        folder = target / name
        shutil.copytree(POCKET / name, folder)
        dockerfile = folder / "environment" / "Dockerfile"
        dockerfile.write_text(re.sub(r"^FROM .*", f"FROM {image}", dockerfile.read_text()))
        settings = (folder / "task.toml").read_text()
        for section, limit in seconds.items():
            settings = re.sub(rf"(\[{section}\]\ntimeout_sec = )[\d.]+", rf"\g<1>{limit}", settings)
        (folder / "task.toml").write_text(settings)
    return target


def fixing_command(name: str) -> str:
    """A command that solves a pocket task, as an agent may type it."""
    patch = (POCKET / name / "solution" / "fix.patch").read_bytes()
    return f"echo {base64.b64encode(patch).decode()} | base64 -d | patch -p1 -d /app"


def find_task(text: str, *names: str) -> str:
    """Which of these pocket tasks a prompt is about: their first lines differ."""
    firsts = {
        name: (POCKET / name / "instruction.md").read_text().splitlines()[0] for name in names
    }
    return next(name for name, first in firsts.items() if first in text)
