"""SWE-bench's instances, from the hub by the suite's name or from a file of your own.

What an agent may see and what only grading may open are two different objects: `SwebenchTask`
holds the problem and the image, `SealedRecord` everything (patches, tests, hints, scripts).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rematch.data.records import Task
from rematch.errors import InputError, UsageError

HUB = {
    "swebench": "SWE-bench/SWE-bench",
    "swebench-lite": "SWE-bench/SWE-bench_Lite",
    "swebench-multilingual": "SWE-bench/SWE-bench_Multilingual",
    "swebench-verified": "SWE-bench/SWE-bench_Verified",
}
"""The suites that are read from the hub, with their names there."""
FILES = (".json", ".jsonl", ".parquet")
GRADING_FIELDS = (
    *("image", "repo", "version", "FAIL_TO_PASS", "PASS_TO_PASS"),
    *("log_parser", "eval_type", "eval_script"),
)
"""What the harness of SWE-bench 5 needs beside the id."""

_HOW_TO_GET = "pip install 'rematch-agents[swebench]'"


@dataclass(frozen=True)
class SealedRecord:
    """An instance's whole record. Grading alone opens it; printing it shows nothing of it.

    `missing` are fields that the harness needs and the record lacks.
    """

    instance_id: str
    missing: tuple[str, ...]
    _fields: Mapping[str, Any] = field(repr=False, compare=False)

    def open(self) -> dict[str, Any]:
        """The record as the harness reads it."""
        return dict(self._fields)


@dataclass(frozen=True)
class SwebenchTask:
    """One instance: what an agent is told, and the image that holds its repository."""

    task: Task
    image: str
    sealed: SealedRecord


def is_instance_file(name: str) -> bool:
    """Whether a suite's name is a file of instances."""
    return name.endswith(FILES) and not Path(name).is_dir()


def read_instances(name: str) -> Iterator[tuple[str, SwebenchTask | str]]:
    """Every instance's id with the instance, or with what is wrong with its record.

    Args:
        name: a suite of `HUB`, or a .json, .jsonl or .parquet file.

    Raises:
        InputError: the file cannot be read, or the hub cannot be reached.
        UsageError: the packages are missing that read it.
    """
    suite = name if name in HUB else Path(name).stem
    records = _load_hub(HUB[name]) if name in HUB else _load_file(Path(name))
    for number, record in enumerate(records, 1):
        instance_id = record.get("instance_id") if isinstance(record, dict) else None
        known = instance_id if isinstance(instance_id, str) and instance_id else f"record {number}"
        try:
            yield known, _read_record(record, suite)
        except InputError as error:
            yield known, str(error)


def _read_record(record: Any, suite: str) -> SwebenchTask:
    if not isinstance(record, dict):
        raise InputError("the record is no object with fields")
    for name in ("instance_id", "problem_statement"):
        value = record.get(name)
        if not isinstance(value, str) or not value.strip():
            raise InputError(f"the record's field {name} is missing or empty")
    instance_id = record["instance_id"]
    image = record.get("image") or record.get("image_name")
    if image is not None and not isinstance(image, str):
        raise InputError("the record's field image is no text")
    missing = tuple(name for name in GRADING_FIELDS if record.get(name) in (None, ""))
    for name in ("FAIL_TO_PASS", "PASS_TO_PASS"):
        if name not in missing and not _is_list(record[name]):
            raise InputError(f"the record's field {name} is no list of tests")
    return SwebenchTask(
        task=Task(id=instance_id, problem=record["problem_statement"], suite=suite),
        image=image or _name_image(instance_id),
        sealed=SealedRecord(instance_id, missing, record),
    )


def _is_list(value: Any) -> bool:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return False
    return isinstance(value, Iterable) and not isinstance(value, str | Mapping)


def _name_image(instance_id: str) -> str:
    """The published image of a record that names none (image names take no double underscore)."""
    return f"swebench/sweb.eval.x86_64.{instance_id.replace('__', '_1776_')}:latest".lower()


def _load_file(path: Path) -> Iterable[Any]:
    try:
        if path.suffix == ".parquet":
            if not path.is_file():
                raise FileNotFoundError
            datasets = _import_datasets()
            return _to_dicts(lambda: datasets.Dataset.from_parquet(str(path), keep_in_memory=True))
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".jsonl":
            return [json.loads(line) for line in text.split("\n") if line.strip()]
        loaded = json.loads(text)
    except FileNotFoundError as error:
        raise UsageError(f"{path}: there is no such file of instances") from error
    except (OSError, ValueError) as error:
        line = " ".join(str(error).split())
        raise InputError(f"{path}: is no file of SWE-bench instances ({line})") from error
    if isinstance(loaded, dict):
        return [loaded] if "instance_id" in loaded else list(loaded.values())
    if not isinstance(loaded, list):
        raise InputError(f"{path}: holds no list of instances")
    return loaded


def _load_hub(name: str) -> list[Any]:
    datasets = _import_datasets()
    try:
        return _to_dicts(lambda: datasets.load_dataset(name, split="test"))
    except Exception as error:
        line = " ".join(str(error).split())[:200]
        raise InputError(
            f"{name}: cannot be had from the hub ({line}): try again, or give a local "
            ".json, .jsonl or .parquet of its instances"
        ) from error


def _to_dicts(load: Callable[[], Iterable[Any]]) -> list[Any]:
    """Rows as plain dicts; the hub's client keeps its retries and bars to itself."""
    import datasets

    hub = logging.getLogger("huggingface_hub")
    before = hub.level
    hub.setLevel(logging.ERROR)
    datasets.disable_progress_bars()
    try:
        return [dict(row) for row in load()]
    finally:
        hub.setLevel(before)
        datasets.enable_progress_bars()


def _import_datasets() -> Any:
    try:
        import datasets
    except ImportError as error:
        raise UsageError(
            f"reading these instances needs the datasets package: {_HOW_TO_GET}"
        ) from error
    return datasets
