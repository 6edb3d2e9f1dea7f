"""Runs that several tests look at are made once."""

import pytest

from tests.harbor.runs import ScriptedRun, run_scripted


@pytest.fixture(scope="session", params=["terminus-1", "terminus-2"])
def scripted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ScriptedRun:
    """A run of each Terminus."""
    return run_scripted(request.param, tmp_path_factory.mktemp(request.param))
