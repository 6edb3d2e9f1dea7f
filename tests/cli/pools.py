"""A labelled pool that the tests write: the endpoint's judge goes by the quality it shows."""

from __future__ import annotations

from pathlib import Path

from tests.app.recordings import make_patch, make_turns, mini_swe, write


def write_labelled(folder: Path, *, tasks: int = 2, attempts: int = 4) -> tuple[Path, Path]:
    """Attempts whose quality grows with their number; the upper half passes.

    Returns:
        The pool's folder and the file of its labels.
    """
    rows = ["task\tattempt\treward"]
    for number in range(tasks):
        task = f"org__repo-{number}"
        for attempt in range(attempts):
            marker = f"quality=0.{attempt + 1}"
            says = f"I look. {marker}"
            document = mini_swe(
                make_turns(3 + attempt, says=says),
                task=task,
                patch=make_patch(f"fix {attempt} {marker}"),
                problem=f"Make part {number} work.",
            )
            write(folder / "pool" / task / f"attempt{attempt}.traj.json", document)
            rows.append(f"{task}\tattempt{attempt}\t{int(2 * attempt >= attempts)}")
    labels = folder / "labels.tsv"
    labels.write_text("\n".join(rows) + "\n")
    return folder / "pool", labels
