"""The parts around mini-SWE-agent's loop: templates, models, keys, imports, threads."""

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rematch.agents.mini import MiniModelConfig
from rematch.agents.mini.environment import MiniEnvironment
from rematch.agents.mini.models import build_model
from rematch.agents.sandboxes import ProcessSandbox
from rematch.agents.threads import run_in_thread


def test_templates_see_nothing_of_this_machine(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_NAME", "hidden")
    names = MiniEnvironment(ProcessSandbox(source)).get_template_vars()
    assert set(names) == {"kind", "cwd", "system", "release", "version", "machine"}
    assert os.uname().nodename not in names.values()


@pytest.mark.parametrize(
    "extra",
    [
        {"api_key": "x"},
        {"extra_headers": {"Authorization": "Bearer x"}},
        {"extra_body": [{"access_token": "x"}]},
    ],
)
def test_keys_in_the_configuration_are_refused(extra: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="written into trajectories"):
        MiniModelConfig(model="openai/m", extra=extra)
    MiniModelConfig(model="openai/m", extra={"max_completion_tokens": 5})


def test_the_models_parameters_reach_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    config = MiniModelConfig(
        model="openai/m",
        api_base="http://127.0.0.1:9",
        temperature=0.5,
        reasoning_effort="low",
        attempts=3,
        extra={"top_p": 0.9},
    )
    model = build_model(config, {"model": {"observation_template": "seen"}}, seed=(1 << 40) + 5)
    expected = {"temperature": 0.5, "reasoning_effort": "low", "top_p": 0.9, "seed": 5}
    assert model.config.model_kwargs.items() >= expected.items()
    assert model.config.model_kwargs["api_key"] == "none"  # a local server's, and no secret
    assert model.config.observation_template == "seen"
    assert os.environ["MSWEA_MODEL_RETRY_STOP_AFTER_ATTEMPT"] == "3"
    monkeypatch.setenv("OPENAI_API_KEY", "sk-mine")
    assert "api_key" not in build_model(config, {}, 0).config.model_kwargs


def test_the_library_is_quiet_and_imported_late(tmp_path: Path) -> None:
    code = (
        "import sys, logging\n"
        "import rematch.agents.mini, rematch.agents.sandboxes\n"
        "late = {'minisweagent', 'litellm', 'docker', 'requests'}\n"
        "assert not late & set(sys.modules), late & set(sys.modules)\n"
        "from rematch.agents.mini import load_mini\n"
        "load_mini('agents.default')\n"
        "assert 'litellm' not in sys.modules\n"
        "assert not logging.getLogger('minisweagent').handlers\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"HOME": str(home), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert not list(home.iterdir())
    assert logging.getLogger("minisweagent").level in (logging.NOTSET, logging.WARNING)


def test_a_thread_tells_its_result_and_its_error() -> None:
    async def main() -> None:
        assert await run_in_thread(lambda: 1 + 1, "sum") == 2
        with pytest.raises(ZeroDivisionError):
            await run_in_thread(lambda: 1 // 0, "fault")

    asyncio.run(main())
