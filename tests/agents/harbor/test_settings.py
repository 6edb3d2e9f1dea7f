"""What Harbor is told: names, models, environments; mistakes and secrets are one line each."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from rematch.agents.harbor import HarborConfig, HarborModel
from rematch.agents.harbor.trials import Trials
from rematch.app import load_config
from rematch.data import harbor_package
from rematch.errors import UsageError
from tests.cli.running import rematch

needs_harbor = pytest.mark.skipif(sys.version_info < harbor_package.PYTHON, reason="no Harbor here")
MODEL = HarborModel(name="openai/scripted", api_base="http://127.0.0.1:9/v1", temperature=0.5)


@pytest.fixture
def _no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether Docker and Compose answer is no part of these tests."""
    monkeypatch.setattr(Trials, "_check", lambda self: None)


def describe(agent: str, config: HarborConfig, model: HarborModel | None = None) -> Any:
    trials = Trials(agent, config, model)
    return trials.describe(Path("/tasks/one"), "mine", Path("/run/trials"), "one__1", "Notes.")


@needs_harbor
@pytest.mark.usefixtures("_no_checks")
def test_one_trial_has_task_agent_environment_and_context() -> None:
    config = HarborConfig(
        kwargs={"max_turns": 7},
        environment="daytona",
        environment_options={"override_cpus": 2},
        timeout_multiplier=2.0,
        agent_seconds=90,
        trial={"verifier": {"override_timeout_sec": 5}},
    )
    trial = describe("terminus-2", config, MODEL)
    assert (trial.task.path, trial.task.source) == (Path("/tasks/one"), "mine")
    assert trial.extra_instructions == ["Notes."]
    assert (trial.agent.name, trial.agent.model_name) == ("terminus-2", "openai/scripted")
    assert trial.agent.kwargs == {"temperature": 0.5, "max_turns": 7}
    assert (trial.agent.base_url, trial.agent.override_timeout_sec) == (MODEL.api_base, 90)
    assert (trial.environment.type.value, trial.environment.override_cpus) == ("daytona", 2)
    assert (trial.timeout_multiplier, trial.verifier.override_timeout_sec) == (2.0, 5)


@needs_harbor
@pytest.mark.usefixtures("_no_checks")
def test_a_server_without_key_gets_a_long_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    trial = describe("terminus-2", HarborConfig(), MODEL)
    assert len(trial.agent.env["OPENAI_API_KEY"]) > 20
    monkeypatch.setenv("OPENAI_API_KEY", "sk-a-key-of-the-users-own")
    assert describe("terminus-2", HarborConfig(), MODEL).agent.env == {}


@needs_harbor
@pytest.mark.usefixtures("_no_checks")
def test_terminus_1_is_ours_and_others_may_be_named_by_path() -> None:
    ours = describe("terminus-1", HarborConfig(), MODEL).agent
    assert ours.import_path == "rematch.agents.harbor.terminus:Terminus1"
    assert describe("my.module:Agent", HarborConfig()).agent.name == "my.module:Agent"
    own = describe("oracle", HarborConfig(environment="my.module:Cloud")).environment
    assert (own.type, own.import_path) == (None, "my.module:Cloud")


@needs_harbor
@pytest.mark.parametrize(
    ("agent", "settings", "words"),
    [
        ("terminus-3", {}, "Harbor has no agent terminus-3; it has "),
        ("terminus-2", {"kwargs": {"max_trns": 3}}, "Unknown option 'max_trns'"),
        ("terminus-1", {"kwargs": {"max_turns": 0}}, "max_turns"),
        ("no.such.module:Agent", {}, "no.such.module"),
        ("oracle", {"environment": "moon"}, "Harbor refuses moon: type: Input should be 'docker'"),
        ("oracle", {"environment_options": {"override_cpus": "many"}}, "override_cpus"),
    ],
)
def test_what_harbor_would_not_run_is_one_line(
    agent: str, settings: dict[str, Any], words: str
) -> None:
    with pytest.raises(UsageError) as caught:
        Trials(agent, HarborConfig.model_validate(settings), MODEL if "term" in agent else None)
    assert words in str(caught.value) and "\n" not in str(caught.value)


@needs_harbor
def test_a_short_key_would_be_blacked_out_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "x")
    with pytest.raises(UsageError, match="ANTHROPIC_API_KEY has 1 characters"):
        Trials("claude-code", HarborConfig(), HarborModel(name="anthropic/claude-sonnet-4-5"))


@pytest.mark.parametrize(
    "settings",
    [
        {"env": {"OPENAI_API_KEY": "sk-abc"}},
        {"kwargs": {"llm_kwargs": {"api_key": "sk-abc"}}},
        {"environment_options": {"env": {"MY_TOKEN": "abc"}}},
        {"trial": {"verifier": {"env": {"PASSWORD": "abc"}}}},
    ],
)
def test_secrets_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="would be written into files"):
        HarborConfig.model_validate(settings)


def test_references_to_secrets_and_counts_of_tokens_are_none() -> None:
    HarborConfig(env={"OPENAI_API_KEY": "${OPENAI_API_KEY}"}, kwargs={"max_thinking_tokens": 2048})


@pytest.mark.parametrize("name", ["terminus-2", "harbor:", "harbor: x", "docker:x"])
def test_an_agent_is_named_with_its_runner(name: str) -> None:
    with pytest.raises(UsageError, match="must be written harbor:NAME"):
        load_config(overrides={"agent.name": name})


def test_flags_name_the_agent_and_its_options() -> None:
    flags = ("--agent", "harbor:terminus-2", "--agent-kwarg", "max_turns=30")
    done = rematch("run", "pocket", *flags, "--agent-kwarg", "parser_name=xml", "--print-config")
    assert done.code == 0
    assert "name: harbor:terminus-2" in done.out
    assert "max_turns: 30" in done.out and "parser_name: xml" in done.out
    wrong = rematch("run", "pocket", *flags[:2], "--agent-kwarg", "max_turns")
    assert (wrong.code, wrong.error) == (
        2,
        "--agent-kwarg max_turns: write name=value, such as max_turns=30",
    )


def test_an_old_python_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.version_info >= harbor_package.PYTHON:
        monkeypatch.setattr(harbor_package, "PYTHON", (9, 1))
    done = rematch("run", "pocket", "--agent", "harbor:terminus-2", "--model", "openai/any")
    assert done.code == 2
    assert done.error.startswith("Harbor needs Python >= ")
    assert "pip install 'rematch-agents[terminal-bench]'" in done.error


@needs_harbor
def test_terminus_1_wants_a_model() -> None:
    done = rematch("run", "pocket", "--agent", "harbor:terminus-1")
    assert done.code == 2
    assert done.error == "harbor:terminus-1 is driven by a model: give --model provider/name"


def test_importing_the_agents_imports_no_harbor() -> None:
    import subprocess

    code = "import sys, rematch.app, rematch.agents.harbor; sys.exit('harbor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
