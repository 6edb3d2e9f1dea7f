"""SWE-bench's instances: read, checked, and their hidden fields sealed away."""

import builtins
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import pytest

from rematch.data.suites import load_suite
from rematch.data.swebench import GRADING_FIELDS, SwebenchTask
from rematch.errors import InputError, UsageError

CANARY = "canary-7f3a"
HIDDEN = (
    *("patch", "test_patch", "hints_text", "eval_script", "base_commit", "created_at"),
    *("some_later_field",),
)


def make_record(**fields: Any) -> dict[str, Any]:
    return {
        "instance_id": "acme__rocket-1",
        "repo": "acme/rocket",
        "version": "1.0",
        "image": "acme/rocket:1",
        "problem_statement": "It does not fly.",
        "FAIL_TO_PASS": json.dumps([f"test_{CANARY}"]),
        "PASS_TO_PASS": json.dumps([f"test_{CANARY}"]),
        "log_parser": "parse_log_pytest",
        "eval_type": "pass_and_fail",
        **dict.fromkeys(HIDDEN, CANARY),
        **fields,
    }


def write(path: Path, *records: Mapping[str, Any]) -> str:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return str(path)


def load(path: str, **options: Any) -> Sequence[SwebenchTask]:
    tasks = [task for task in load_suite(path, **options).tasks if isinstance(task, SwebenchTask)]
    assert tasks
    return tasks


def test_a_task_shows_the_problem_and_the_image_and_nothing_else(tmp_path: Path) -> None:
    (task,) = load(write(tmp_path / "mine.jsonl", make_record()))
    assert (task.task.id, task.task.problem) == ("acme__rocket-1", "It does not fly.")
    assert (task.image, task.task.suite) == ("acme/rocket:1", "mine")
    assert task.sealed.missing == ()
    assert CANARY not in repr(task)
    assert CANARY not in str(task)
    assert CANARY not in task.task.model_dump_json()


def test_grading_opens_the_whole_record(tmp_path: Path) -> None:
    (task,) = load(write(tmp_path / "mine.jsonl", make_record()))
    assert task.sealed.open() == make_record()


def test_json_and_parquet_are_read_like_jsonl(tmp_path: Path) -> None:
    records = [make_record(), make_record(instance_id="acme__rocket-2")]
    lines = load(write(tmp_path / "mine.jsonl", *records))
    (tmp_path / "list.json").write_text(json.dumps(records))
    (tmp_path / "map.json").write_text(json.dumps({r["instance_id"]: r for r in records}))
    (tmp_path / "one.json").write_text(json.dumps(records[0]))
    datasets.Dataset.from_list(records).to_parquet(str(tmp_path / "mine.parquet"))
    for name in ("list.json", "map.json", "mine.parquet"):
        loaded = load(str(tmp_path / name))
        assert [task.image for task in loaded] == [task.image for task in lines]
        assert [task.sealed.open() for task in loaded] == records
    assert len(load(str(tmp_path / "one.json"))) == 1


def test_tasks_are_chosen_by_glob_by_id_and_by_slice(tmp_path: Path) -> None:
    names = [f"acme__rocket-{number}" for number in (3, 1, 2)] + ["acme__rover-1"]
    path = write(tmp_path / "mine.jsonl", *(make_record(instance_id=name) for name in names))

    def chosen(**options: Any) -> list[str]:
        return [task.task.id for task in load(path, **options)]

    assert chosen() == sorted(names)
    assert chosen(only="*rocket*") == sorted(names)[:3]
    assert chosen(only="rover") == ["acme__rover-1"]
    assert chosen(ids=["acme__rocket-3", "acme__rocket-1"]) == ["acme__rocket-1", "acme__rocket-3"]
    assert chosen(only="rocket", part="1:") == ["acme__rocket-2", "acme__rocket-3"]
    with pytest.raises(UsageError, match=r"--ids acme__rocket-9: the suite has no such task"):
        chosen(ids=["acme__rocket-1", "acme__rocket-9"])
    with pytest.raises(UsageError, match="no task is left"):
        chosen(only="nothing")


@pytest.mark.parametrize("name", ["instance_id", "problem_statement"])
def test_a_missing_field_breaks_its_record_only(tmp_path: Path, name: str) -> None:
    record = make_record()
    del record[name]
    suite = load_suite(write(tmp_path / "mine.jsonl", make_record(instance_id="good"), record))
    assert [task.task.id for task in suite.tasks] == ["good"]
    (broken,) = suite.broken
    assert broken.reason == f"the record's field {name} is missing or empty"
    assert broken.id == ("record 2" if name == "instance_id" else "acme__rocket-1")


@pytest.mark.parametrize("value", [1, "no list", {"a": 1}, '{"a": 1}'])
def test_tests_that_are_no_list_break_their_record(tmp_path: Path, value: Any) -> None:
    suite = load_suite(write(tmp_path / "mine.jsonl", make_record(PASS_TO_PASS=value)))
    assert suite.broken[0].reason == "the record's field PASS_TO_PASS is no list of tests"


def test_an_id_that_stands_twice_is_no_task(tmp_path: Path) -> None:
    suite = load_suite(write(tmp_path / "mine.jsonl", make_record(), make_record()))
    assert suite.tasks == ()
    assert suite.broken[0].reason == "the suite has several tasks of this id"


@pytest.mark.parametrize("name", GRADING_FIELDS)
def test_what_the_harness_needs_and_lacks_is_named(tmp_path: Path, name: str) -> None:
    record = make_record()
    del record[name]
    (task,) = load(write(tmp_path / "mine.jsonl", record))
    assert task.sealed.missing == (name,)


def test_records_of_the_older_schema_can_be_run(shared_data: Path) -> None:
    tasks = load(str(shared_data / "swe-bench-instances" / "verified-50.jsonl"))
    assert len(tasks) == 50
    first = tasks[0]
    assert first.task.id == "astropy__astropy-12907"
    assert first.image == "swebench/sweb.eval.x86_64.astropy_1776_astropy-12907:latest"
    assert first.sealed.missing == ("image", "log_parser", "eval_type", "eval_script")


@pytest.mark.parametrize("text", ["{", "3", "not json"])
def test_a_file_that_holds_no_instances_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.json").write_text(text)
    with pytest.raises(InputError, match=r"mine\.json: ") as caught:
        load_suite(str(tmp_path / "mine.json"))
    assert "\n" not in str(caught.value)


def test_names_that_lead_nowhere_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file of instances"):
        load_suite(str(tmp_path / "none.parquet"))
    with pytest.raises(UsageError, match=r"neither a suite .*swebench-verified"):
        load_suite("swebench-tiny")
    with pytest.raises(UsageError, match="holds no instance"):
        load_suite(write(tmp_path / "empty.jsonl"))


def test_the_hub_is_asked_by_the_suites_name(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load_dataset(name: str, split: str) -> list[dict[str, Any]]:
        asked.append((name, split))
        return [make_record()]

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    suite = load_suite("swebench-verified")
    assert asked == [("SWE-bench/SWE-bench_Verified", "test")]
    assert suite.name == suite.tasks[0].task.suite == "swebench-verified"


def test_a_hub_out_of_reach_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_dataset(name: str, split: str) -> None:
        raise ConnectionError(f"Couldn't reach {name}\non the Hub")

    monkeypatch.setattr(datasets, "load_dataset", load_dataset)
    with pytest.raises(InputError, match=r"cannot be had from the hub .* give a local") as caught:
        load_suite("swebench-lite")
    assert "\n" not in str(caught.value)


def test_a_missing_package_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def refuse(name: str, *rest: Any, **options: Any) -> Any:
        if name == "datasets":
            raise ImportError(name)
        return real(name, *rest, **options)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(UsageError, match=r"needs the datasets package: pip install"):
        load_suite("swebench")
