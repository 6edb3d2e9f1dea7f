import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agents.boxes import write_files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small environment."""
    folder = tmp_path / "environment" / "app"
    return write_files(folder, {"a.py": "x = 1\n", "pkg/b.py": "y = 2\n", "pkg/run.sh": "echo\n"})


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
