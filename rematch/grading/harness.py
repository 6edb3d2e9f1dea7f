"""The SWE-bench 5 harness' own functions, made fit for many gradings in one process.

The harness keeps three things per process that gradings side by side need apiece: the folder of
its logs, a logger per instance, and standard output. They are replaced where it looks them up.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rematch.errors import UsageError

MODEL = "rematch"
_HOW_TO_GET = "pip install 'rematch-agents[swebench]'"
_lock = threading.Lock()


class LogFolders:
    """Stands for the harness' log folder: every run id has one of its own."""

    def __init__(self) -> None:
        self._folders: dict[str, Path] = {}

    def __truediv__(self, run_id: str) -> Path:
        return self._folders[run_id]

    @contextlib.contextmanager
    def lend(self, run_id: str, folder: Path) -> Iterator[None]:
        """Let the harness write a run's logs below a folder."""
        self._folders[run_id] = folder
        try:
            yield
        finally:
            del self._folders[run_id]


class GradingContainers:
    """The containers of one grading: labelled, bounded, and gone when it ends.

    Stands for the docker client that the harness is given; `settings` lie over its own.

    Attributes:
        expired: whether the grading was cancelled because its time was up.
    """

    def __init__(self, client: Any, settings: Mapping[str, Any]) -> None:
        self.images = client.images
        self.containers = self
        self._real = client.containers
        self._settings = dict(settings)
        self._made: list[Any] = []
        self._cancelled = False
        self.expired = False

    def get(self, name: str) -> Any:
        """An existing container."""
        return self._real.get(name)

    def create(self, **options: Any) -> Any:
        """A new container.

        Raises:
            RuntimeError: the grading was cancelled.
        """
        container = self._real.create(**{**options, **self._settings})
        self._made.append(container)
        if self._cancelled:
            self.remove()
            raise RuntimeError("the grading was cancelled")
        return container

    def cancel(self) -> None:
        """End the grading: what runs in its containers ends with them."""
        self._cancelled = True
        self.remove()

    @contextlib.contextmanager
    def expire(self, seconds: float) -> Iterator[None]:
        """Cancel what has not ended after so long: the harness bounds the tests alone.

        A patch may replace git, say, by a command that never ends, and the harness calls git.
        """

        def end() -> None:
            self.expired = True
            self.cancel()

        timer = threading.Timer(seconds, end)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def remove(self) -> None:
        """Remove what the harness made and did not remove itself."""
        from docker.errors import APIError

        for container in self._made:
            with contextlib.suppress(APIError):
                container.remove(force=True, v=True)


class Harness:
    """The harness' modules, loaded."""

    def __init__(self) -> None:
        from swebench import __version__
        from swebench.harness import run_evaluation
        from swebench.harness.log_parsers import PARSER_REGISTRY
        from swebench.harness.utils import make_test_spec

        self.version: str = __version__
        self.logs = LogFolders()
        self._make_test_spec = make_test_spec
        self._run_instance = run_evaluation.run_instance
        self._parsers = PARSER_REGISTRY
        for name, ours in {
            "RUN_EVALUATION_LOG_DIR": self.logs,
            "setup_logger": open_log,
            "print": _say_nothing,
        }.items():
            setattr(run_evaluation, name, ours)

    def make_test_spec(self, record: Mapping[str, Any]) -> Any:
        """The harness' own view of a record."""
        return self._make_test_spec(dict(record))

    def is_python(self, record: Mapping[str, Any]) -> bool:
        """Whether the tests are Python's."""
        parser = self._parsers.get(record["log_parser"])
        return getattr(parser, "__module__", "").endswith(".python")

    def run_instance(
        self,
        spec: Any,
        patch: str,
        containers: GradingContainers,
        run_id: str,
        folder: Path,
        timeout: int,
    ) -> Path:
        """Grade one patch with the harness' `run_instance`; where its logs are.

        Args:
            spec: of `make_test_spec`.
            patch: a git patch.
            containers: in place of a docker client.
            run_id: a fresh one: the harness answers an old one from its files.
            folder: for the logs.
            timeout: of the tests, in seconds.
        """
        prediction = {
            "instance_id": spec.instance_id,
            "model_name_or_path": MODEL,
            "model_patch": patch,
        }
        with self.logs.lend(run_id, folder):
            self._run_instance(spec, prediction, containers, run_id, timeout)
        return folder / MODEL / str(spec.instance_id)


_loaded: list[Harness] = []


def load_harness() -> Harness:
    """The harness, imported when it is first needed (seconds).

    Raises:
        UsageError: it is not installed.
    """
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its dependencies, at import
        if not _loaded:
            try:
                _loaded.append(Harness())
            except ImportError as error:
                raise UsageError(
                    f"grading needs the harness of SWE-bench 5 ({error}): {_HOW_TO_GET}"
                ) from error
        return _loaded[0]


def open_log(
    instance_id: str, log_file: Path, mode: str = "w", add_stdout: bool = False
) -> logging.Logger:
    """A logger that writes to one file and is known to nobody else."""
    log_file.parent.mkdir(parents=True, exist_ok=True)
    logger = logging.Logger(instance_id, logging.INFO)
    handler = logging.FileHandler(log_file, mode=mode, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s - %(levelname)s - %(message)s"))
    logger.addHandler(handler)
    logger.log_file = log_file  # type: ignore[attr-defined]
    return logger


def _say_nothing(*words: object, **options: object) -> None:
    """The harness prints its errors; its logs have them too."""
