from pathlib import Path

import pytest

from tests.agents.boxes import write_files


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A small environment."""
    folder = tmp_path / "environment" / "app"
    return write_files(folder, {"a.py": "x = 1\n", "pkg/b.py": "y = 2\n", "pkg/run.sh": "echo\n"})
