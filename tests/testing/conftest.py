import os
import sys
from collections.abc import Iterator

import pytest

# Read when dspy and litellm are first used: without it both fetch a price map.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"


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
