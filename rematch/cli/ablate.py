"""`rematch ablate`: what each part is worth, as variants of a base on the same tasks."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rematch.cli import options
from rematch.cli.console import fail_on, open_console, write_note
from rematch.cli.progress import TaskProgress
from rematch.errors import UsageError

if TYPE_CHECKING:
    from rematch.app import Ablation, Plan


def ablate(
    file: Annotated[
        Path, typer.Argument(help="A YAML file: a base, and variants by name (docs/ablation.md).")
    ],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files and folders of recorded rollouts, in place of the file's pool."),
    ] = None,
    labels: options.LabelsIfRecorded = None,
    suite: Annotated[
        str | None, typer.Option(help="For a live ablation: a suite as `rematch run` takes it.")
    ] = None,
    ids: options.Ids = None,
    model: options.ModelName = None,
    agent_model: options.AgentModel = None,
    summarizer_model: options.SummarizerModel = None,
    judge_model: options.JudgeModel = None,
    distiller_model: options.DistillerModel = None,
    api_base: options.ApiBase = None,
    sandbox: options.Sandbox = None,
    seed: options.Seed = None,
    workers: options.Workers = None,
    config: options.Settings = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The ablation's folder; default: runs/ablation-FILE. What it holds is not asked "
            "again.",
        ),
    ] = None,
    redo: options.Redo = False,
    as_json: options.AsJson = False,
    dry_run: options.DryRun = False,
) -> None:
    """Compare variants of a configuration on the same tasks, in pairs, with what each costs.

    Flags and -c change the base; the file's variants lie over it.
    """
    from rematch import app

    flags = {
        **options.overlay_models(
            model,
            api_base,
            agent=agent_model,
            summarizer=summarizer_model,
            judge=judge_model,
            distiller=distiller_model,
        ),
        **options.overlay_workers(workers),
        "agent.sandbox.kind": sandbox,
        "seed": seed,
    }
    plan = app.read_plan(file, config or (), flags)
    pool, name = paths or ([] if suite else list(plan.pool)), suite or plan.suite
    if bool(pool) == bool(name):
        raise UsageError(f"{file}: on what? name either recorded rollouts (pool) or a suite")
    folder = output or Path("runs") / f"ablation-{file.stem}"
    if name:
        result = _ablate_live(plan, name, ids, folder, redo=redo, as_json=as_json, dry_run=dry_run)
    else:
        known = labels or plan.labels
        result = _ablate(plan, pool, known, folder, redo=redo, as_json=as_json, dry_run=dry_run)
    if result is not None:
        _finish(result, folder, as_json=as_json)


def _ablate(
    plan: Plan,
    pool: list[Path],
    labels: Path | None,
    folder: Path,
    *,
    redo: bool,
    as_json: bool,
    dry_run: bool,
) -> Ablation | None:
    from rematch import app

    if dry_run:
        _show_calls(app.plan_pool(plan, pool)[1], as_json)
        return None
    if labels is None:
        raise UsageError("a recorded pool is compared by its labels: --labels FILE")
    with _Progress(plan, quiet=as_json) as progress:
        return app.ablate_pool(plan, pool, labels, folder, redo=redo, on_done=progress.tell)


def _ablate_live(
    plan: Plan,
    suite: str,
    ids: list[str] | None,
    folder: Path,
    *,
    redo: bool,
    as_json: bool,
    dry_run: bool,
) -> Ablation | None:
    from rematch import app

    plan, loaded = app.plan_suite(plan, suite, options.split_ids(ids) or plan.ids)
    if dry_run:
        _show_calls(app.count_live_calls(plan, loaded), as_json)
        return None
    with _Progress(plan, quiet=as_json) as progress:
        return app.ablate_suite(
            plan,
            loaded,
            folder,
            redo=redo,
            on_done=progress.tell,
            tell=None if as_json else write_note,
        )


class _Progress(TaskProgress):
    """One step per variant."""

    def __init__(self, plan: Plan, *, quiet: bool) -> None:
        super().__init__(len(plan.all), what="variants", quiet=quiet)

    def tell(self, variant: str, done: int, total: int) -> None:
        """Note how many of a variant's tasks are done."""
        self.count_jobs(f"{variant}: tasks", 0, done)
        if done == total:
            self.finish_task(variant, f"{total} tasks")


def _finish(result: Ablation, folder: Path, *, as_json: bool) -> None:
    from rematch import app
    from rematch.report import figures
    from rematch.report.evaluation import write_csv

    rows = result.flatten()
    app.write_text(folder / "ablation.csv", write_csv(rows))
    drawn = []
    for measure in result.measures if figures.can_draw() else ():
        of_measure = [row for row in rows if row["measure"] == measure]
        stem = folder / ("ablation-" + measure.replace(" ", "-"))
        drawn += figures.draw_ablation(of_measure, result.references, stem)
    if as_json:
        sys.stdout.write(result.model_dump_json(indent=2) + "\n")
    else:
        _show(result)
        written = [folder / "ablation.json", folder / "ablation.csv", *drawn]
        sys.stderr.write(f"written: {', '.join(map(str, written))}\n")
    if not drawn:
        write_note(figures.NO_FIGURES)
    fail_on(result.problems)


def _show(result: Ablation) -> None:
    from rematch.report.ablation import ablation_table, describe_references, describe_spending

    console = open_console()
    rows = result.flatten()
    for measure in result.measures:
        console.print(f"\n{measure}", style="bold")
        console.print(ablation_table([row for row in rows if row["measure"] == measure]))
    if result.references:
        console.print(f"\nbeside them: {describe_references(result.references)}")
    console.print(
        f"\n{result.rows[0].comparisons[result.measures[0]].n_tasks} tasks, seed {result.seed}; "
        f"{describe_spending(result.spent)}\n"
        "to base: mean difference on the same tasks; 95 %: bootstrap over tasks; better, worse: "
        "tasks; p: exact sign test;\nHolm: p corrected for the number of variants; calls, tokens, "
        "dollars: what a variant takes by itself, shared calls included"
    )


def _show_calls(calls: dict[str, dict[str, int]], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps({"calls": calls}) + "\n")
        return
    sys.stdout.write("at most, each by itself; calls that are equal are made once:\n")
    for name, roles in calls.items():
        told = ", ".join(f"{role} {count:,}" for role, count in roles.items())
        sys.stdout.write(f"  {name}: {told or 'none'}\n")
