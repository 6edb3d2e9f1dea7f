"""Grades SWE-bench's instances with the SWE-bench 5 harness. Called after selection only."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import tempfile
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field, ValidationError

from rematch.data.records import Grade, Rollout, Task
from rematch.data.swebench import GRADING_FIELDS, SealedRecord
from rematch.errors import GradingError, SandboxError
from rematch.grading.harness import GradingContainers, Harness, load_harness
from rematch.grading.outcomes import FINAL, read_outcome
from rematch.settings import Settings

if TYPE_CHECKING:
    from docker import DockerClient

_CONNECTIONS = 128


class SwebenchGradingConfig(Settings):
    """How SWE-bench's harness grades."""

    timeout: int = Field(default=1_800, ge=1)
    """Seconds that an instance's tests may take, and those of `rematch run --test`."""
    overhead: int = Field(default=600, ge=1)
    """Seconds that all the rest of a grading may take: to copy, to apply the patch, to compare."""
    memory_bytes: int = Field(default=8 << 30, ge=64 << 20)
    """Memory of one grading."""
    processes: int = Field(default=4_096, ge=64)
    """Processes and threads of one grading."""


class SwebenchGrader:
    """Grades by the harness' `run_instance` (seams.Grader).

    A patch of an instance is graded once for each folder; what is kept of it stands in

        FOLDER/INSTANCE/HASH/
          grade.json          the outcome
          report.json         the harness' report, where there is one
          run_instance.log    and its other files: patch.diff, eval.sh, test_output.txt

    where HASH is of all that decides the outcome: patch, record, image, limits and harness.

    Args:
        records: the suite's sealed records by instance.
        folder: where outcomes and logs are kept.
        config: limits.
        labels: of the containers, by which they are swept when this process is killed.
        fetch_image: gets an image where it is missing, or raises SandboxError.
        redo: grade again what the folder holds.
        workers: gradings at once.
    """

    def __init__(
        self,
        records: Mapping[str, SealedRecord],
        folder: Path,
        *,
        config: SwebenchGradingConfig | None = None,
        labels: Mapping[str, str] | None = None,
        fetch_image: Callable[[str], None] | None = None,
        redo: bool = False,
        workers: int = 4,
    ) -> None:
        self._records = records
        self._folder = folder
        self._config = config or SwebenchGradingConfig()
        self._labels = dict(labels or {})
        self._fetch_image = fetch_image
        self._redo = redo
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="grading")
        self._turns: dict[Path, threading.Lock] = defaultdict(threading.Lock)
        self._done: set[Path] = set()
        self._client: DockerClient | None = None
        self._connecting = threading.Lock()

    async def grade(self, task: Task, rollout: Rollout) -> Grade:
        """Grade one rollout.

        Raises:
            GradingError: the task is not one of the suite's.
            UsageError: the harness is not installed.
        """
        record = self._records.get(task.id)
        if record is None:
            raise GradingError(f"{task.id}: is not in the suite, so there are no tests to run")
        grading = _Grading(record, rollout.patch or "")
        loop = asyncio.get_running_loop()
        working = loop.run_in_executor(self._pool, self._grade, grading)
        try:
            grade = await asyncio.shield(working)
        except asyncio.CancelledError:
            grading.cancel()
            await asyncio.wait([working])
            raise
        return grade.model_copy(update={"task_id": task.id, "rollout_id": rollout.id})

    def _grade(self, grading: _Grading) -> Grade:
        record = grading.record
        if record.missing:
            lacking = ", ".join(record.missing)
            return grading.conclude(
                "not-gradable", f"its record lacks {lacking} (the schema before SWE-bench 5)"
            )
        if not grading.patch.strip():
            return grading.conclude("graded", "the patch is empty, so nothing is resolved")
        from docker.errors import DockerException

        harness = load_harness()
        try:
            return self._grade_in(self._connect(), harness, grading)
        except (DockerException, OSError) as error:
            return grading.conclude("grader-failed", f"the Docker daemon: {error}")

    def _connect(self) -> DockerClient:
        """One client for all gradings, as in the harness.

        It is never closed: answers that Python has not collected yet would complain.
        """
        import docker

        with self._connecting:
            if self._client is None:
                self._client = docker.from_env(
                    timeout=self._config.timeout + 60, max_pool_size=_CONNECTIONS
                )
            return self._client

    def _grade_in(self, client: DockerClient, harness: Harness, grading: _Grading) -> Grade:
        fields = grading.record.open()
        image = self._find_image(client, str(fields["image"]))
        if not image.startswith("sha256:"):
            return grading.conclude("image-missing", image)
        place = self._folder / grading.record.instance_id / self._hash(grading, image, harness)
        with self._turns[place]:
            kept = None if self._redo and place not in self._done else _read(place)
            if kept is None:
                kept = self._run(client, harness, grading, place)
                self._done.add(place)
        return kept

    def _run(self, client: DockerClient, harness: Harness, grading: _Grading, place: Path) -> Grade:
        fields = grading.record.open()
        containers = GradingContainers(client, self._settle(harness.is_python(fields)))
        grading.watch(containers)
        seconds = self._config.timeout + self._config.overhead
        temporary = tempfile.TemporaryDirectory(prefix="rematch-grade-")
        with temporary as folder, containers.expire(seconds):
            try:
                logs = harness.run_instance(
                    harness.make_test_spec(fields),
                    grading.patch,
                    containers,
                    f"rematch-{uuid.uuid4().hex[:12]}",
                    Path(folder),
                    self._config.timeout,
                )
            except Exception as error:  # noqa: BLE001 - whatever the harness makes of a record
                return grading.conclude("grader-failed", f"{type(error).__name__}: {error}")
            finally:
                containers.remove()
            if containers.expired:
                return grading.conclude("grader-failed", f"the harness took over {seconds} seconds")
            status, reward, detail = read_outcome(logs, grading.record.instance_id)
            grade = grading.conclude(status, detail, reward)
            if not grading.cancelled:
                _keep(logs, place, grade)
        return grade

    def _find_image(self, client: DockerClient, image: str) -> str:
        """The image's id, or why there is none."""
        from docker.errors import ImageNotFound

        try:
            try:
                return str(client.images.get(image).id)
            except ImageNotFound:
                if self._fetch_image is None:
                    return f"image {image} is not on this machine"
                self._fetch_image(image)
            return str(client.images.get(image).id)
        except (SandboxError, ImageNotFound) as error:
            return str(error)

    def _settle(self, is_python: bool) -> dict[str, Any]:
        """What lies over the harness' own container settings.

        The harness adds a capability for the browsers that some JavaScript suites start; with
        it a container can be left. Python's tests need none.
        """
        settings = {
            "labels": self._labels,
            "init": True,  # else stopping takes ten seconds and more
            "mem_limit": self._config.memory_bytes,
            "memswap_limit": self._config.memory_bytes,
            "pids_limit": self._config.processes,
        }
        return {**settings, "cap_add": []} if is_python else settings

    def _hash(self, grading: _Grading, image: str, harness: Harness) -> str:
        fields = grading.record.open()
        decisive = {name: fields[name] for name in GRADING_FIELDS}
        decisive |= {"image_assets": fields.get("image_assets")}
        limits = self._config.model_dump(exclude={"overhead"})  # decides no outcome that is kept
        asked = [grading.patch, decisive, image, limits, harness.version]
        return hashlib.sha256(json.dumps(asked, default=str).encode()).hexdigest()[:16]


class _Grading:
    """One patch of one instance on its way."""

    def __init__(self, record: SealedRecord, patch: str) -> None:
        self.record = record
        self.patch = patch
        self.cancelled = False
        self._containers: GradingContainers | None = None
        self._began = time.monotonic()

    def watch(self, containers: GradingContainers) -> None:
        """Cancel these too from now on."""
        self._containers = containers
        if self.cancelled:
            containers.cancel()

    def cancel(self) -> None:
        """End it at once, from another thread."""
        self.cancelled = True
        if self._containers:
            self._containers.cancel()

    def conclude(self, status: str, detail: str, reward: float = 0.0) -> Grade:
        """The outcome as a record."""
        return Grade(
            task_id=self.record.instance_id,
            rollout_id="",
            reward=reward,
            status=status,
            detail=detail,
            seconds=round(time.monotonic() - self._began, 3),
        )


def _read(place: Path) -> Grade | None:
    try:
        return Grade.model_validate_json((place / "grade.json").read_bytes())
    except (OSError, ValidationError):
        return None


def _keep(logs: Path, place: Path, grade: Grade) -> None:
    """Move the harness' files to their place, and put the outcome in where it is final.

    Raises:
        GradingError: the folder cannot be written.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(place, ignore_errors=True)
        part = place.with_name(f".{place.name}.{uuid.uuid4().hex[:8]}")
        if logs.is_dir():
            shutil.copytree(logs, part)
        else:
            part.mkdir()
        if grade.status in FINAL:
            (part / "grade.json").write_text(grade.model_dump_json(indent=1) + "\n")
        part.replace(place)
    except OSError as error:
        raise GradingError(f"{place}: cannot be written ({error})") from error
