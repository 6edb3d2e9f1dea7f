"""Running an ablation's variants on a recorded pool: one ledger, so equal calls are paid once."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import count
from pathlib import Path

from rematch.app.building import build_selector, open_calls, run_async
from rematch.app.config import Config
from rematch.app.evaluating import read_labelled
from rematch.app.plans import Plan, Variant
from rematch.app.relevance import Place, check_variants
from rematch.app.selecting import Selected, count_calls, open_selection, select_pool
from rematch.data.pools import Pool, read_pool
from rematch.data.records import Usage
from rematch.errors import BudgetSpentError
from rematch.optimizers.ablation import PICKED, Ablation, Brought, compare_variants
from rematch.optimizers.labelled import LabelledPool
from rematch.optimizers.selectors import list_baselines, pick_given, pick_oracle
from rematch.runs.calls import Calls
from rematch.runs.folder import RunFolder, file_name, write_record
from rematch.runs.manifest import Manifest, describe_paths, open_folder, read_versions
from rematch.statistics import estimate_mean

Tell = Callable[[str, int, int], None]
"""Told a variant's name, how many of its tasks are done, and of how many."""
RESULT = "ablation.json"


def plan_pool(plan: Plan, paths: Sequence[Path]) -> tuple[Pool, dict[str, dict[str, int]]]:
    """The pool, and the most calls per role that each variant takes by itself.

    Raises:
        UsageError: a variant cannot matter on this pool.
    """
    pool = read_pool(paths)
    check_variants(plan, Place.of_pool(pool))
    return pool, {one.name: count_calls(pool, trim(one.config)) for one in plan.all}


def ablate_pool(
    plan: Plan,
    paths: Sequence[Path],
    labels: Path,
    output: Path,
    *,
    redo: bool = False,
    on_done: Tell | None = None,
) -> Ablation:
    """Let every variant pick on a labelled pool, and compare the picks.

    Args:
        plan: base and variants.
        paths: files and folders of recorded rollouts.
        labels: their labels; no variant sees them.
        output: the ablation's folder; what it holds is not asked again.
        redo: forget what it holds.
        on_done: told whenever a variant ends a task.

    Raises:
        InputError: the pool or its labels cannot be read.
        UsageError: a variant cannot matter on this pool, or the folder holds something else.
        BudgetSpentError: the base's budget does not suffice; what was paid for is kept.
        ModelRefusedError: bad key, no money, unknown model.
    """
    pool, labelled = read_labelled(paths, labels, plan.base.config.seed)
    check_variants(plan, Place.of_pool(pool))
    folder = open_ablation(output, describe_paths(paths), redo=redo)
    with closing(folder), closing(open_calls(plan.base.config, folder)) as calls:
        brought, spent, problems = [], dict[str, Usage](), list(labelled.problems)
        for variant in plan.all:
            shared = share_calls(calls)
            selected = _select(variant, pool, paths, output, shared, on_done)
            problems += tell_losses(variant, shared)
            brought.append(_bring(variant, selected, labelled))
            spent = add_usage(spent, selected.usage)
        ablation = compare_variants(
            brought[0],
            brought[1:],
            kind="recorded",
            seed=plan.base.config.seed,
            references=_refer(labelled),
            spent=spent,
            problems=problems,
        )
        write_record(output / RESULT, ablation)
    return ablation


def open_ablation(output: Path, suite: str, *, redo: bool) -> RunFolder:
    """An ablation's folder, new or continued.

    It is known by what it is measured on alone: a variant added to the file, or changed, costs its
    own calls and no other's.

    Raises:
        UsageError: the folder holds something else.
    """
    manifest = Manifest(suite=suite, agent="ablation", config={}, versions=read_versions())
    folder = open_folder(output, manifest, redo=redo)
    if redo:
        for kept in (output / "variants", output / "shared"):
            shutil.rmtree(kept, ignore_errors=True)
    return folder


def variant_folder(output: Path, variant: Variant) -> Path:
    """Where a variant's results go: another configuration of the same name goes elsewhere."""
    manifest = Manifest(suite="", agent="", config=variant.config.describe_results())
    return output / "variants" / f"{file_name(variant.name)}-{manifest.digest}"


def share_calls(calls: Calls) -> Calls:
    """The calls of one variant: its own counts, the ledger and the budget of all."""
    return Calls(ledger=calls.ledger, budget=calls.budget)


def count_tasks(
    variant: Variant, total: int, on_done: Tell | None
) -> Callable[[str, object], None]:
    """What counts a variant's tasks as they end, and tells it on."""
    numbers = count(1)

    def note(task_id: str, outcome: object) -> None:
        if on_done:
            on_done(variant.name, next(numbers), total)

    return note


def tell_losses(variant: Variant, calls: Calls) -> list[str]:
    """One line where calls of a variant came to nothing: such votes are missing, not lost."""
    if not calls.lost:
        return []
    again = "the same command asks for them again"
    return [
        f"{variant.name}: {calls.lost} calls came to nothing, so its figures are not whole; {again}"
    ]


def check_whole(name: str, calls: Calls) -> None:
    """See that a variant was not cut short by the budget: its figures would be the budget's.

    Raises:
        BudgetSpentError: it was.
    """
    if any(event.kind == "budget" for event in calls.events()):
        raise BudgetSpentError(
            f"variant {name!r}: the budget is spent, and half a variant says nothing; "
            "what was paid for is kept: raise the budget and run the same command"
        )


def add_usage(one: dict[str, Usage], other: dict[str, Usage]) -> dict[str, Usage]:
    """Usage by role, added."""
    return {role: one.get(role, Usage()) + other.get(role, Usage()) for role in {**one, **other}}


def _select(
    variant: Variant,
    pool: Pool,
    paths: Sequence[Path],
    output: Path,
    calls: Calls,
    on_done: Tell | None,
) -> Selected:
    """A variant's picks. What it made is kept only if nothing is missing from it."""
    tell = count_tasks(variant, len(pool.sizes), on_done)
    folder = open_selection(variant.config, paths, variant_folder(output, variant))
    config = trim(variant.config)
    parts = build_selector(config, calls=calls)
    try:
        selected = run_async(lambda: select_pool(parts, pool, config, folder, tell))
        selected.require_all()
    finally:
        if calls.lost:
            shutil.rmtree(folder.path / "tasks", ignore_errors=True)
        folder.close()
    check_whole(variant.name, calls)
    selected.require_all()
    return selected


def trim(config: Config) -> Config:
    """A variant pays for what its picks need: an evidence judge reads no summaries."""
    if config.models.judge is not None:
        return config
    models = config.models.model_copy(update={"summarizer": None})
    return config.model_copy(update={"models": models, "program": None})


def _bring(variant: Variant, selected: Selected, labelled: LabelledPool) -> Brought:
    done = selected.selections
    reward = pick_given({task_id: one.pick.rollout_id for task_id, one in done.items()})
    usage = {
        "summarizer": sum((s.usage for one in done.values() for s in one.summaries), Usage()),
        "judge": sum((one.bracket.usage for one in done.values()), Usage()),
    }
    return Brought(
        name=variant.name,
        changes=dict(variant.changes),
        measures={PICKED: {t.id: reward(t) for t in labelled.tasks if t.id in done}},
        usage={role: total for role, total in usage.items() if total.calls},
        failures=selected.failures,
    )


def _refer(labelled: LabelledPool) -> dict[str, float]:
    """Free baselines and the oracle, as `rematch evaluate` measures them."""
    selectors = {**list_baselines(labelled.tasks), "oracle": pick_oracle}
    means = {
        name: estimate_mean([selector(task) for task in labelled.tasks])
        for name, selector in selectors.items()
    }
    return {name: estimate.mean for name, estimate in means.items() if estimate is not None}
