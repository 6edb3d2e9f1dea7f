"""Targets, a tuning's folder and its sources: what is asked for, kept and refused."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.app.config import load_config
from rematch.app.graded import GradedSource
from rematch.app.reserve import Reserve
from rematch.app.targets import DISTILLER, JUDGE, SUMMARIZER, TARGETS, Target
from rematch.app.tuning_folder import TuningFolder
from rematch.data.records import Grade, Task, Usage
from rematch.errors import InputError, UsageError
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.optimizers.examples import GradedTask, JudgeExample
from rematch.optimizers.splits import Split, hash_lines, read_split
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder, write_record
from rematch.runs.ledger_rows import Amount
from rematch.runs.manifest import Manifest
from tests.programs.makers import make_rollout
from tests.runs.calling import open_calls

SPLIT = Split(train=("t",), validation=("u",), test=("v",))


def make_example(key: str = "t: a b") -> JudgeExample:
    return JudgeExample(
        key=key,
        task_id="t",
        task="Mend it.",
        ids=("a", "b"),
        rewards=(0.0, 1.0),
        orders=((0, 1), (1, 0)),
        candidates=("first", "second"),
    )


def open_source(*paths: Path, labels: Path | None = None) -> GradedSource:
    return GradedSource(paths, labels, EvidenceSummarizer(), LocalExecutor({}))


def read_all(source: GradedSource) -> list[GradedTask]:
    async def main() -> list[GradedTask]:
        return [task async for task in source.tasks()]

    return asyncio.run(main())


def write_run(path: Path, grades: dict[str, dict[str, float]]) -> Path:
    """A run's folder with grades by task and attempt."""
    write_record(RunFolder(path).manifest, Manifest(suite="s", agent="a", config={}))
    for task, rewards in grades.items():
        folder = RunFolder(path).task(task)
        folder.write_task(Task(id=task, problem=f"Mend {task}."))
        for name, reward in rewards.items():
            folder.write_rollout(make_rollout(name))
            folder.write_grade(Grade(task_id=task, rollout_id=name, reward=reward))
    return path


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_a_target_without_its_model_names_the_option(target: Target) -> None:
    with pytest.raises(UsageError) as told:
        target.find_model(load_config())
    assert str(told.value) == f"{target.name}: needs a model: --{target.role}-model provider/name"


@pytest.mark.parametrize("target", [SUMMARIZER, DISTILLER], ids=["summarizer", "distiller"])
def test_who_writes_needs_a_judge_that_reads(target: Target) -> None:
    own: dict[str, Any] = {f"models.{target.role}.model": "openai/m"}
    with pytest.raises(UsageError, match=rf"^{target.name}: .*--judge-model provider/name"):
        target.find_model(load_config([], own))
    both = load_config([], {**own, "models.judge.model": "openai/j"})
    assert target.find_model(both).model == "openai/m"


def test_a_judge_needs_nobody_else() -> None:
    config = load_config([], {"models.judge.model": "openai/j"})
    assert JUDGE.find_model(config).model == "openai/j"


def test_what_judges_is_tuned_before_what_it_judges() -> None:
    assert list(TARGETS) == ["judge", "summarizer", "distiller"]
    assert all(TARGETS[name].name == name for name in TARGETS)
    assert len({target.place for target in TARGETS.values()}) == len(TARGETS)


@pytest.mark.parametrize("target", TARGETS.values(), ids=list(TARGETS))
def test_each_tuning_starts_from_the_prompt_in_the_code(target: Target) -> None:
    first, second = target.make(), target.make()
    assert first is not second, "a tuned prompt must not leak into the next start"
    assert first.signature.instructions == second.signature.instructions != ""


def test_a_folder_with_other_sides_is_refused_with_the_way_out(tmp_path: Path) -> None:
    folder = TuningFolder(tmp_path)
    folder.write_examples(SPLIT, {"judge": {"train": [make_example()]}})
    before = (tmp_path / "judge/train.jsonl").read_bytes()
    with pytest.raises(UsageError) as told:
        folder.write_examples(SPLIT, {"judge": {"train": [make_example("t: a c")]}})
    assert "choose another folder with -o, or --redo" in str(told.value)
    assert str(tmp_path) in str(told.value)
    assert (tmp_path / "judge/train.jsonl").read_bytes() == before, "nothing was overwritten"


def test_a_further_target_is_other_examples(tmp_path: Path) -> None:
    folder = TuningFolder(tmp_path)
    folder.write_examples(SPLIT, {"judge": {"train": [make_example()]}})
    with pytest.raises(UsageError, match=r"summarizer/train"):
        folder.write_examples(
            SPLIT,
            {"judge": {"train": [make_example()]}, "summarizer": {"train": [make_example()]}},
        )


def test_the_kept_split_is_read_back_with_hashes_of_its_files(tmp_path: Path) -> None:
    made = [make_example(), make_example("t: a c")]
    hashed = TuningFolder(tmp_path).write_examples(SPLIT, {"judge": {"test": made}})
    assert read_split(tmp_path / "split.json") == hashed
    lines = (tmp_path / "judge/test.jsonl").read_text().splitlines()
    assert hashed.digest == {"judge/test": hash_lines(lines)}
    assert SPLIT.digest == {}, "the split that came in is left as it was"


def test_start_and_program_are_kept_apart_and_written_over(tmp_path: Path) -> None:
    folder = TuningFolder(tmp_path / "new")
    folder.forget()
    folder.write_start("start")
    folder.write_program("one")
    folder.write_program("two")
    assert (tmp_path / "new/start.json").read_text() == "start"
    assert (tmp_path / "new/program.json").read_text() == "two"


def test_a_log_is_begun_anew_by_each_session(tmp_path: Path) -> None:
    folder = TuningFolder(tmp_path)
    folder.clear_candidates("judge")
    for text in ("first", "second é"):
        with folder.open_log("judge") as log:
            log.write(text)
    assert (tmp_path / "judge/optimizer.log").read_text(encoding="utf-8") == "second é"


def test_graded_runs_are_read_one_after_the_other(tmp_path: Path) -> None:
    one = write_run(tmp_path / "one", {"t": {"a": 1, "b": 0}})
    other = write_run(tmp_path / "other", {"u": {"c": 0.5}})
    tasks = read_all(open_source(one, other))
    assert [task.task.id for task in tasks] == ["t", "u"]
    assert [made.reward for task in tasks for made in task.attempts] == [1, 0, 0.5]
    assert [task.splittable.pass_rate for task in tasks] == [0.5, 0.5]


def test_a_run_without_grades_yields_no_task(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", {"t": {}})
    RunFolder(path).task("t").write_rollout(make_rollout("a"))
    source = open_source(path)
    assert read_all(source) == []


@pytest.mark.parametrize("made", ["nothing", "folder"])
def test_without_labels_only_a_run_will_do(tmp_path: Path, made: str) -> None:
    path = tmp_path / made
    if made == "folder":
        path.mkdir()
    with pytest.raises(InputError, match=rf"{made}: --labels FILE is needed"):
        open_source(path)


def test_a_reserve_of_nothing_is_nothing() -> None:
    calls = open_calls(calls=10)
    calls.meter.note("judge", Usage(calls=3, input_tokens=5))
    reserve = Reserve(calls)
    reserve(True)
    assert calls.budget.aside == Amount(), "what was spent before the start is no part of it"


@given(st.integers(0, 50), st.integers(0, 50))
def test_answers_from_the_record_are_reserved_like_paid_ones(paid: int, replayed: int) -> None:
    calls = open_calls(calls=1000)
    reserve = Reserve(calls)
    calls.meter.note("judge", Usage(calls=paid, input_tokens=10 * paid))
    calls.meter.note_replay("summarizer", Usage(calls=replayed, output_tokens=10 * replayed))
    reserve(True)
    kept = calls.budget.aside
    assert (kept.calls, kept.tokens) == (round(1.5 * (paid + replayed)), 15 * (paid + replayed))
    reserve(False)
    assert calls.budget.aside == Amount()
