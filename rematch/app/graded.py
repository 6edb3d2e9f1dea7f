"""Labelled attempts with their summaries, task by task: what examples are made from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from functools import partial
from pathlib import Path

from rematch.data.pools import read_pool
from rematch.data.records import Rollout, Summary, Task
from rematch.errors import InputError
from rematch.optimizers.examples import Graded, GradedTask
from rematch.optimizers.labelled import find_label, read_labels
from rematch.programs.concurrency import gather_all
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder, TaskFolder
from rematch.seams import Summarizer


class GradedSource:
    """Where labelled attempts are read from: a pool with its labels, or a graded run's folder.

    Args:
        paths: a run's folder, or files and folders of recorded rollouts.
        labels: the labels' file; not needed for a run's folder, which holds grades.
        summarizer: makes the summaries; those that a run's folder holds are taken from it.
        executor: bounds how many summaries are made at once.

    Attributes:
        problems: a line for each label or attempt that could not be used; complete when all
            tasks are read.

    Raises:
        InputError: there is nothing to read, or no labels.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        labels: Path | None,
        summarizer: Summarizer,
        executor: LocalExecutor,
    ) -> None:
        self.problems: list[str] = []
        self._paths = paths
        self._summarizer = summarizer
        self._executor = executor
        self._rewards: dict[tuple[str, str], float] = {}
        if labels is not None:
            self._rewards, bad_rows = read_labels(labels)
            self.problems += bad_rows
        elif not all(RunFolder(path).manifest.is_file() for path in paths):
            raise InputError(
                f"{', '.join(map(str, paths))}: --labels FILE is needed; only the folder of a "
                "graded run does without"
            )

    async def tasks(self) -> AsyncIterator[GradedTask]:
        """One task at a time; those without a labelled attempt are left out."""
        if self._rewards:
            pool = read_pool(self._paths)
            self.problems += map(str, pool.problems)
            for recorded in pool.tasks.values():
                graded = await self._join(recorded.task, recorded.rollouts)
                if graded.attempts:
                    yield graded
            missing = [f"{task}/{attempt}" for task, attempt in self._rewards]
            self.problems += [f"{name}: labelled, not in the pool" for name in missing]
            return
        for path in self._paths:
            for folder in RunFolder(path).tasks():
                kept = await self._read(folder)
                if kept is not None and kept.attempts:
                    yield kept

    async def _join(self, task: Task, rollouts: Sequence[Rollout]) -> GradedTask:
        labelled = []
        for rollout in rollouts:
            key = find_label(task, rollout, self._rewards)
            if key is None:
                self.problems.append(f"{task.id}/{rollout.id}: no label; left out")
            else:
                labelled.append((rollout, self._rewards.pop(key)))
        summaries = await self._summarize(task, [rollout for rollout, _ in labelled])
        made = zip(labelled, summaries, strict=True)
        return GradedTask(task, tuple(Graded(r, summary, reward) for (r, reward), summary in made))

    async def _read(self, folder: TaskFolder) -> GradedTask | None:
        task = folder.read_task()
        if task is None:
            return None
        grades = {name: one for name, one in folder.grades().items() if one.is_verdict}
        rollouts = [rollout for rollout in folder.rollouts() if rollout.id in grades]
        kept = [folder.read_summary(rollout.id) for rollout in rollouts]
        lacking = [r for r, summary in zip(rollouts, kept, strict=True) if summary is None]
        made = dict(zip([r.id for r in lacking], await self._summarize(task, lacking), strict=True))
        return GradedTask(
            task,
            tuple(
                Graded(rollout, summary or made[rollout.id], grades[rollout.id].reward)
                for rollout, summary in zip(rollouts, kept, strict=True)
            ),
        )

    async def _summarize(self, task: Task, rollouts: Sequence[Rollout]) -> list[Summary]:
        async def make(rollout: Rollout) -> Summary:
            return await self._summarizer.acall(task=task, rollout=rollout)

        return await gather_all(
            self._executor.run("summarizer", partial(make, rollout)) for rollout in rollouts
        )
