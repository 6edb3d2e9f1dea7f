"""Anchoring: a choice judge's slot weights, fitted on some labelled tasks, measured on others."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rematch.app.building import build_parts, open_calls, run_async
from rematch.app.config import Config
from rematch.app.graded import GradedSource
from rematch.data.records import StoredRecord
from rematch.errors import HaltError, ModelError, UsageError
from rematch.optimizers.anchoring import AnchorReport, anchor_judge
from rematch.optimizers.examples import GradedTask, make_judge_examples
from rematch.optimizers.splits import hold_out
from rematch.programs.judge import ChoiceJudge
from rematch.programs.saved import write_document
from rematch.runs.calls import Calls
from rematch.runs.folder import RunFolder, write_record, write_text
from rematch.runs.manifest import Manifest, describe_paths, open_folder, read_versions

PROGRAM, REPORT = "program.json", "anchoring.json"
_PLACE = "rtv.judge.compare"


class AnchoringResult(StoredRecord):
    """What anchoring changed, and which tasks were where."""

    report: AnchorReport
    fitted_tasks: tuple[str, ...]
    test_tasks: tuple[str, ...]
    problems: tuple[str, ...] = ()


def anchor_pool(
    config: Config, paths: Sequence[Path], labels: Path, output: Path, *, redo: bool = False
) -> AnchoringResult:
    """Learn a judge's slot weights from labelled rollouts.

    Args:
        config: the models, with a judge; it is asked as `judge.kind=choice` asks.
        paths: files and folders of recorded rollouts.
        labels: their labels.
        output: the folder; calls that it holds are not made again.
        redo: forget what it holds.

    Raises:
        UsageError: no model votes, or the folder holds something else.
        InputError: the pool or its labels cannot be read, or there are too few tasks.
        ModelError: a call was lost or the budget is spent; the same command goes on.
    """
    if config.models.judge is None:
        raise UsageError("anchoring needs a model that votes: --judge-model provider/name")
    choosing = config.judge.model_copy(update={"kind": "choice"})
    config = config.model_copy(update={"judge": choosing, "program": None})
    manifest = Manifest(
        suite=describe_paths(paths),
        agent="anchoring",
        config=config.describe_results(),
        versions=read_versions(),
    )
    folder = open_folder(output, manifest, redo=redo)
    with closing(folder), closing(open_calls(config, folder)) as calls:
        try:
            return _anchor(config, paths, labels, folder, calls)
        except HaltError as error:
            raise ModelError(f"{error}; what was answered is kept: run the same command") from error


def _anchor(
    config: Config, paths: Sequence[Path], labels: Path, folder: RunFolder, calls: Calls
) -> AnchoringResult:
    calls.halting = True  # a lost call must not pass for a bad judge
    parts = build_parts(config, calls, reads_summaries=config.reads_summaries)
    judge = parts.rtv.judge
    assert isinstance(judge, ChoiceJudge)
    source = GradedSource(paths, labels, parts.summarizer, parts.executor)
    graded = run_async(lambda: _read(source))
    examples = {
        one.task.id: make_judge_examples(one, judge, group_size=2, seed=config.seed)
        for one in graded
    }
    tasks = [one.splittable for one in graded if examples[one.task.id]]
    told = f"{len(tasks)} tasks with mixed outcomes"
    fitted, held_out = hold_out(tasks, 0.5, config.seed, told)
    report = anchor_judge(
        judge,
        [example for task_id in fitted for example in examples[task_id]],
        [example for task_id in held_out for example in examples[task_id]],
        seed=config.seed,
    )
    result = AnchoringResult(
        report=report,
        fitted_tasks=fitted,
        test_tasks=held_out,
        problems=tuple(source.problems),
    )
    write_text(folder.path / PROGRAM, write_document({_PLACE: judge.compare}, "Rematch"))
    write_record(folder.path / REPORT, result)
    return result


async def _read(source: GradedSource) -> list[GradedTask]:
    return [graded async for graded in source.tasks()]
