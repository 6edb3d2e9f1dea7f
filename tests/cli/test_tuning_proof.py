"""That the machinery tunes: only better instructions make the endpoint's judge better.

The endpoint alone knows which sentences help (tests/app/lessons.py); its coach proposes them among
useless ones.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from rematch.testing import AttentiveJudge, ChatRequest, Coach, Endpoint
from tests.app.lessons import LOOKS_FOR, USEFUL, USELESS, coached, write_lessons
from tests.cli.running import Done, rematch, start_rematch

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    write_lessons(Path("pool"))


def words(endpoint: Endpoint, optimizer: str, output: str = "out") -> list[str]:
    return [
        *("optimize", "judge", "pool", "--labels", "pool/labels.tsv", "-o", output),
        *("--optimizer", optimizer, "--judge-model", "openai/votes"),
        *("--reflection-model", "openai/writes", "--api-base", endpoint.url),
    ]


def tune(endpoint: Endpoint, optimizer: str, *more: str) -> Done:
    return rematch(*words(endpoint, optimizer), *more)


def read_target() -> dict[str, Any]:
    [target] = json.loads(Path("out/report.json").read_text())["targets"]
    assert isinstance(target, dict)
    return target


def read_instruction(path: str = "out/program.json") -> str:
    state = json.loads(Path(path).read_text())["state"]["rtv.judge.compare"]
    return str(state["signature"]["instructions"])


@pytest.mark.parametrize(
    ("optimizer", "effort"), [("gepa", "light"), ("mipro", "medium"), ("copro", "medium")]
)
def test_held_out_accuracy_rises_with_an_interval_above_zero(optimizer: str, effort: str) -> None:
    with coached() as endpoint:
        done = tune(endpoint, optimizer, "--effort", effort)
    assert done.code == 0, done.err
    assert done.out.startswith("judge: On held-out tasks the accuracy rose: ")
    target = read_target()
    test = target["comparisons"]["test"]
    assert target["is_proven"]
    assert test["gain"]["low"] > 0
    assert test["wins"] > test["losses"] and test["p"] < 0.01
    assert test["n_tasks"] == 24 and len(test["outcomes"]) == test["n_examples"] == 96
    assert any(sentence in read_instruction() for sentence in USEFUL)
    assert not any(sentence in read_instruction("out/start.json") for sentence in USEFUL)
    assert any(f"+{sentence}" in target["diff"] for sentence in USEFUL)


@pytest.mark.parametrize("optimizer", ["simba", "bootstrap"])
def test_the_others_run_to_the_end(optimizer: str) -> None:
    with coached(accuracy=0.85) as endpoint:
        done = tune(endpoint, optimizer)
    assert done.code == 0, done.err
    target = read_target()
    assert sorted(target["comparisons"]) == ["test", "train", "validation"]
    assert target["tried"] > 1 and not target["stopped"]
    validation = target["comparisons"]["validation"]
    assert validation["after"]["mean"] >= validation["before"]["mean"]
    if optimizer == "bootstrap":
        log = Path("out/judge/candidates.jsonl").read_text()
        assert any(json.loads(line)["state"]["demos"] for line in log.splitlines())


@pytest.mark.parametrize("optimizer", ["gepa", "mipro", "copro"])
def test_no_gain_is_reported_where_none_can_be_made(optimizer: str) -> None:
    with coached(useful=False) as endpoint:
        done = tune(endpoint, optimizer)
    assert done.code == 0, done.err
    assert done.out.startswith("judge: No gain proven: ")
    page = Path("out/report.md").read_text()
    assert page.index("No gain proven") < page.index("| tasks |")
    assert not read_target()["is_proven"]
    assert not any(sentence in read_instruction() for sentence in USEFUL)
    assert all(sentence not in USELESS for sentence in USEFUL)


class SteadyCoach(Coach):
    """Answers equal questions alike: a reply that a kill lost comes back as it was."""

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        return super().reply(request, random.Random(request.content_hash))


def steadily_coached() -> Endpoint:
    return Endpoint(SteadyCoach((*USEFUL, *USELESS)), judge=AttentiveJudge(looks_for=LOOKS_FOR))


def test_a_tuning_that_was_killed_goes_on_within_its_budget() -> None:
    with steadily_coached() as endpoint:
        assert rematch(*words(endpoint, "gepa", "whole")).code == 0
        undisturbed = len(endpoint.log)
    with steadily_coached() as endpoint:
        process = start_rematch(*words(endpoint, "gepa"))
        deadline = time.monotonic() + 120
        while len(endpoint.log) < undisturbed // 2 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed = len(endpoint.log)
        assert process.returncode == -signal.SIGKILL
        assert not Path("out/program.json").exists()
        assert rematch(*words(endpoint, "gepa")).code == 0
        assert killed < undisturbed
        assert len(endpoint.log) <= 1.1 * undisturbed
    assert Path("out/program.json").read_bytes() == Path("whole/program.json").read_bytes()
