"""What a mark needs is there, or the test says so: skipped, or failed where CI requires it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Read when dspy and litellm are first used: without it both fetch a price map.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

# A busy machine proves nothing against a property.
settings.register_profile("rematch", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rematch")

NEEDS = {
    "docker": [["docker", "version"]],
    "bwrap": [["bwrap", "--version"]],
    "harbor": [
        [sys.executable, "-c", "import harbor"],
        ["docker", "version"],
        ["docker", "compose", "version"],
    ],
}


@cache
def find_missing(mark: str) -> str:
    """The first command behind a mark that does not answer; "" where all do."""
    for command in NEEDS[mark]:
        try:
            if subprocess.run(command, capture_output=True, timeout=60).returncode == 0:
                continue
        except (FileNotFoundError, subprocess.TimeoutExpired):
            pass
        return " ".join(command)
    return ""


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a marked test that cannot run here; with REQUIRE_<MARK>=1 fail it."""
    for mark in NEEDS:
        if item.get_closest_marker(mark) and (missing := find_missing(mark)):
            reason = f"`{missing}` does not answer"
            if os.environ.get(f"REQUIRE_{mark.upper()}") == "1":
                pytest.fail(reason, pytrace=False)
            pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recorded rollouts; it is no part of the project."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("REMATCH_SHARED_DATA") or beside)
    if not folder.is_dir():
        pytest.skip("no recorded rollouts: set REMATCH_SHARED_DATA to their folder")
    return folder


@pytest.fixture
def tidy_litellm() -> Iterator[None]:
    """Closes the connections that litellm keeps open for good."""
    yield
    if "litellm" not in sys.modules:
        return
    import litellm
    from openai import OpenAI

    clients = litellm.in_memory_llm_clients_cache.cache_dict
    for key in [key for key, client in clients.items() if isinstance(client, OpenAI)]:
        clients.pop(key).close()
