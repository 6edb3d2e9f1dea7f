"""Picks as files for other tools: preds.json, preds.jsonl, best/ and picks.json."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

from rematch.data.records import ResultKind, Task
from rematch.errors import RematchError
from rematch.report.picks import PickRow
from rematch.runs.folder import file_name, write_text

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
    predictions = {}
    missing = []
    for task, row in rows:
        if row.winner.patch and row.winner.patch.strip():
            predictions[task.id] = {
                "model_name_or_path": MODEL_NAME,
                "instance_id": task.id,
                "model_patch": row.winner.patch,
            }
        elif task.asks_for is ResultKind.PATCH:
            missing.append(f"{task.id}: the pick has no patch, so it is not in preds.json")
    write_text(folder / "preds.json", json.dumps(predictions, indent=2) + "\n")
    lines = "".join(json.dumps(prediction) + "\n" for prediction in predictions.values())
    write_text(folder / "preds.jsonl", lines)
    picks = {task.id: _describe(task, row) for task, row in rows}
    write_text(folder / "picks.json", json.dumps(picks, indent=2) + "\n")
    _copy_best(folder / "best", [row for _, row in rows])
    return missing


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
