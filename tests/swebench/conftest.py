import gc
import json
import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rematch.data.suites import load_suite
from rematch.data.swebench import SwebenchTask
from tests.swebench.daemon import list_containers, list_things
from tests.swebench.instance import IMAGE, write_record


def find_shared() -> Path | None:
    beside = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("REMATCH_SHARED_DATA") or beside)
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def flask_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the one instance that can be graded here."""
    inspected = subprocess.run(["docker", "image", "inspect", IMAGE], capture_output=True)
    if inspected.returncode != 0:
        reason = "the instance's image is missing: tests/swebench/flask-image makes it"
        if os.environ.get("REQUIRE_DOCKER") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return write_record(tmp_path_factory.mktemp("swebench") / "flask.json", find_shared())


@pytest.fixture(scope="session")
def flask_task(flask_file: Path) -> SwebenchTask:
    (task,) = load_suite(str(flask_file)).tasks
    assert isinstance(task, SwebenchTask)
    return task


@pytest.fixture
def flask_record(flask_file: Path) -> Any:
    return json.loads(flask_file.read_text())[0]


@pytest.fixture
def nothing_left() -> Iterator[str]:
    """A name for a run, which leaves no container, network or volume behind."""
    kinds = ("network", "volume")
    before = {kind: list_things(kind) for kind in kinds}
    run = f"test-{uuid.uuid4().hex[:8]}"
    yield run
    gc.collect()  # while the test's own filters of warnings hold
    assert list_containers(run) == []
    for kind in kinds:
        for _ in range(100):  # another test's may be there for a while
            if not list_things(kind) - before[kind]:
                break
            time.sleep(0.2)
        assert list_things(kind) - before[kind] == set()
