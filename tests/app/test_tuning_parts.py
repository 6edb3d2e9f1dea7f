"""What tuning reads and keeps: graded sources, the folder, the reserve, what identifies it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import dspy
import pytest

from rematch.app.config import load_config
from rematch.app.graded import GradedSource
from rematch.app.reserve import Reserve
from rematch.app.tuning import TuningRequest
from rematch.app.tuning_folder import TuningFolder
from rematch.data.records import Grade, Summary, Task, Usage
from rematch.errors import InputError, UsageError
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.optimizers.candidates import Candidate
from rematch.optimizers.examples import GradedTask, JudgeExample
from rematch.optimizers.splits import Split
from rematch.programs.saved import dump_predictor
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder, write_record
from rematch.runs.ledger_rows import Amount
from rematch.runs.manifest import Manifest
from rematch.signatures import CompareRollouts
from tests.app.recordings import write_pool
from tests.programs.makers import make_rollout
from tests.runs.calling import open_calls


def open_source(*paths: Path, labels: Path | None = None) -> GradedSource:
    return GradedSource(paths, labels, EvidenceSummarizer(), LocalExecutor({}))


def read_all(source: GradedSource) -> list[GradedTask]:
    async def main() -> list[GradedTask]:
        return [task async for task in source.tasks()]

    return asyncio.run(main())


def write_labels(path: Path, *rows: str) -> Path:
    text = "\n".join(["task\tattempt\treward", *rows]) + "\n"
    path.write_text(text.replace(" ", "\t"))
    return path


def test_a_pool_is_joined_with_its_labels_and_summarized(tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool")
    labels = write_labels(
        tmp_path / "labels.tsv",
        *("org__repo-0 attempt0 1", "org__repo-0 org__repo-0/attempt1 0", "org__repo-9 x 1"),
    )
    source = open_source(pool, labels=labels)
    [task] = read_all(source)
    assert [(one.rollout.id, one.reward) for one in task.attempts] == [
        ("org__repo-0/attempt0", 1),
        ("org__repo-0/attempt1", 0),
    ]
    assert all(one.summary.author == "evidence" for one in task.attempts)
    assert all(one.summary.rollout_id == one.rollout.id for one in task.attempts)
    problems = "\n".join(source.problems)
    assert "org__repo-0/org__repo-0/attempt2: no label; left out" in problems
    assert "org__repo-9/x: labelled, not in the pool" in problems


def write_run(path: Path) -> Path:
    """A run with a graded, an ungradable and an ungraded attempt."""
    write_record(RunFolder(path).manifest, Manifest(suite="s", agent="a", config={}))
    folder = RunFolder(path).task("t")
    folder.write_task(Task(id="t", problem="Mend it."))
    for name in ("told", "plain", "broken", "open"):
        folder.write_rollout(make_rollout(name))
    folder.write_summary(Summary(rollout_id="told", final_outcome="Kept from the run."))
    folder.write_grade(Grade(task_id="t", rollout_id="told", reward=1))
    folder.write_grade(Grade(task_id="t", rollout_id="plain", reward=0))
    folder.write_grade(Grade(task_id="t", rollout_id="broken", reward=0, status="grader-failed"))
    return path


def test_a_graded_run_needs_no_labels_and_keeps_its_summaries(tmp_path: Path) -> None:
    [task] = read_all(open_source(write_run(tmp_path / "run")))
    summaries = {one.rollout.id: one.summary for one in task.attempts}
    assert sorted(summaries) == ["plain", "told"], "what has no verdict has no label"
    assert summaries["told"].final_outcome == "Kept from the run."
    assert summaries["plain"].author == "evidence"


def test_a_pool_without_labels_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--labels FILE is needed"):
        open_source(write_run(tmp_path / "run"), write_pool(tmp_path / "pool"))


def describe(request: TuningRequest, **over: object) -> str:
    settings = {"models.judge.model": "openai/m", **over}
    return request.describe(load_config([], settings)).digest


def test_a_tuning_is_known_by_what_changes_its_result(tmp_path: Path) -> None:
    labels = write_labels(tmp_path / "labels.tsv", "t a 1")
    request = TuningRequest("judge", (tmp_path,), labels)
    first = describe(request)
    for changed in (
        {"tuning.optimizer": "copro"},
        {"tuning.effort": "heavy"},
        {"models.reflection.model": "openai/other"},
        {"models.judge.model": "openai/other"},
        {"seed": 1},
    ):
        assert describe(request, **changed) != first, changed
    for same in ({"budget.calls": 9}, {"workers.judge": 2}):
        assert describe(request, **same) == first, same
    write_labels(labels, "t a 0")
    assert describe(request) != first, "other labels"
    assert describe(TuningRequest("all", (tmp_path,), labels)) != describe(request)


def test_a_runs_identity_knows_nothing_of_tuning() -> None:
    plain = load_config().describe_results()
    tuned = load_config(
        [], {"tuning.effort": "heavy", "models.reflection.model": "openai/m"}
    ).describe_results()
    assert tuned == plain
    assert "tuning" not in plain and "reflection" not in plain["models"]


EXAMPLE = JudgeExample(
    key="t: a b",
    task_id="t",
    task="Mend it.",
    ids=("a", "b"),
    rewards=(0.0, 1.0),
    orders=((0, 1), (1, 0)),
    candidates=("first", "second"),
)
SPLIT = Split(train=("t",), validation=("u",), test=("v",))


def test_examples_are_kept_with_their_hash_and_others_are_refused(tmp_path: Path) -> None:
    folder = TuningFolder(tmp_path)
    hashed = folder.write_examples(SPLIT, {"judge": {"train": [EXAMPLE], "test": []}})
    assert sorted(hashed.digest) == ["judge/test", "judge/train"]
    [line] = (tmp_path / "judge/train.jsonl").read_text().splitlines()
    assert JudgeExample.model_validate_json(line) == EXAMPLE
    assert (tmp_path / "judge/test.jsonl").read_text() == ""
    assert folder.write_examples(SPLIT, {"judge": {"train": [EXAMPLE], "test": []}}) == hashed
    other = EXAMPLE.model_copy(update={"rewards": (1.0, 0.0)})
    with pytest.raises(UsageError, match=r"holds other examples \(judge/train\)"):
        folder.write_examples(SPLIT, {"judge": {"train": [other], "test": []}})
    folder.forget()
    assert folder.write_examples(SPLIT, {"judge": {"train": [other]}}).digest != hashed.digest


def test_candidates_are_listed_anew_by_each_session(tmp_path: Path) -> None:
    folder = TuningFolder(tmp_path)
    state = dump_predictor(dspy.Predict(CompareRollouts))
    for _ in range(2):
        folder.clear_candidates("judge")
        for number in range(3):
            made = Candidate(name=f"c{number}", number=number, state=state, mean=number / 4)
            folder.add_candidate("judge", made)
    lines = (tmp_path / "judge/candidates.jsonl").read_text().splitlines()
    assert [json.loads(line)["mean"] for line in lines] == [0, 0.25, 0.5]
    with folder.open_log("judge") as log:
        log.write("GEPA says.")
    assert (tmp_path / "judge/optimizer.log").read_text() == "GEPA says."


def test_the_reserve_is_what_measuring_took_and_a_half_more() -> None:
    calls = open_calls(calls=100, dollars=10.0)
    calls.meter.note("summarizer", Usage(calls=9, cost_usd=1.0))
    reserve = Reserve(calls)
    calls.meter.note("judge", Usage(calls=8, input_tokens=100, output_tokens=20, cost_usd=0.5))
    calls.meter.note_replay("judge", Usage(calls=2, input_tokens=40, cost_usd=0.1))
    reserve(True)
    kept = calls.budget.aside
    assert (kept.calls, kept.tokens) == (15, 240)
    assert kept.dollars == pytest.approx(0.9)
    reserve(False)
    assert calls.budget.aside == Amount()
