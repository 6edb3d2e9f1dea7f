"""What is left of killed trials: which folders go, and the projects that Docker is asked about."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rematch.agents.harbor import HarborConfig
from rematch.agents.harbor.leftovers import clear_trials, name_project

SECRET = "looks-like-nothing"


@pytest.mark.parametrize(
    ("trial", "project"),
    [
        ("fix-it__Ab3xY", "fix-it__ab3xy__env"),
        ("a.b c/d", "a-b-c-d__env"),
        ("_hidden", "0_hidden__env"),
        ("-dash", "0-dash__env"),
        ("", "0__env"),
    ],
)
def test_a_trials_project_has_a_name_that_compose_takes(trial: str, project: str) -> None:
    assert name_project(trial) == project


@given(st.text("abcXYZ019_-. /", max_size=30))
def test_every_project_name_is_lower_case_and_begins_with_a_letter_or_digit(trial: str) -> None:
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", name_project(trial))
    assert name_project(trial) == name_project(trial.upper())


def test_a_rollout_without_trials_is_nothing_to_clear(tmp_path: Path) -> None:
    asyncio.run(clear_trials(tmp_path / "missing", in_docker=True))
    assert list(tmp_path.iterdir()) == []


def test_a_rollouts_earlier_trials_go_and_no_others(tmp_path: Path) -> None:
    for name in ("mine/ended", "mine/killed", "other/ended"):
        (tmp_path / name / "agent").mkdir(parents=True)
    (tmp_path / "mine/ended/result.json").write_text("{}")
    (tmp_path / "mine/note.txt").write_text("not a trial")
    asyncio.run(clear_trials(tmp_path / "mine", in_docker=False))
    assert not (tmp_path / "mine").exists()
    assert (tmp_path / "other/ended/agent").is_dir()


def test_docker_is_asked_about_trials_that_never_ended_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, docker = tmp_path / "log", tmp_path / "bin/docker"
    docker.parent.mkdir()
    docker.write_text(f'#!/bin/sh\necho "$@" >> "{log}"\nexit 1\n')
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(docker.parent))
    for name in ("ended", ".cache", "Killed.1"):
        (tmp_path / "r" / name).mkdir(parents=True)
    (tmp_path / "r/ended/result.json").write_text("{}")
    asyncio.run(clear_trials(tmp_path / "r", in_docker=True))
    (asked,) = log.read_text().splitlines()
    assert asked.startswith("compose --project-name killed-1__env down --volumes")
    assert not (tmp_path / "r").exists()


def test_where_there_is_no_docker_the_folder_goes_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    (tmp_path / "r/killed").mkdir(parents=True)
    asyncio.run(clear_trials(tmp_path / "r", in_docker=True))
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize(
    ("section", "settings", "name"),
    [
        ("kwargs", {"api_key": SECRET}, "api_key"),
        ("kwargs", {"deep": {"list": [{"PASSWORD": SECRET}]}}, "PASSWORD"),
        ("env", {"GITHUB_TOKEN": SECRET}, "GITHUB_TOKEN"),
        ("env", {"X_AUTH": "prefix ${X_AUTH}"}, "X_AUTH"),
        ("env", {"OPENAI_API_KEY": "${OPENAI_API_KEY:-" + SECRET + "}"}, "OPENAI_API_KEY"),
        ("environment_options", {"kwargs": {"client_secret": SECRET}}, "client_secret"),
        ("trial", {"verifier": {"env": {"CREDENTIALS": SECRET}}}, "CREDENTIALS"),
    ],
)
def test_a_secret_anywhere_is_named_with_the_way_to_write_it(
    section: str, settings: dict[str, Any], name: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        HarborConfig.model_validate({section: settings})
    (error,) = caught.value.errors()
    assert f"{name} would be written into files" in error["msg"]
    assert f"${{{name.upper()}}}" in error["msg"]
    assert SECRET not in error["msg"]


@pytest.mark.parametrize(
    "settings",
    [
        {"kwargs": {"max_tokens": "4096", "api_key_name": "MY_KEY", "api_key": ""}},
        {"kwargs": {"use_key": True, "token": 5, "secret": None}},
        {"env": {"A_TOKEN": "${A_TOKEN}", "B_KEY": "${OTHER:-}"}},
    ],
)
def test_references_switches_and_counts_are_no_secrets(settings: dict[str, Any]) -> None:
    assert HarborConfig.model_validate(settings).model_dump().items() >= settings.items()


@pytest.mark.parametrize(
    "settings",
    [{"retries": -1}, {"timeout_multiplier": 0}, {"agent_seconds": 0}, {"retry": 1}],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        HarborConfig.model_validate(settings)
    assert [error["loc"] for error in caught.value.errors()] == [tuple(settings)]
