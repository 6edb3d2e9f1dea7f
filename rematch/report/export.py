"""Picks as files for other tools: preds.json, preds.jsonl, best/ and picks.json."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from rematch.data.records import ResultKind, Task
from rematch.errors import RematchError
from rematch.report.picks import PickRow
from rematch.runs.folder import RunFolder, file_name, write_text

PREDICTIONS = "preds.json"
MODEL_NAME = "rematch"
"""What `model_name_or_path` says: a best-of-N pick is reported as one."""


def export_picks(folder: Path, rows: Iterable[tuple[Task, PickRow]]) -> list[str]:
    """Write the picks of a selection.

        FOLDER/
          picks.json           every pick with its reasons, origin and bracket
          preds.json, .jsonl   SWE-bench predictions of the picks that have a patch
          best/TASK.patch      the picked patch
          best/TASK/FILE       the picked attempt's own file, where it holds no other attempt

    Args:
        folder: is made where it is missing; files of these names are replaced.
        rows: tasks in order, with their picks.

    Returns:
        One line for each task that no prediction could be written for.
    """
    rows = list(rows)
    picked = {task.id: row.winner.patch or "" for task, row in rows}
    missing = [
        f"{task.id}: the pick has no patch, so it is not in {PREDICTIONS}"
        for task, _ in rows
        if not picked[task.id].strip() and task.asks_for is ResultKind.PATCH
    ]
    predictions = _write_predictions(folder, picked)
    lines = "".join(json.dumps(prediction) + "\n" for prediction in predictions.values())
    write_text(folder / "preds.jsonl", lines)
    picks = {task.id: _describe(task, row) for task, row in rows}
    write_text(folder / "picks.json", json.dumps(picks, indent=2) + "\n")
    _copy_best(folder / "best", [row for _, row in rows])
    return missing


def export_run(folder: RunFolder) -> Path | None:
    """Write a run's predictions: the picks of its finished tasks that have a patch.

    Returns:
        Where they are; None where no pick has a patch.
    """
    picked: dict[str, str] = {}
    for task in folder.tasks():
        pick = task.read_pick()
        rollout = task.read_rollout(pick.rollout_id) if pick else None
        if pick and rollout and rollout.patch:
            picked[pick.task_id] = rollout.patch
    return folder.path / PREDICTIONS if _write_predictions(folder.path, picked) else None


def _write_predictions(folder: Path, picked: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Write preds.json: SWE-bench's form, by task, of the patches that are not empty."""
    predictions = {
        task_id: {
            "model_name_or_path": MODEL_NAME,
            "instance_id": task_id,
            "model_patch": patch,
        }
        for task_id, patch in picked.items()
        if patch.strip()
    }
    write_text(folder / PREDICTIONS, json.dumps(predictions, indent=2) + "\n")
    return predictions


def _describe(task: Task, row: PickRow) -> dict[str, object]:
    return {
        "pick": row.pick.model_dump(mode="json"),
        "asks_for": task.asks_for,
        "origin": row.winner.origin.model_dump(mode="json"),
        "ending": row.winner.trajectory.ending,
        "merged": row.bracket.merged.get(row.pick.rollout_id, ()),
        "bracket": row.bracket.model_dump(mode="json"),
    }


def _copy_best(best: Path, rows: list[PickRow]) -> None:
    paths = [row.winner.origin.path for row in rows]
    for row in rows:
        name = file_name(row.pick.task_id)
        shutil.rmtree(best / name, ignore_errors=True)  # an earlier pick's
        (best / f"{name}.patch").unlink(missing_ok=True)
        if row.winner.patch:
            write_text(best / f"{name}.patch", row.winner.patch)
        source = Path(row.winner.origin.path)
        if not source.is_file() or paths.count(row.winner.origin.path) > 1:
            continue
        try:
            (best / name).mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, best / name / source.name)
        except OSError as error:
            raise RematchError(f"{best / name}: cannot be written ({error.strerror})") from error
