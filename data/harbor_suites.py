"""Tasks that Harbor itself runs and verifies: local folders, and datasets of its registry.

Harbor reads their settings; what a task's environment and tests hold is not looked at here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from rematch.data.harbor_package import load_harbor
from rematch.data.harbor_tasks import HarborTask, SealedTests
from rematch.data.records import ResultKind, Task
from rematch.errors import InputError, UsageError

T = TypeVar("T")


def is_dataset(name: str) -> bool:
    """Whether a suite's name is `name@version`, as Harbor's registry has them."""
    dataset, at, version = name.rpartition("@")
    return bool(at and dataset and version) and not Path(name).exists()


def read_task(folder: Path, suite: str, task_id: str = "") -> HarborTask:
    """Read a task as Harbor does. Its result is the state of its environment.

    Raises:
        InputError: Harbor would not run it; the message says why.
        UsageError: Harbor is not installed.
    """
    model = load_harbor("models.task.task")
    try:
        known = model.Task(folder)
        if not known.config.environment.docker_image and not known.paths.environment_dir.is_dir():
            raise FileNotFoundError("has no environment/ and names no docker_image")
        steps = [known.step_instruction(step.name) for step in known.config.steps or ()]
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f"{folder}: {' '.join(str(error).split())[:300]}") from error
    return HarborTask(
        task=Task(
            id=task_id or folder.name,
            problem="\n\n".join(steps) or known.instruction,
            asks_for=ResultKind.STATE,
            suite=suite,
        ),
        work_files=(),
        agent_timeout=known.config.agent.timeout_sec or float("inf"),
        sealed=SealedTests(known.paths.tests_dir, known.config.verifier.timeout_sec),
        folder=folder,
    )


class Dataset:
    """Tasks by name and version, fetched through Harbor's registry client into its cache.

    Args:
        name: `name@version`, or `organization/name@version` for a package of Harbor's hub.
        registry: address or file of another registry; "" is Harbor's own.

    Raises:
        UsageError: no such dataset, or no network; it says what to do.
    """

    def __init__(self, name: str, registry: str = "") -> None:
        self.name = name
        found = self._run(lambda: _find(name, registry))
        self._known = {task.get_name().rpartition("/")[2]: task for task in found}
        self._folders: dict[str, Path] = {}

    @property
    def ids(self) -> list[str]:
        """Its tasks' ids, in its own order."""
        return list(self._known)

    def fetch(self, ids: Sequence[str]) -> None:
        """Fetch these tasks, all together, where the cache has them not.

        Raises:
            UsageError: they cannot be fetched.
        """
        if not ids:
            return
        wanted = [self._known[task_id] for task_id in ids]
        client = load_harbor("tasks.client").TaskClient()
        fetched = self._run(lambda: client.download_tasks(task_ids=wanted))
        self._folders |= dict(zip(ids, map(Path, fetched.paths), strict=True))

    def read(self, task_id: str) -> HarborTask:
        """Read a task that was fetched.

        Raises:
            InputError: Harbor would not run it.
        """
        return read_task(self._folders[task_id], self.name, task_id)

    def _run(self, job: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine in a thread, so that it works inside a running loop too."""
        try:
            with ThreadPoolExecutor(max_workers=1) as pool:
                return pool.submit(lambda: asyncio.run(job())).result()
        except UsageError:
            raise
        except Exception as error:  # whatever the registry, git or the network say
            raise UsageError(
                f"{self.name}: cannot be had through Harbor's registry ({_root_of(error)}); check "
                "name, version and network, or give a folder of tasks"
            ) from error


async def _find(name: str, registry: str) -> list[Any]:
    if "/" in name:
        client = load_harbor("registry.client.package").PackageDatasetClient()
    else:
        factory = load_harbor("registry.client.factory").RegistryClientFactory
        is_address = "://" in registry
        client = factory.create(
            registry_url=registry if is_address else None,
            registry_path=Path(registry) if registry and not is_address else None,
        )
    metadata = await client.get_dataset_metadata(name)
    return list(metadata.task_ids)


def _root_of(error: BaseException) -> str:
    """What went wrong at first, in one line: the registry's client hides it behind its own."""
    while (first := error.__cause__ or error.__context__) is not None:
        error = first
    return " ".join(f"{type(error).__name__}: {error}".split())[:200]
