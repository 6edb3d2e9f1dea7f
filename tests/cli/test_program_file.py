"""`--program FILE`: tuned prompts go to the models that they were made for, and into the record."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rematch.programs import PDR, RTV, ContextConfig, Distiller, Judge, Rematch, Summarizer
from rematch.testing import Endpoint
from tests.app.recordings import write_pool
from tests.cli.projects import write_task
from tests.cli.running import Done, rematch
from tests.programs.makers import FakeAgent

TUNED = "Prefer the attempt whose tests were run."
DISTILLED = "Keep what was verified, nothing else."


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "any")


def save_program(path: Path, instruction: str = TUNED) -> Path:
    """Tuned prompts for all three roles, as tuning all of them would write."""
    pdr = PDR(FakeAgent(), ContextConfig(distill=True), Distiller())
    program = Rematch(Summarizer(), RTV(Judge()), pdr)
    texts = {"rtv.judge.compare": instruction, "pdr.distiller.distill": DISTILLED}
    for name, predictor in program.named_predictors():
        text = texts.get(name, f"{instruction} Summarize.")
        predictor.signature = predictor.signature.with_instructions(text)
    program.save(path)
    return path


def instructions(endpoint: Endpoint, model: str, role: str) -> set[str]:
    """The instructions that a role's calls brought to the endpoint."""
    systems = [str((call.messages or [{}])[0]) for call in endpoint.calls(role=role, model=model)]
    told = (TUNED, f"{TUNED} Summarize.", DISTILLED)
    return {max((t for t in told if t in s), key=len, default="untuned") for s in systems}


def select(endpoint: Endpoint, model: str, pool: Path, *words: str | Path) -> Done:
    where = ("--model", f"openai/{model}", "--api-base", endpoint.url)
    return rematch("select", pool, *where, "-v", "1", *words)


def test_select_asks_with_the_tuned_prompts(endpoint: Endpoint, tmp_path: Path) -> None:
    pool, program = write_pool(tmp_path / "pool"), save_program(tmp_path / "tuned.json")
    assert select(endpoint, "plain", pool).code == 0
    assert instructions(endpoint, "plain", "judge") == {"untuned"}
    done = select(endpoint, "tuned", pool, "--program", program)
    assert done.code == 0, done.err
    assert instructions(endpoint, "tuned", "judge") == {TUNED}
    assert instructions(endpoint, "tuned", "summarizer") == {f"{TUNED} Summarize."}


def test_run_asks_with_the_tuned_prompts(endpoint: Endpoint, tmp_path: Path) -> None:
    task, program = write_task(tmp_path / "clamp"), save_program(tmp_path / "tuned.json")
    done = rematch(
        *("run", task, "--api-base", endpoint.url, "--program", program),
        *("--summarizer-model", "openai/whole", "--judge-model", "openai/whole"),
        *("--distiller-model", "openai/whole"),
        *("-n", "4", "-k", "2", "-v", "1", "-c", "context.distill=true", "-o", "out"),
        *("-c", "rtv.merge=false", "-c", "agent.repairer.tries=1", "--sandbox", "process"),
    )
    assert done.code == 0, done.err
    assert instructions(endpoint, "whole", "summarizer") == {f"{TUNED} Summarize."}
    assert instructions(endpoint, "whole", "judge") == {TUNED}
    assert instructions(endpoint, "whole", "distiller") == {DISTILLED}


def test_prompts_for_a_role_without_a_model_are_refused(tmp_path: Path) -> None:
    pool, program = write_pool(tmp_path / "pool"), save_program(tmp_path / "tuned.json")
    done = rematch("select", pool, "--program", program)
    assert done.code == 1
    assert "holds prompts for rtv.judge.compare, summarizer.summarize" in done.error
    assert "give those roles a model" in done.error


def test_a_folder_knows_the_prompts_that_made_it(endpoint: Endpoint, tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool")
    program = save_program(tmp_path / "tuned.json")
    assert select(endpoint, "first", pool, "--program", program, "-o", "out").code == 0
    moved = program.rename(tmp_path / "moved.json")
    assert select(endpoint, "first", pool, "--program", moved, "-o", "out").code == 0
    save_program(moved, "Other words.")
    refused = select(endpoint, "first", pool, "--program", moved, "-o", "out")
    assert refused.code == 2
    assert "another configuration (program: " in refused.error
    assert "program: " in select(endpoint, "first", pool, "-o", "out").error
    config = json.loads((tmp_path / "out" / "run.json").read_text())["config"]
    assert len(config["program"]) == 16
    assert "program" not in json.loads(_manifest(endpoint, pool))["config"]


def _manifest(endpoint: Endpoint, pool: Path) -> str:
    """Of a selection without a file of prompts: what it looked like before there were any."""
    assert select(endpoint, "bare", pool, "-o", "bare").code == 0
    return Path("bare/run.json").read_text()


@pytest.mark.parametrize("command", ["select", "run", "evaluate"])
def test_a_file_that_is_no_program_is_one_line(command: str, tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool")
    (tmp_path / "labels.tsv").write_text("task\tattempt\treward\norg__repo-0\tattempt0\t1\n")
    (tmp_path / "bad.json").write_text("{}")
    target = {"run": write_task(tmp_path / "clamp")}.get(command, pool)
    labels = ["--labels", "labels.tsv"] if command == "evaluate" else []
    judge = ["--judge-model", "openai/m"] if command == "evaluate" else []
    done = rematch(command, target, *labels, *judge, "--program", "bad.json")
    assert (done.code, done.error) == (1, "bad.json: is not a program saved by Rematch")
