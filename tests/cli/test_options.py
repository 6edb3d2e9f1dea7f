"""Flags as keys of the configuration, and errors of each command in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.cli.options import (
    overlay_kwargs,
    overlay_models,
    overlay_sandbox,
    overlay_workers,
    split_ids,
)
from rematch.errors import UsageError
from tests.cli.running import rematch


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_one_model_serves_every_role_and_a_roles_own_wins() -> None:
    keys = overlay_models("a/m", "http://x", summarizer=None, judge="b/j")
    assert keys == {
        "models.summarizer.model": "a/m",
        "models.summarizer.api_base": "http://x",
        "models.judge.model": "b/j",
        "models.judge.api_base": "http://x",
    }
    assert overlay_models(None, None, judge=None) == {}
    assert overlay_models(None, None, judge="b/j", agent=None).keys() == {
        "models.judge.model",
        "models.judge.api_base",
    }


def test_an_endpoint_wants_a_model() -> None:
    with pytest.raises(UsageError, match="--api-base: name a model too"):
        overlay_models(None, "http://x", judge=None)


@pytest.mark.parametrize(
    ("given", "keys"),
    [
        (None, {}),
        (["max_turns=30"], {"max_turns": 30}),
        (["a=x=y", "b=true", "c=", "d=[1, 2]"], {"a": "x=y", "b": True, "c": None, "d": [1, 2]}),
        ([" a =1"], {"a": 1}),
    ],
)
def test_options_of_harbors_agent_are_yaml(given: list[str] | None, keys: dict[str, Any]) -> None:
    assert overlay_kwargs(given) == {f"agent.harbor.kwargs.{k}": v for k, v in keys.items()}


@pytest.mark.parametrize("line", ["x", "=3", " =3", "a=[1", "a={"])
def test_an_option_of_another_form_is_refused(line: str) -> None:
    with pytest.raises(UsageError, match="write name=value"):
        overlay_kwargs([line])


def test_an_image_means_docker() -> None:
    assert overlay_sandbox(None, "i:1") == {
        "agent.sandbox.kind": "docker",
        "agent.sandbox.docker.image": "i:1",
    }
    assert overlay_sandbox("bwrap", None)["agent.sandbox.kind"] == "bwrap"
    with pytest.raises(UsageError, match="--image goes with --sandbox docker, not with bwrap"):
        overlay_sandbox("bwrap", "i:1")


def test_ids_may_stand_together_or_apart() -> None:
    assert split_ids(["a,b", "", "c,"]) == ["a", "b", "c"]
    assert split_ids(None) == []


def test_workers_are_for_every_role() -> None:
    assert set(overlay_workers(3).values()) == {3}
    assert {key.partition(".")[0] for key in overlay_workers(None)} == {"workers"}


LABELS = "task\tattempt\treward\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", "none"], 1, "none: is no run folder"),
        (["show", "none", "task"], 1, "none: is no run folder"),
        (["judge-report", "none"], 1, "none: is no run folder"),
        (["evaluate", "none", "--labels", "none.tsv"], 1, "none.tsv"),
        (["evaluate", "pool", "--labels", "labels.tsv"], 1, "pool: no recorded rollouts found"),
        (["optimize", "evidence", "pool", "--labels", "labels.tsv"], 1, "no recorded rollouts"),
        (["optimize", "evidence", "a", "b", "--labels", "labels.tsv"], 2,
         "2 pools need as many --labels, not 1"),
        (["select", "none"], 1, "none"),
        (["select", "pool", "--api-base", "http://x"], 2, "name a model too"),
        (["select", "pool", "-c", "no.such=1"], 2, "no: unknown key"),
        (["select", "pool", "-c", "none.yaml"], 2, "none.yaml"),
        (["run", "none"], 2, "none: neither a suite"),
        (["run", "pocket", "--image", "x", "--sandbox", "bwrap"], 2, "--image goes with"),
        (["run", "pocket", "--agent-kwarg", "x"], 2, "write name=value"),
        (["run", "pocket", "-n", "0"], 2, ""),
        (["run", "pocket", "--filter", "unheard-of"], 2, "no task is left after --filter"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(words: list[str], code: int, said: str) -> None:
    Path("pool").mkdir()
    Path("labels.tsv").write_text(LABELS)
    done = rematch(*words)
    assert said in done.error
    assert done.code == code, done.err
    assert done.out == ""
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    "words",
    [
        ["optimize", "nothing", "pool", "--labels", "x"],
        ["optimize", "evidence"],
        ["evaluate", "pool"],
        ["show"],
        ["show", "a", "b", "c"],
        ["judge-report"],
        ["select", "--no-such-flag"],
        ["select", "pool", "--seed", "x"],
        ["run", "pocket", "-n", "many"],
        ["grade"],
        ["no-such-command"],
    ],
)
def test_wrong_usage_is_2_and_says_where_help_is(words: list[str]) -> None:
    done = rematch(*words)
    assert done.code == 2
    assert done.out == ""
    assert "--help" in done.err or "-h" in done.err
    assert "Traceback" not in done.err


def test_the_configuration_can_be_printed_and_given_back(tmp_path: Path) -> None:
    Path("pool").mkdir()
    first = rematch("run", "pocket", "--print-config", "-n", "3", "--seed", "5")
    assert first.code == 0, first.err
    Path("mine.yaml").write_text(first.out)
    again = rematch("run", "pocket", "--print-config", "-c", "mine.yaml")
    assert again.out == first.out
    assert "seed: 5" in first.out
