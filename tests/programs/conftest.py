import os
from collections.abc import Iterator

import dspy
import pytest

# Read when dspy and litellm are first used: without it both fetch a price map.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


@pytest.fixture(autouse=True)
def quiet_dspy() -> Iterator[None]:
    """History and trace would keep every prompt of thousands of calls."""
    with dspy.context(trace=None, disable_history=True):
        yield
