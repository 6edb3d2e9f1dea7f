"""SWE-bench's records: any text in them, each field checked, and nothing hidden in the open."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.suites import load_suite
from rematch.data.swebench import (
    GRADING_FIELDS,
    HUB,
    SealedRecord,
    SwebenchTask,
    is_instance_file,
    read_instances,
)
from rematch.errors import InputError, UsageError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def make(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        "instance_id": f"acme__rocket-{number}",
        "problem_statement": "It does not fly.",
        "image": "acme/rocket:1",
        "repo": "acme/rocket",
        "version": "1.0",
        "FAIL_TO_PASS": ["test_fly"],
        "PASS_TO_PASS": [],
        "log_parser": "parse_log_pytest",
        "eval_type": "pass_and_fail",
        "eval_script": "pytest",
        **fields,
    }


def write(folder: Path, *records: Any, lines: str = "\n", ascii_only: bool = False) -> str:
    path = folder / "mine.jsonl"
    texts = [json.dumps(record, ensure_ascii=ascii_only) for record in records]
    path.write_bytes(lines.join(texts).encode())
    return str(path)


def read(path: str) -> list[tuple[str, SwebenchTask | str]]:
    return list(read_instances(path))


def one(folder: Path, **fields: Any) -> SwebenchTask | str:
    ((_, found),) = read(write(folder, make(**fields)))
    return found


def reason(folder: Path, **fields: Any) -> str:
    found = one(folder, **fields)
    assert isinstance(found, str)
    return found


def task(folder: Path, **fields: Any) -> SwebenchTask:
    found = one(folder, **fields)
    assert isinstance(found, SwebenchTask)
    return found


@pytest.mark.parametrize("mark", ["\u2028", "\u2029", "\x85", "\x7f", "\ufeff", "漢", "\r\n"])
def test_a_line_ends_where_json_lines_ends_it(tmp_path: Path, mark: str) -> None:
    """Other line breaks of Unicode stand raw in texts that some tools write."""
    problem = f"It prints{mark}garbage."
    (_, first), (_, second) = read(write(tmp_path, make(1, problem_statement=problem), make(2)))
    assert isinstance(first, SwebenchTask) and isinstance(second, SwebenchTask)
    assert first.task.problem == problem
    assert second.task.id == "acme__rocket-2"


@pytest.mark.parametrize("lines", ["\n", "\r\n", "\n\n", "\n  \n"])
def test_windows_line_ends_and_empty_lines_are_no_records(tmp_path: Path, lines: str) -> None:
    found = read(write(tmp_path, make(1), make(2), make(3), lines=lines))
    assert [name for name, _ in found] == [f"acme__rocket-{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("record", [None, 3, "text", [], ["instance_id"]])
def test_what_is_no_object_is_told_by_its_number(tmp_path: Path, record: Any) -> None:
    assert read(write(tmp_path, make(), record))[1] == (
        "record 2",
        "the record is no object with fields",
    )


@pytest.mark.parametrize("name", ["instance_id", "problem_statement"])
@pytest.mark.parametrize("value", [None, "", " \n", 7, ["x"]])
def test_the_two_fields_without_which_nothing_can_be_run(
    tmp_path: Path, name: str, value: Any
) -> None:
    assert reason(tmp_path, **{name: value}) == f"the record's field {name} is missing or empty"


@pytest.mark.parametrize("value", [7, ["acme/rocket:1"], {"name": "x"}])
def test_an_image_is_text(tmp_path: Path, value: Any) -> None:
    assert reason(tmp_path, image=value) == "the record's field image is no text"


@pytest.mark.parametrize(
    ("fields", "image"),
    [
        ({}, "acme/rocket:1"),
        ({"image": None, "image_name": "other:2"}, "other:2"),
        ({"image": "", "image_name": None}, "swebench/sweb.eval.x86_64.acme_1776_rocket-1:latest"),
        (
            {"image": None, "instance_id": "Acme__Rocket__Two-1"},
            "swebench/sweb.eval.x86_64.acme_1776_rocket_1776_two-1:latest",
        ),
    ],
)
def test_the_image_is_named_or_the_published_one(
    tmp_path: Path, fields: dict[str, Any], image: str
) -> None:
    assert task(tmp_path, **fields).image == image


@pytest.mark.parametrize("value", [["a"], [], '["a", "b"]', "[]"])
def test_tests_are_a_list_or_a_list_in_text(tmp_path: Path, value: Any) -> None:
    sealed = task(tmp_path, FAIL_TO_PASS=value).sealed
    assert sealed.missing == ()
    assert sealed.open()["FAIL_TO_PASS"] == value


@pytest.mark.parametrize("value", [7, True, "a", '"a"', "[", {"a": 1}, '{"a": 1}', "7"])
def test_other_tests_are_told(tmp_path: Path, value: Any) -> None:
    assert reason(tmp_path, FAIL_TO_PASS=value) == (
        "the record's field FAIL_TO_PASS is no list of tests"
    )


def test_what_is_missing_is_told_in_the_harness_order(tmp_path: Path) -> None:
    empty = dict.fromkeys(GRADING_FIELDS, "")
    assert task(tmp_path, **empty).sealed.missing == GRADING_FIELDS
    assert task(tmp_path, version=None, repo="").sealed.missing == ("repo", "version")


@given(hidden=st.dictionaries(st.text(min_size=1, max_size=8), JSON, max_size=4))
def test_no_hidden_field_shows_and_grading_gets_each(hidden: dict[str, Any]) -> None:
    fields = {f"canary-{name}": [value, "canary-9b"] for name, value in hidden.items()}
    sealed = SealedRecord("acme__rocket-1", (), {**make(), **fields})
    shown = SwebenchTask(task_of("acme__rocket-1"), "acme/rocket:1", sealed)
    for text in (repr(shown), str(shown), repr(sealed), f"{sealed}", repr([shown])):
        assert "canary" not in text and "test_fly" not in text
    assert sealed.open() == {**make(), **fields}
    assert sealed == SealedRecord("acme__rocket-1", (), {}), "nor does a comparison tell it"


def task_of(name: str) -> Any:
    from rematch.data.records import Task

    return Task(id=name, problem="It does not fly.")


def test_who_opens_a_record_cannot_change_it(tmp_path: Path) -> None:
    sealed = task(tmp_path).sealed
    sealed.open()["eval_script"] = "true"
    assert sealed.open()["eval_script"] == "pytest"


@pytest.mark.parametrize(
    ("part", "kept"),
    [
        (":2", [0, 1]), ("3:", [3, 4]), ("-2:", [3, 4]), (":-4", [0]), ("1:3", [1, 2]),
        (":", [0, 1, 2, 3, 4]), ("0:99", [0, 1, 2, 3, 4]),
    ],
)  # fmt: skip
def test_a_slice_counts_as_python_does(tmp_path: Path, part: str, kept: list[int]) -> None:
    suite = load_suite(write(tmp_path, *map(make, range(5))), part=part)
    assert [task.task.id for task in suite.tasks] == [f"acme__rocket-{number}" for number in kept]


@pytest.mark.parametrize("part", ["", "3", "a:b", "1:2:3", "1.5:", "1-3"])
def test_what_is_no_slice_is_one_line(tmp_path: Path, part: str) -> None:
    with pytest.raises(UsageError, match=r"--slice .*: write start:stop, such as 0:5"):
        load_suite(write(tmp_path, make()), part=part)


def test_a_slice_beyond_the_end_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no task is left after --filter, --ids and --slice"):
        load_suite(write(tmp_path, make()), part="7:")


def test_filters_narrow_one_another_and_broken_records_count(tmp_path: Path) -> None:
    path = write(tmp_path, *(make(n) for n in (1, 2)), make(3, problem_statement=""))
    suite = load_suite(path, only="*rocket-[23]", part="1:")
    assert suite.tasks == ()
    assert [broken.id for broken in suite.broken] == ["acme__rocket-3"]


def test_a_suite_of_a_file_is_found_again_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, make())
    monkeypatch.chdir(tmp_path)
    suite = load_suite("mine.jsonl")
    assert (suite.name, suite.source) == ("mine", str(tmp_path / "mine.jsonl"))
    monkeypatch.chdir("/")
    assert load_suite(suite.source).tasks == suite.tasks


def test_what_is_a_file_of_instances_is_told_by_its_name(tmp_path: Path) -> None:
    assert is_instance_file("a.json") and is_instance_file("b/c.jsonl")
    assert is_instance_file("no-such.parquet")
    (tmp_path / "tasks.json").mkdir()
    assert not is_instance_file(str(tmp_path / "tasks.json"))
    assert not any(map(is_instance_file, [*HUB, "pocket", "a.json.bak"]))


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[1, 2", b'"text"'])
def test_a_file_that_is_no_json_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "mine.json").write_bytes(content)
    with pytest.raises(InputError, match=r"mine\.json: ") as caught:
        read(str(tmp_path / "mine.json"))
    assert "\n" not in str(caught.value)
