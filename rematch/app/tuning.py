"""Tuning prompts on labelled attempts: examples, split, optimizer, saved program, report."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import dspy

from rematch.app.building import Built, build_parts, open_calls, run_async
from rematch.app.config import Config
from rematch.app.graded import GradedSource
from rematch.app.reserve import Reserve
from rematch.app.targets import TARGETS, Setting, Target
from rematch.app.tuning_folder import TuningFolder
from rematch.errors import HaltError, InputError, RematchError
from rematch.optimizers.candidates import Candidate
from rematch.optimizers.leaks import check_leaks
from rematch.optimizers.splits import SIDES, Side, Split, Splittable, read_split, split_tasks
from rematch.optimizers.tuning import Models, Subject, Tuned, tune_subject
from rematch.optimizers.tuning_report import TargetReport, TuningReport, report_target
from rematch.programs.saved import load_predictor, load_predictors, write_document
from rematch.report.tuning import write_tuning
from rematch.runs.manifest import Manifest, default_folder, open_folder, read_versions
from rematch.runs.models import build_lm

Examples = dict[str, list[Any]]


@dataclass(frozen=True)
class TuningRequest:
    """What is to be tuned, and on what.

    Attributes:
        target: judge, summarizer, distiller or all.
        paths: recorded rollouts, or the folder of a graded run.
        labels: their labels; None for a graded run.
        split: another tuning's split.json, to hold the same tasks out; None makes one.
    """

    target: str
    paths: tuple[Path, ...]
    labels: Path | None = None
    split: Path | None = None

    @property
    def targets(self) -> list[Target]:
        """In the order of tuning."""
        return list(TARGETS.values()) if self.target == "all" else [TARGETS[self.target]]

    def describe(self, config: Config) -> Manifest:
        """What identifies the tuning: all that changes its results."""
        files = {"labels": self.labels, "split": self.split}
        asked: dict[str, Any] = {name: _hash(path) for name, path in files.items() if path}
        reflection = config.models.reflection
        return Manifest(
            suite=f"optimize-{self.target}",
            source=" ".join(str(path.resolve()) for path in self.paths),
            agent=config.tuning.optimizer,
            config={
                **config.describe_results(),
                **asked,
                "paths": sorted(str(path.resolve()) for path in self.paths),
                "tuning": config.tuning.model_dump(mode="json"),
                "reflection": reflection.model if reflection else None,
            },
            versions=read_versions(),
        )


def tune_prompts(
    request: TuningRequest,
    config: Config,
    output: Path | None = None,
    *,
    redo: bool = False,
    tell: Callable[[str], None] = lambda line: None,
) -> tuple[TuningReport, Path]:
    """Tune a target's prompt, or all prompts one after the other.

    Args:
        request: what, and on what.
        config: models, `tuning`, budget, seed.
        output: the folder; None takes the one that follows from what is asked.
        redo: forget what the folder holds.
        tell: gets lines for the user while this is under way.

    Returns:
        The report, and the folder that holds it beside the program.

    Raises:
        UsageError: a role lacks its model, or the folder cannot be used.
        InputError: there is nothing to learn from, or a task stands on two sides.
        RematchError: a model was lost before the start was measured.
    """
    for target in request.targets:
        target.find_model(config)
    manifest = request.describe(config)
    folder = open_folder(output or default_folder(manifest), manifest, redo=redo)
    try:
        # A judge that is shown no summaries needs none; whoever writes them does.
        reads = config.reads_summaries or request.target != "judge"
        parts = build_parts(config, open_calls(config, folder), reads_summaries=reads)
        with contextlib.closing(parts.calls):
            kept = TuningFolder(folder.path)
            if redo:
                kept.forget()
            return _Session(request, config, kept, parts, tell).run(), folder.path
    finally:
        folder.close()


@dataclass
class _Session:
    """One call of `tune_prompts`."""

    request: TuningRequest
    config: Config
    folder: TuningFolder
    parts: Built
    tell: Callable[[str], None]
    predictors: dict[str, dspy.Predict] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)

    def run(self) -> TuningReport:
        self._load_start()
        source = GradedSource(
            self.request.paths, self.request.labels, self.parts.summarizer, self.parts.executor
        )
        examples, tasks = run_async(lambda: self._make_examples(source))
        split = self._split(examples, tasks)
        sided = {name: _deal(made, split) for name, made in examples.items()}
        split = self.folder.write_examples(split, sided)
        self.parts.calls.halting = True
        targets = [target for target in self.request.targets if sided.get(target.name)]
        reports = [self._tune(target, sided[target.name]) for target in targets]
        report = self._report(reports, sided, split, source.problems)
        self.folder.write_report(report, write_tuning(report.model_dump(mode="json")))
        return report

    def _load_start(self) -> None:
        """The prompts to begin with: the code's, or those of a saved program."""
        self.predictors = {target.place: target.make() for target in TARGETS.values()}
        if self.config.program is not None:
            self.written.update(load_predictors(self.config.program, self.predictors))
        self.written.update(target.place for target in self.request.targets)
        self.folder.write_start(self._document())

    def _document(self) -> str:
        chosen = {place: self.predictors[place] for place in sorted(self.written)}
        return write_document(chosen, "Rematch")

    async def _make_examples(self, source: GradedSource) -> tuple[Examples, list[Splittable]]:
        examples: Examples = {target.name: [] for target in self.request.targets}
        tasks = []
        async for graded in source.tasks():
            made = {
                target.name: list(target.examples(graded, self.config, self.parts))
                for target in self.request.targets
            }
            for name, own in made.items():
                examples[name] += own
            if any(made.values()):
                tasks.append(graded.splittable)
        for problem in source.problems:
            self.tell(problem)
        for target in self.request.targets:
            if not examples[target.name]:
                if self.request.target != "all":
                    raise InputError(f"{target.name}: nothing to learn from: {target.lacking}")
                self.tell(f"{target.name}: is left as it is: {target.lacking}")
                del examples[target.name]
        return examples, tasks

    def _split(self, examples: Examples, tasks: Sequence[Splittable]) -> Split:
        if self.request.split is not None:
            split = read_split(self.request.split)
        else:
            split = split_tasks(tasks, self.config.tuning.shares, self.config.seed)
        shown: dict[str, list[str]] = {}
        for made in examples.values():
            for example in made:
                shown.setdefault(example.task_id, []).extend(example.shown())
        texts = {task.id: task.text for task in tasks}
        check_leaks(
            {side: {i: texts.get(i, "") for i in getattr(split, side)} for side in SIDES},
            {side: {i: shown.get(i, ()) for i in getattr(split, side)} for side in SIDES},
        )
        return split

    def _tune(self, target: Target, examples: dict[Side, list[Any]]) -> TargetReport:
        for side in SIDES:
            if not examples[side]:
                raise InputError(f"{target.name}: no examples for {side}: add tasks, or seed anew")
        model = target.find_model(self.config)
        calls, judge = self.parts.calls, self.config.models.judge
        setting = Setting(
            self.config, self.predictors, build_lm("judge", judge, calls=calls) if judge else None
        )
        subject = Subject(
            self.predictors[target.place], target.student, target.metric(setting), examples
        )
        models = Models(
            task=build_lm(target.role, model, calls=calls),
            reflection=build_lm("reflection", self.config.models.reflection or model, calls=calls),
            reserve=Reserve(calls),
        )
        with self.folder.open_log(target.name) as log:
            tuned = self._ask(target, subject, models, log)
        self.predictors[target.place] = load_predictor(self.predictors[target.place], tuned.best)
        self.folder.write_program(self._document())
        return report_target(target.name, tuned)

    def _ask(self, target: Target, subject: Subject, models: Models, log: TextIO) -> Tuned:
        def note(candidate: Candidate) -> None:
            self.folder.add_candidate(target.name, candidate)
            self.tell(f"{target.name}: prompt {candidate.number} scores {candidate.mean:.3f}")

        places = {str(role): count for role, count in self.config.workers.items()}
        self.folder.clear_candidates(target.name)
        try:
            return tune_subject(
                subject,
                models,
                self.config.tuning,
                seed=self.config.seed,
                places=places.get(target.role, _PLACES),
                log=log,
                on_candidate=note,
            )
        except HaltError as halt:
            raise RematchError(
                f"{target.name}: ended while the start was measured, so nothing was tuned: {halt}"
            ) from halt

    def _report(
        self,
        reports: Sequence[TargetReport],
        sided: dict[str, dict[Side, list[Any]]],
        split: Split,
        problems: Sequence[str],
    ) -> TuningReport:
        roles = ("summarizer", "judge", "distiller", "reflection")
        known = {role: getattr(self.config.models, role) for role in roles}
        return TuningReport(
            optimizer=self.config.tuning.optimizer,
            effort=self.config.tuning.effort,
            seed=self.config.seed,
            models={role: model.model for role, model in known.items() if model},
            examples={
                name: {side: len(made) for side, made in sides.items()}
                for name, sides in sided.items()
            },
            split=split.digest,
            targets=tuple(reports),
            problems=tuple(problems),
            calls=self.parts.calls.budget.spent.calls,
        )


_PLACES = 16


def _deal(made: Sequence[Any], split: Split) -> dict[Side, list[Any]]:
    return {side: [one for one in made if split.find_side(one.task_id) == side] for side in SIDES}


def _hash(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from error
