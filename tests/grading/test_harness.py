"""What the harness keeps per process is kept apart for gradings side by side."""

from pathlib import Path
from typing import Any

import pytest

from rematch.grading.harness import GradingContainers, LogFolders, load_harness, open_log


class FakeContainer:
    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.removed = 0

    def remove(self, *, force: bool, v: bool) -> None:
        assert force and v
        self.removed += 1


class FakeClient:
    """The daemon, as far as a grading sees it."""

    images = "images"

    def __init__(self) -> None:
        self.containers = self
        self.made: list[FakeContainer] = []

    def get(self, name: str) -> str:
        return f"existing {name}"

    def create(self, **options: Any) -> FakeContainer:
        self.made.append(FakeContainer(options))
        return self.made[-1]


def test_every_run_has_a_log_folder_of_its_own(tmp_path: Path) -> None:
    logs = LogFolders()
    with logs.lend("a", tmp_path / "1"), logs.lend("b", tmp_path / "2"):
        assert logs / "a" / "model" == tmp_path / "1" / "model"
        assert logs / "b" == tmp_path / "2"
    with pytest.raises(KeyError):
        logs / "a"


def test_logs_of_one_instance_do_not_mix(tmp_path: Path) -> None:
    first = open_log("x", tmp_path / "1" / "run.log")
    second = open_log("x", tmp_path / "2" / "run.log")
    first.info("one")
    second.info("two")
    for logger in (first, second):
        for handler in logger.handlers:
            handler.close()
    assert (tmp_path / "1" / "run.log").read_text().endswith("INFO - one\n")
    assert (tmp_path / "2" / "run.log").read_text().endswith("INFO - two\n")


def test_our_settings_lie_over_the_harness_own() -> None:
    client = FakeClient()
    containers = GradingContainers(client, {"cap_add": [], "labels": {"a": "b"}})
    containers.containers.create(image="i", cap_add=["SYS_ADMIN"])
    assert client.made[0].options == {"image": "i", "cap_add": [], "labels": {"a": "b"}}
    assert containers.images == "images"
    assert containers.containers.get("x") == "existing x"


def test_what_was_made_is_removed() -> None:
    client = FakeClient()
    containers = GradingContainers(client, {})
    containers.create()
    containers.create()
    containers.remove()
    assert [container.removed for container in client.made] == [1, 1]


def test_a_cancelled_grading_makes_nothing_that_stays() -> None:
    client = FakeClient()
    containers = GradingContainers(client, {})
    containers.create()
    containers.cancel()
    with pytest.raises(RuntimeError, match="cancelled"):
        containers.create()
    assert all(container.removed for container in client.made)


def test_the_harness_looks_up_what_we_replace() -> None:
    harness = load_harness()
    from swebench.harness import run_evaluation

    assert run_evaluation.RUN_EVALUATION_LOG_DIR is harness.logs
    assert run_evaluation.setup_logger is open_log
    assert load_harness() is harness
    assert harness.version.startswith("5.")


def test_pythons_parsers_are_known() -> None:
    harness = load_harness()
    assert harness.is_python({"log_parser": "parse_log_flask"})
    assert not harness.is_python({"log_parser": "parse_log_karma"})
    assert not harness.is_python({"log_parser": "none"})
