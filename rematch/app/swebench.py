"""From the configuration to mini-SWE-agent in SWE-bench's containers, and to their grader."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from rematch.agents.mini import MiniAgent
from rematch.agents.mini.loading import load_templates
from rematch.agents.sandboxes import Sandbox
from rematch.agents.sandboxes.daemon import connect_docker, list_labels
from rematch.agents.sandboxes.images import Images, ImageSandbox
from rematch.app.agents import build_mini
from rematch.app.config import Config
from rematch.data.records import Task
from rematch.data.swebench import HUB, SealedRecord, SwebenchTask, is_instance_file
from rematch.errors import UsageError
from rematch.grading.swebench import SwebenchGrader
from rematch.runs.folder import RunFolder

TEMPLATE = "benchmarks/swebench"
WORKDIR = "/testbed"
_SECONDS = 7_200
_LIMITS = {"memory_bytes": 8 << 30, "disk_bytes": 4 << 30, "processes": 1_024}


def fit_to_suite(config: Config, suite: str) -> Config:
    """The configuration with what a suite of SWE-bench has by default; others stay as they are.

    mini-SWE-agent's own configuration for SWE-bench gives the prompts and its limits; what the
    user has set stays.

    Args:
        config: as it was read.
        suite: the suite's name or path.
    """
    if suite not in HUB and not is_instance_file(suite):
        return config
    shipped = load_templates(TEMPLATE)
    mini = {
        "template": TEMPLATE,
        "step_limit": shipped["agent"]["step_limit"],
        "cost_limit": shipped["agent"]["cost_limit"],
        "seconds": _SECONDS,
        "patch_from": "submitted",
    }
    limits = {**_LIMITS, "seconds": float(shipped["environment"]["timeout"])}
    docker = {"image": "", "workdir": shipped["environment"]["cwd"]}
    agent = config.agent
    sandbox = _fill(
        agent.sandbox,
        kind="docker",
        limits=_fill(agent.sandbox.limits, **limits),
        docker=_fill(agent.sandbox.docker, **docker),
    )
    agent = agent.model_copy(update={"mini": _fill(agent.mini, **mini), "sandbox": sandbox})
    return config.model_copy(update={"agent": agent})


def build_swebench(
    config: Config,
    tasks: Mapping[str, SwebenchTask],
    folder: RunFolder,
    tell: Callable[[str], None],
) -> tuple[MiniAgent, SwebenchGrader, tuple[str, ...]]:
    """The agent, each attempt in a container of its instance's image; the grader; notices.

    Args:
        config: after `fit_to_suite`.
        tasks: by id.
        folder: keeps trajectories, and the gradings' logs.
        tell: gets lines for the user.

    Raises:
        UsageError: another sandbox than docker is asked for.
        SandboxError: no Docker daemon answers.
    """
    sandbox = config.agent.sandbox
    if sandbox.kind != "docker":
        raise UsageError(f"--sandbox {sandbox.kind}: SWE-bench's instances run in docker only")
    connect_docker().close()
    images = Images(tell)
    run = folder.path.name

    def make_sandbox(task: Task) -> Sandbox:
        image = sandbox.docker.image or tasks[task.id].image
        docker = sandbox.docker.model_copy(update={"image": image})
        return ImageSandbox(docker, sandbox.limits, images, run)

    agent = build_mini(config, make_sandbox, folder)
    sealed = {task_id: task.sealed for task_id, task in tasks.items()}
    grader = build_grader(config, sealed, folder, images.fetch)
    return agent, grader, tuple(_tell_of_older_records(sealed))


def _tell_of_older_records(records: Mapping[str, SealedRecord]) -> Iterator[str]:
    lacking = [record.missing for record in records.values() if record.missing]
    if lacking:
        fields = ", ".join(lacking[0])
        yield (
            f"{len(lacking)} of {len(records)} tasks will run but cannot be graded: their records "
            f"lack {fields} (the schema before SWE-bench 5)"
        )


def build_grader(
    config: Config,
    records: Mapping[str, SealedRecord],
    folder: RunFolder,
    fetch_image: Callable[[str], None],
    *,
    redo: bool = False,
) -> SwebenchGrader:
    """The harness' grader; its logs stand in the folder, its containers carry our labels."""
    return SwebenchGrader(
        records,
        folder.gradings,
        config=config.grading,
        labels=list_labels(folder.path.name),
        fetch_image=fetch_image,
        redo=redo,
        workers=config.workers.get("grader", os.cpu_count() or 1),
    )


def _fill(settings: Any, **defaults: Any) -> Any:
    """Settings with other defaults: what was set stays, nested parts are taken as they are."""
    nested = {k for k, v in defaults.items() if hasattr(v, "model_fields_set")}
    free = defaults.keys() - (settings.model_fields_set - nested)
    return settings.model_copy(update={name: defaults[name] for name in free})
