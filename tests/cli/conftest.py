import os
from collections.abc import Iterator

import pytest

from rematch.testing import Endpoint

# Read when dspy and litellm are first used: without it both fetch a price map.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """One scripted endpoint for a module; each test asks for a model of its own name."""
    with Endpoint() as serving:
        yield serving
