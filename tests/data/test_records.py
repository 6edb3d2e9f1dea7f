"""Records: whole through JSON, immutable, strict, and readable for ever."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from rematch.data import records
from rematch.data.records import (
    Ending,
    Record,
    ResultKind,
    Rollout,
    StoredRecord,
    Trajectory,
    Usage,
)
from tests.data.record_makers import MAKERS, usages

FILES = Path(__file__).parent / "files" / "records-v1"
ALL = [
    kind for kind in vars(records).values() if isinstance(kind, type) and issubclass(kind, Record)
]
STORED = [k for k in ALL if issubclass(k, StoredRecord) and k is not StoredRecord]

FLOATS = [
    (k, n) for k in ALL for n, field in k.model_fields.items() if "float" in str(field.annotation)
]


def old_file(kind: type[Record]) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FILES / f"{kind.__name__}.json").read_text("utf-8"))
    return content


def test_every_record_has_a_maker_here() -> None:
    assert {*ALL} - {Record, StoredRecord} == {*MAKERS}


@pytest.mark.parametrize("kind", MAKERS, ids=lambda kind: kind.__name__)
def test_every_record_goes_through_json_whole(kind: type[Record]) -> None:
    @settings(max_examples=25)
    @given(MAKERS[kind])
    def check(record: Record) -> None:
        assert kind.model_validate_json(record.model_dump_json()) == record
        assert kind.model_validate(json.loads(json.dumps(record.model_dump(mode="json")))) == record

    check()


def keep_known(written: Any, old: Any) -> Any:
    """What is written, without the fields that the old content did not have."""
    if isinstance(old, dict):
        return {name: keep_known(written[name], value) for name, value in old.items()}
    if isinstance(old, list):
        return [keep_known(new, value) for new, value in zip(written, old, strict=True)]
    return written


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_a_file_of_version_1_loads_for_ever(kind: type[StoredRecord]) -> None:
    content = old_file(kind)
    written = kind.model_validate(content).model_dump(mode="json")
    assert keep_known(written, content) == content


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_a_record_is_frozen_and_strict(kind: type[StoredRecord]) -> None:
    record = kind.model_validate(old_file(kind))
    for name in kind.model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(record, name, getattr(record, name))
    with pytest.raises(ValidationError, match="Extra inputs"):
        kind.model_validate({**old_file(kind), "label": "passed"})


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_a_newer_version_is_refused_in_one_line(kind: type[StoredRecord]) -> None:
    newer = {**old_file(kind), "schema_version": records.SCHEMA_VERSION + 1, "new_field": 1}
    doors: list[Callable[[Any], Record]] = [
        kind.model_validate,
        lambda value: kind.model_validate_json(json.dumps(value)),
    ]
    for load in doors:
        with pytest.raises(ValidationError) as refused:
            load(newer)
        (error,) = refused.value.errors()
        assert error["msg"] == (
            f"Value error, {kind.__name__} has schema version {records.SCHEMA_VERSION + 1}, this "
            f"Rematch reads up to {records.SCHEMA_VERSION}: update rematch-agents"
        )


@pytest.mark.parametrize(
    ("kind", "name"), FLOATS, ids=lambda value: getattr(value, "__name__", value)
)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused(kind: type[Record], name: str, value: float) -> None:
    with pytest.raises(ValidationError) as refused:
        kind.model_validate({name: value})
    assert (name,) in [error["loc"] for error in refused.value.errors()]
    with pytest.raises(ValidationError) as refused:
        kind.model_validate_json(json.dumps({name: value}))
    assert (name,) in [error["loc"] for error in refused.value.errors()]


@given(usages, usages, usages)
def test_usage_adds_up_and_an_unknown_price_stays_unknown(a: Usage, b: Usage, c: Usage) -> None:
    total = a + b
    assert total == b + a
    assert total.tokens == a.tokens + b.tokens
    assert (total.cost_usd is None) == (a.cost_usd is None or b.cost_usd is None)
    assert a + Usage() == a
    left, right = (a + b) + c, a + (b + c)
    assert left.model_copy(update={"cost_usd": 0}) == right.model_copy(update={"cost_usd": 0})


@pytest.mark.parametrize(
    ("asks_for", "ending", "patch", "has"),
    [
        (ResultKind.PATCH, Ending.CRASHED, "+ x", True),
        (ResultKind.PATCH, Ending.SUBMITTED, " \n", False),
        (ResultKind.PATCH, Ending.SUBMITTED, None, False),
        (ResultKind.STATE, Ending.LIMIT, None, True),
        (ResultKind.STATE, Ending.CRASHED, "+ x", False),
    ],
)
def test_what_counts_as_a_result(
    asks_for: ResultKind, ending: Ending, patch: str | None, has: bool
) -> None:
    rollout = Rollout(id="r", task_id="t", patch=patch, trajectory=Trajectory(ending=ending))
    assert rollout.has_result(asks_for) is has
