"""What Harbor's verifier said of recorded trials, read when the selection is over."""

from __future__ import annotations

from pathlib import Path

from rematch.app.reading import load_task_run
from rematch.app.selecting import Selected
from rematch.grading.harbor import read_reward
from rematch.report.diagnostics import TaskRun
from rematch.runs.folder import RunFolder

_FORMAT = "harbor-trial"


def grade_trials(selected: Selected, folder: RunFolder) -> list[TaskRun]:
    """Grade the rollouts of a selection that are trials of Harbor's.

    Args:
        selected: what was picked; tasks of which any rollout is no trial are passed over.
        folder: holds the selection, and gets the grades.

    Returns:
        The graded tasks.
    """
    graded = []
    for task_id, selection in selected.selections.items():
        if any(rollout.origin.format != _FORMAT for rollout in selection.rollouts):
            continue
        task = folder.task(task_id)
        for rollout in selection.rollouts:
            task.write_grade(read_reward(Path(rollout.origin.path), task_id, rollout.id))
        graded.append(load_task_run(task))
    return graded
