import os
from collections.abc import Iterator

import dspy
import pytest

# Read when dspy and litellm are first used: without it both fetch a price map.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


@pytest.fixture(autouse=True)
def quiet_dspy() -> Iterator[None]:
    with dspy.context(trace=None, disable_history=True):
        yield


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the developer's environment holds is no part of a test."""
    for name in tuple(os.environ):
        if name.endswith(("_API_KEY", "_API_BASE", "_BASE_URL")):
            monkeypatch.delenv(name)
