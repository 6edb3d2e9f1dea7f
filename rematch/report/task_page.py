"""Everything about one task of a run: problem, brackets with votes, summaries, pick, patches."""

from __future__ import annotations

import difflib
from collections import Counter

from rematch.data.records import Grade, Rollout, Summary
from rematch.errors import InputError
from rematch.report.brackets import format_bracket
from rematch.report.text import count, one_line, plain, plain_name
from rematch.runs.folder import TaskFolder

_VERDICTS = ("supported", "contradicted", "not-checkable")


def format_task(folder: TaskFolder) -> list[str]:
    """Lines for people.

    Raises:
        InputError: the task is not finished, or the picked rollout's file is gone.
    """
    task, pick = folder.read_task(), folder.read_pick()
    if task is None or pick is None:
        raise InputError(f"{folder.path}: is not finished; the same `rematch run` continues it")
    rollouts = {rollout.id: rollout for rollout in folder.rollouts()}
    grades = folder.grades()
    lines = [plain_name(task.id), "", *plain(task.problem).strip().splitlines(), ""]
    for rollout in rollouts.values():
        summary = folder.read_summary(rollout.id)
        lines.append(_format_rollout(rollout, grades.get(rollout.id)))
        lines += _format_summary(summary) if summary else []
    for bracket in folder.brackets():
        lines += ["", *format_bracket(bracket)]
    lines += ["", f"pick: {plain_name(pick.rollout_id)} ({one_line(pick.reasons)})"]
    picked = rollouts.get(pick.rollout_id)
    if picked is None:
        raise InputError(f"{folder.path}: the picked rollout's file is missing: {pick.rollout_id}")
    lines += ["", *plain(picked.patch or "(no patch)").splitlines()]
    runner_up = rollouts.get(_find_runner_up(folder, pick.rollout_id))
    if runner_up and (picked.patch or runner_up.patch):
        lines += ["", *_compare(picked, runner_up)]
    return lines


def _format_rollout(rollout: Rollout, grade: Grade | None) -> str:
    verdict = "not graded" if grade is None else f"reward {grade.reward:g} ({grade.status})"
    if grade is not None and not grade.is_verdict:
        verdict = f"not graded ({grade.status}: {one_line(grade.detail)})"
    trajectory = rollout.trajectory
    detail = f", {one_line(trajectory.ending_detail, 80)}" if trajectory.ending_detail else ""
    steps = count(len(trajectory.steps), "step")
    return f"{plain_name(rollout.id)}: {trajectory.ending}{detail}; {steps}; {verdict}"


def _format_summary(summary: Summary) -> list[str]:
    lines = [f"    {one_line(summary.final_outcome)}  [{summary.author}]"]
    if summary.left_out:
        lines.append(f"    not seen: {one_line(summary.left_out)}")
    if summary.checks:
        verdicts: Counter[str] = Counter(check.verdict for check in summary.checks)
        counts = ", ".join(f"{verdicts[v]} {v}" for v in _VERDICTS)
        lines.append(f"    claims: {counts}")
    lines += [
        f"    contradicted: {one_line(f'{check.text}: {check.why}')}"
        for check in summary.checks
        if check.verdict == "contradicted"
    ]
    return lines


def _find_runner_up(folder: TaskFolder, winner: str) -> str:
    """Whom the pick beat last, "" where it met nobody."""
    won = [m for b in folder.brackets() for m in b.matches if m.winner_id == winner]
    if not won:
        return ""
    return next(name for name in won[-1].entrants if name != winner)


def _compare(picked: Rollout, other: Rollout) -> list[str]:
    """The difference between two patches."""
    diff = difflib.unified_diff(
        plain(other.patch or "").splitlines(),
        plain(picked.patch or "").splitlines(),
        f"runner-up {plain_name(other.id)}",
        f"pick {plain_name(picked.id)}",
        lineterm="",
    )
    return list(diff) or [f"the runner-up {plain_name(other.id)} has the same patch"]
