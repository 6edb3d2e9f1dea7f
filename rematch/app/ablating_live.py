"""Running an ablation's variants live: equal attempts, grades and calls are made once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from rematch.app.ablating import (
    RESULT,
    Tell,
    add_usage,
    check_whole,
    count_tasks,
    open_ablation,
    share_calls,
    tell_losses,
    variant_folder,
)
from rematch.app.building import build_run, open_calls, run_async
from rematch.app.config import Config
from rematch.app.plans import Plan, Variant
from rematch.app.relevance import Place, check_variants
from rematch.app.running import Finished, count_run_calls, run_suite
from rematch.app.swebench import fit_to_suite
from rematch.data.records import Record, Usage
from rematch.data.suites import Suite, load_suite
from rematch.errors import UsageError
from rematch.optimizers.ablation import PICKED, Ablation, Brought, compare_variants
from rematch.report.diagnostics import (
    Measure,
    TaskRun,
    fewest_steps,
    mean_of_iteration,
    measure,
    oracle,
)
from rematch.runs.calls import Calls
from rematch.runs.folder import read_record, write_record

LAST = "last iteration"
"""The mean reward of the last iteration's rollouts: what a context is worth by itself."""


class LiveResult(Record):
    """A variant that is done: what it brought, and for the base what stands beside it."""

    brought: Brought
    references: dict[str, float]


def plan_suite(plan: Plan, name: str, ids: Sequence[str]) -> tuple[Plan, Suite]:
    """The plan with what the suite has by default, and the suite.

    Raises:
        UsageError: the suite cannot be found, or a variant cannot matter live.
    """
    fitted = replace(
        plan,
        base=_fit(plan.base, name),
        variants=tuple(_fit(variant, name) for variant in plan.variants),
    )
    agent = fitted.base.config.agent
    for variant in fitted.variants:
        if variant.config.agent.in_harbor != agent.in_harbor:
            raise UsageError(
                f"variant {variant.name!r}: agent.name asks for other tasks than the base's: "
                "Harbor runs its own"
            )
    check_variants(fitted, Place())
    suite = load_suite(name, ids=ids, in_harbor=agent.in_harbor, registry=agent.harbor.registry)
    return fitted, suite


def count_live_calls(plan: Plan, suite: Suite) -> dict[str, dict[str, int]]:
    """The most rollouts and calls per role that each variant takes by itself."""
    return {one.name: count_run_calls(suite, one.config) for one in plan.all}


def ablate_suite(
    plan: Plan,
    suite: Suite,
    output: Path,
    *,
    redo: bool = False,
    on_done: Tell | None = None,
    tell: Callable[[str], None] | None = None,
) -> Ablation:
    """Run and grade every variant on the same tasks, and compare their picks.

    Args:
        plan: base and variants, as `plan_suite` fits them.
        suite: the tasks.
        output: the ablation's folder; what it holds is not made again.
        redo: forget what it holds.
        on_done: told whenever a variant ends a task.
        tell: gets lines for the user.

    Raises:
        UsageError: the folder holds something else, or a model cannot be used.
        SandboxError: no sandbox works here that the agent may use.
        BudgetSpentError: the base's budget does not suffice; what was paid for is kept.
        ModelRefusedError: bad key, no money, unknown model.
        InputError: a variant brought nothing.
    """
    tasks = " ".join(sorted(known.task.id for known in suite.tasks))
    folder = open_ablation(output, f"{suite.name}: {tasks}", redo=redo)
    with closing(folder), closing(open_calls(plan.base.config, folder)) as calls:
        results, spent, problems = [], dict[str, Usage](), list[str]()
        for variant in plan.all:
            shared = share_calls(calls)
            results.append(_finish(variant, suite, output, shared, on_done, tell))
            problems += tell_losses(variant, shared)
            spent = add_usage(spent, shared.meter.by_role())
        brought = [result.brought for result in results]
        ablation = compare_variants(
            brought[0],
            brought[1:],
            kind="live",
            seed=plan.base.config.seed,
            references=results[0].references,
            spent=spent,
            problems=problems,
        )
        write_record(output / RESULT, ablation)
    return ablation


def run_sharing(
    config: Config,
    suite: Suite,
    path: Path,
    shared: Path,
    calls: Calls,
    *,
    tell: Callable[[str], None] | None = None,
    on_done: Callable[[str, TaskRun | str], None] | None = None,
) -> Finished:
    """Run a suite in a folder of its own, and take what other runs made from where it is shared.

    Args:
        config: of this run.
        suite: the tasks.
        path: the run's folder.
        shared: keeps attempts and grades that runs have in common.
        calls: records and bounds the calls of all of them.
        tell: gets lines for the user.
        on_done: told as each task ends.

    Raises:
        As `build_run`; and ModelRefusedError: bad key, no money, unknown model.
    """
    if not config.agent.in_harbor:
        # All of it comes back from what is shared, and its costs are counted whole.
        shutil.rmtree(path / "tasks", ignore_errors=True)
    run = build_run(config, suite, path, tell=tell, calls=calls, shared=shared)
    with closing(run.folder):
        finished = run_async(lambda: run_suite(run, suite, config, on_done=on_done))
    finished.require_all()
    return finished


def _fit(variant: Variant, suite: str) -> Variant:
    return replace(variant, config=fit_to_suite(variant.config, suite))


def _finish(
    variant: Variant,
    suite: Suite,
    output: Path,
    calls: Calls,
    on_done: Tell | None,
    tell: Callable[[str], None] | None,
) -> LiveResult:
    """What a variant brought, now or in an earlier session that left nothing out."""
    path = variant_folder(output, variant)
    kept = read_record(path / "brought.json", LiveResult)
    if kept is not None:
        if on_done:
            on_done(variant.name, len(suite.tasks), len(suite.tasks))
        named = {"name": variant.name, "changes": dict(variant.changes)}
        return kept.model_copy(update={"brought": kept.brought.model_copy(update=named)})
    finished = run_sharing(
        variant.config,
        suite,
        path,
        output / "shared",
        calls,
        tell=tell,
        on_done=count_tasks(variant, len(suite.tasks), on_done),
    )
    check_whole(variant.name, calls)
    result = _bring(variant, finished, calls)
    if not result.brought.failures and not tell_losses(variant, calls):
        write_record(path / "brought.json", result)
    return result


def _bring(variant: Variant, finished: Finished, calls: Calls) -> LiveResult:
    runs = list(finished.done.values())
    measures: dict[str, Measure] = {
        PICKED: lambda run: run.reward(run.pick.rollout_id),
        LAST: lambda run: mean_of_iteration(run.last_iteration)(run),
    }
    ungraded = {
        run.task_id: f"the pick was not graded ({run.not_graded[run.pick.rollout_id].detail})"
        for run in runs
        if run.pick.rollout_id in run.not_graded
    }
    usage = add_usage(calls.meter.by_role(), calls.meter.replayed())
    if variant.config.models.agent is not None or variant.config.agent.in_harbor:
        usage["agent"] = sum((r.usage for run in runs for r in run.rollouts), Usage())
    brought = Brought(
        name=variant.name,
        changes=dict(variant.changes),
        measures={name: _take(runs, what) for name, what in measures.items()},
        usage={role: total for role, total in usage.items() if total.calls},
        failures={**finished.failures, **ungraded},
    )
    beside = {
        "one attempt": mean_of_iteration(0),
        "fewest steps": fewest_steps(0),
        "oracle": oracle(0),
    }
    estimates = {name: measure(runs, what) for name, what in beside.items()}
    references = {name: one.mean for name, one in estimates.items() if one is not None}
    return LiveResult(brought=brought, references=references)


def _take(runs: Sequence[TaskRun], what: Measure) -> dict[str, float]:
    values = {run.task_id: what(run) for run in runs}
    return {task_id: value for task_id, value in values.items() if value is not None}
