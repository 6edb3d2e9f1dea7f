"""`rematch optimize summarizer`, `distiller` and `all`, on a pool and on a graded run's folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rematch.data.records import Grade, Summary, Task
from rematch.runs.folder import RunFolder, write_record
from rematch.runs.manifest import Manifest
from rematch.seeds import derive_random
from rematch.testing import Endpoint
from tests.app.lessons import coached, write_lessons
from tests.cli.running import Done, rematch
from tests.programs.makers import make_rollout

SMALL = ("-c", "tuning.groups=1", "--optimizer", "copro", "-w", "8", "-o", "out")
WORDS = [f"word{number}" for number in range(200)]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "any")


def optimize(endpoint: Endpoint, target: str, pool: str, *words: str) -> Done:
    model = ("--model", "openai/m", "--api-base", endpoint.url)
    return rematch("optimize", target, pool, *model, *SMALL, *words)


def write_run(path: Path, tasks: int = 9) -> Path:
    """A graded run: iteration 1's attempts were told one of iteration 0's each."""
    write_record(RunFolder(path).manifest, Manifest(suite="s", agent="a", config={}))
    for number in range(tasks):
        text = " ".join(derive_random(number, "text").sample(WORDS, 20))
        folder = RunFolder(path).task(f"org__repo-{number}")
        folder.write_task(Task(id=f"org__repo-{number}", problem=text))
        for name, reward, priors in (
            ("a", 1, ()),
            ("b", 0, ()),
            ("a1", 1, ("a",)),
            ("b1", 0, ("b",)),
        ):
            rollout = make_rollout(name).model_copy(
                update={"task_id": f"org__repo-{number}", "priors": priors}
            )
            quality = f"{name} of {number} [quality={0.5 + 0.4 * reward}]"
            folder.write_rollout(rollout)
            folder.write_summary(Summary(rollout_id=name, final_outcome=quality))
            grade = Grade(task_id=f"org__repo-{number}", rollout_id=name, reward=reward)
            folder.write_grade(grade)
    return path


def read_report() -> dict[str, Any]:
    report = json.loads(Path("out/report.json").read_text())
    assert isinstance(report, dict)
    return report


def test_the_summarizer_is_scored_by_the_judge_and_the_record() -> None:
    write_lessons(Path("pool"), tasks=9)
    with coached() as endpoint:
        done = optimize(endpoint, "summarizer", "pool", "--labels", "pool/labels.tsv")
        roles = {call.role for call in endpoint.log}
    assert done.code == 0, done.err
    assert roles == {"summarizer", "judge", "coach"}
    [target] = read_report()["targets"]
    parts = target["comparisons"]["test"]["parts"]
    assert sorted(parts) == ["contradicted", "in_length", "not_checkable", "supported"]
    program = json.loads(Path("out/program.json").read_text())
    assert list(program["state"]) == ["summarizer.summarize"]


def test_the_distiller_learns_from_a_graded_run() -> None:
    write_run(Path("run"))
    with coached() as endpoint:
        done = optimize(endpoint, "distiller", "run")
        roles = {call.role for call in endpoint.log}
        assert done.code == 0, done.err
        assert roles == {"distiller", "judge", "coach"}, "its summaries are the run's own"
    [target] = read_report()["targets"]
    assert target["comparisons"]["test"]["n_tasks"] >= 3
    assert sorted(target["comparisons"]["test"]["parts"]) == ["in_length", "supported"]


def test_all_prompts_go_into_one_program_that_run_and_select_load() -> None:
    write_run(Path("run"))
    write_lessons(Path("pool"), tasks=3)
    with coached() as endpoint:
        done = optimize(endpoint, "all", "run")
        assert done.code == 0, done.err
        names = [target["target"] for target in read_report()["targets"]]
        assert names == ["judge", "summarizer", "distiller"]
        program = json.loads(Path("out/program.json").read_text())
        places = ["pdr.distiller.distill", "rtv.judge.compare", "summarizer.summarize"]
        assert sorted(program["state"]) == places
        chosen = rematch(
            *("select", "pool", "--model", "openai/m", "--api-base", endpoint.url, "-v", "1"),
            *("--program", "out/program.json"),
        )
        assert chosen.code == 0, chosen.err


def test_all_leaves_a_target_as_it_is_that_has_no_examples() -> None:
    write_lessons(Path("pool"), tasks=9)
    with coached() as endpoint:
        done = optimize(endpoint, "all", "pool", "--labels", "pool/labels.tsv")
    assert done.code == 0, done.err
    assert "note: distiller: is left as it is: no task has attempts that were told" in done.err
    assert [target["target"] for target in read_report()["targets"]] == ["judge", "summarizer"]


def test_tuning_goes_on_from_a_tuned_program() -> None:
    write_run(Path("run"))
    with coached() as endpoint:
        assert optimize(endpoint, "judge", "run").code == 0
        judge = json.loads(Path("out/program.json").read_text())["state"]["rtv.judge.compare"]
        model = ("--model", "openai/m", "--api-base", endpoint.url)
        done = rematch(
            *("optimize", "distiller", "run", *model, *SMALL[:-1], "next"),
            *("--program", "out/program.json"),
        )
        assert done.code == 0, done.err
    for name in ("start.json", "program.json"):
        state = json.loads(Path("next", name).read_text())["state"]
        assert state["rtv.judge.compare"] == judge
        assert "pdr.distiller.distill" in state


@pytest.mark.parametrize(
    ("target", "words", "message"),
    [
        ("summarizer", (), "summarizer: needs a model: --summarizer-model provider/name"),
        (
            "summarizer",
            ("--summarizer-model", "openai/m"),
            "summarizer: is scored by what a judge makes of it: --judge-model provider/name",
        ),
        ("distiller", ("--judge-model", "openai/m"), "distiller: needs a model: "),
    ],
)
def test_who_must_answer_is_told(target: str, words: tuple[str, ...], message: str) -> None:
    write_run(Path("run"), tasks=1)
    done = rematch("optimize", target, "run", *words)
    assert done.code == 2
    assert message in done.error


def test_a_run_whose_attempts_were_all_told_the_same_teaches_no_distiller() -> None:
    write_lessons(Path("pool"), tasks=3)
    with coached() as endpoint:
        done = optimize(endpoint, "distiller", "pool", "--labels", "pool/labels.tsv")
    assert done.code == 1
    assert "made with --context random-k or single" in done.error
