from collections.abc import Iterator

import dspy
import pytest


@pytest.fixture(autouse=True)
def quiet_dspy() -> Iterator[None]:
    """History and trace would keep every prompt of thousands of calls."""
    with dspy.context(trace=None, disable_history=True):
        yield
