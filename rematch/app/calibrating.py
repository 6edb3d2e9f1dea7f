"""Calibrating: picks of a labelled pool, fitted on some of its tasks and measured on the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rematch.app.building import build_selector, run_async
from rematch.app.config import Config
from rematch.app.evaluating import read_labelled
from rematch.app.selecting import Selected, Selection, open_selection, select_pool
from rematch.data.records import StoredRecord
from rematch.errors import RematchError
from rematch.optimizers.calibration import (
    Judged,
    Reliability,
    fit_calibration,
    measure_reliability,
)
from rematch.optimizers.labelled import LabelledTask
from rematch.optimizers.splits import Splittable, hold_out
from rematch.programs.calibration import Calibration, Kind
from rematch.report.text import count
from rematch.runs.folder import write_record

FILE, REPORT = "calibration.json", "reliability.json"


class CalibrationReport(StoredRecord):
    """A calibration with its reliability on held-out tasks, and which tasks were where."""

    calibration: Calibration
    reliability: Reliability
    fitted_tasks: tuple[str, ...]
    test_tasks: tuple[str, ...]
    problems: tuple[str, ...] = ()


def calibrate_pool(
    config: Config,
    paths: Sequence[Path],
    labels: Path,
    output: Path,
    *,
    redo: bool = False,
    on_done: Callable[[str, Selection | str], None] | None = None,
) -> CalibrationReport:
    """Pick on a labelled pool, and fit how likely such picks are right.

    Args:
        config: what picks; picks by other models or rules need a calibration of their own.
        paths: files and folders of recorded rollouts.
        labels: their labels.
        output: the folder of picks and of the calibration's file.
        redo: forget what the folder holds.
        on_done: told as each task ends.

    Raises:
        InputError: the pool or its labels cannot be read, or there are too few tasks.
        RematchError: a task got no pick, or one that calls are missing from.
        ModelRefusedError: bad key, no money, unknown model.
    """
    config = config.model_copy(update={"calibration": None})
    pool, labelled = read_labelled(paths, labels, config.seed)
    tasks = [Splittable(t.id, pool.task(t.id).problem, t.mean_reward) for t in labelled.tasks]
    fitted, held_out = hold_out(tasks, 0.5, config.seed, count(len(tasks), "task"))
    folder = open_selection(config, paths, output, redo=redo)
    try:
        parts = build_selector(config, folder=folder)
        selected = run_async(lambda: select_pool(parts, pool, config, folder, on_done))
        parts.close()
    finally:
        folder.close()
    _check(selected)
    judged = {t.id: _judge(selected.selections[t.id], t) for t in labelled.tasks}
    kind: Kind = "votes" if config.models.judge else "evidence"
    picks = [judged[task_id] for task_id in fitted]
    judge = config.models.judge.model if config.models.judge else "evidence"
    about = f"picks by {judge}, V={config.rtv.votes}, G={config.rtv.group_size}"
    calibration = fit_calibration(picks, kind, about)
    report = CalibrationReport(
        calibration=calibration,
        reliability=measure_reliability(
            calibration,
            [judged[task_id] for task_id in held_out],
            sum(one.reward for one in picks) / len(picks),
            config.seed,
        ),
        fitted_tasks=fitted,
        test_tasks=held_out,
        problems=labelled.problems,
    )
    write_record(output / FILE, calibration)
    write_record(output / REPORT, report)
    return report


def _check(selected: Selected) -> None:
    selected.require_all()
    for task_id, reason in selected.failures.items():
        raise RematchError(f"{task_id}: got no pick ({reason})")
    unpaid = sum(one.pick.unpaid for one in selected.selections.values())
    if unpaid:
        raise RematchError(f"{unpaid} calls were not made, for the budget is spent: raise it")


def _judge(one: Selection, task: LabelledTask) -> Judged:
    rewards = {attempt.id: attempt.reward for attempt in task.attempts}
    return Judged(one.bracket, rewards.get(one.pick.rollout_id, task.mean_reward))
