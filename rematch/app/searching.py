"""Searching over what a recorded pool can decide, and measuring the best on held-out tasks."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rematch.app.bench import Bench, Point, make_point
from rematch.app.building import open_calls
from rematch.app.config import Config
from rematch.app.evaluating import read_labelled
from rematch.app.pool_bench import PoolBench
from rematch.app.relevance import Place
from rematch.app.spaces import check_space, propose_space
from rematch.app.suite_bench import SuiteBench
from rematch.data.records import StoredRecord
from rematch.data.suites import Suite
from rematch.optimizers.ablation import Ablation
from rematch.optimizers.search import Tried as Tried
from rematch.optimizers.search import find_pareto, search
from rematch.optimizers.space import Space
from rematch.optimizers.splits import Splittable, hold_out
from rematch.report.text import count
from rematch.runs.folder import RunFolder, write_record, write_text
from rematch.runs.manifest import Manifest, describe_paths, open_folder, read_versions

RESULT = "search.json"
STUDY = "study.journal"


class SearchResult(StoredRecord):
    """What a search found, and what is left of it on tasks that it never saw.

    Attributes:
        seed: of the split and of all draws.
        unit: of costs: dollars or tokens, the recorded attempts' own included.
        search_tasks, held_out_tasks: on which side each task was.
        trials, pruned: how many were over, and given up early.
        tried: every trial that was not given up, as (mean, cost).
        base: the base on the search tasks.
        pareto: the best settings, cheapest first.
        held_out: these beside the base on the held-out tasks.
        costs: cost per held-out task, by name.
    """

    seed: int
    unit: str
    search_tasks: tuple[str, ...]
    held_out_tasks: tuple[str, ...]
    trials: int
    pruned: int
    tried: tuple[tuple[float, float], ...]
    base: Point
    pareto: tuple[Point, ...]
    held_out: Ablation
    costs: dict[str, float]


@dataclass(frozen=True)
class SearchRequest:
    """How to search.

    Attributes:
        space: what may change; None takes what can be decided there.
        trials: how many in all, over all sessions.
        held_out: share of the tasks that the search never sees.
        redo: forget what the folder holds.
    """

    space: Space | None = None
    trials: int = 50
    held_out: float = 0.4
    redo: bool = False


@dataclass(frozen=True)
class SearchPlan:
    """What is searched: `sides` are the search tasks and the held-out ones."""

    base: Config
    space: Space
    sides: tuple[tuple[str, ...], tuple[str, ...]]
    trials: int


def search_pool(
    base: Config,
    paths: Sequence[Path],
    labels: Path,
    output: Path,
    request: SearchRequest,
    *,
    on_done: Callable[[Tried], None] | None = None,
) -> SearchResult:
    """Search on some of a labelled pool's tasks, and measure the best on the others.

    The tasks' rollouts stay in memory, for every trial needs them.

    Args:
        base: the configuration that settings lie over.
        paths: files and folders of recorded rollouts.
        labels: their labels; no setting sees them.
        output: the search's folder; a search that it holds goes on.
        request: how to search.
        on_done: told each trial as it ends.

    Raises:
        InputError: the pool or its labels cannot be read, or there are too few tasks.
        UsageError: a key of the space cannot matter here, or the folder holds another search.
        BudgetSpentError: the budget does not suffice; what was paid for is kept.
        ModelError: calls came to nothing; the same command asks for them again.
    """
    pool, labelled = read_labelled(paths, labels, base.seed)
    place = Place.of_pool(pool)
    space = request.space or propose_space(base, place)
    check_space(space, base, place)
    tasks = [
        Splittable(task.id, pool.task(task.id).problem, task.mean_reward) for task in labelled.tasks
    ]
    plan = _plan(base, space, tasks, request)
    folder = _open(output, describe_paths(paths), plan, redo=request.redo)
    with closing(folder), closing(open_calls(base, folder)) as calls:
        bench = PoolBench(base, pool, labelled, calls)
        return _search(bench, plan, output, labelled.problems, on_done)


def search_suite(
    base: Config,
    suite: Suite,
    output: Path,
    request: SearchRequest,
    *,
    on_done: Callable[[Tried], None] | None = None,
    tell: Callable[[str], None] | None = None,
) -> SearchResult:
    """Search live: every setting makes, picks and grades rollouts of its own.

    Attempts, grades and calls that settings have in common are made once.

    Args:
        base: the configuration that settings lie over, as `fit_to_suite` makes it.
        suite: the tasks.
        output: the search's folder; a search that it holds goes on.
        request: how to search.
        on_done: told each trial as it ends.
        tell: gets lines for the user.

    Raises:
        As `search_pool`; and SandboxError: no sandbox works here that the agent may use.
    """
    place = Place()
    space = request.space or propose_space(base, place)
    check_space(space, base, place)
    tasks = [Splittable(known.task.id, known.task.problem, 0.5) for known in suite.tasks]
    plan = _plan(base, space, tasks, request)
    ids = " ".join(sorted(task.id for task in tasks))
    folder = _open(output, f"{suite.name}: {ids}", plan, redo=request.redo)
    with closing(folder), closing(open_calls(base, folder)) as calls:
        bench = SuiteBench(base, suite, output, calls, tell)
        return _search(bench, plan, output, (), on_done)


def _search(
    bench: Bench,
    plan: SearchPlan,
    output: Path,
    problems: tuple[str, ...],
    on_done: Callable[[Tried], None] | None,
) -> SearchResult:
    seen, unseen = plan.sides
    seed = plan.base.seed
    tried = search(
        plan.space,
        bench.measure,
        seen,
        output / STUDY,
        trials=plan.trials,
        seed=seed,
        on_done=on_done,
    )
    start = Tried(-1, {}, dict(bench.measure({}, seen)))
    points = [make_point(f"trial {one.number}", one) for one in find_pareto(tried)]
    held, costs = bench.compare(points, unseen)
    result = SearchResult(
        seed=seed,
        unit=bench.unit,
        search_tasks=seen,
        held_out_tasks=unseen,
        trials=len(tried),
        pruned=sum(one.is_pruned for one in tried),
        tried=tuple((one.mean, one.cost) for one in tried if not one.is_pruned),
        base=make_point("base", start),
        pareto=tuple(points),
        held_out=held.model_copy(update={"problems": (*problems, *held.problems)}),
        costs=costs,
    )
    _write(output, result)
    return result


def _plan(
    base: Config, space: Space, tasks: Sequence[Splittable], request: SearchRequest
) -> SearchPlan:
    """Sides that are alike in repositories and difficulty, copies together."""
    told = count(len(tasks), "task")
    sides = hold_out(tasks, request.held_out, base.seed, told)
    return SearchPlan(base, space, sides, request.trials)


def _open(output: Path, suite: str, plan: SearchPlan, *, redo: bool) -> RunFolder:
    manifest = Manifest(
        suite=suite,
        agent="search",
        config={
            **plan.base.describe_results(),
            "held out": list(plan.sides[1]),
            "space": plan.space.model_dump(mode="json", exclude_defaults=True)["dimensions"],
        },
        versions=read_versions(),
    )
    folder = open_folder(output, manifest, redo=redo)
    if redo:
        (output / STUDY).unlink(missing_ok=True)
        for kept in (output / "settings", output / "shared"):
            shutil.rmtree(kept, ignore_errors=True)
    return folder


def _write(output: Path, result: SearchResult) -> None:
    """The result, and each of the best settings as a file for `-c`."""
    write_record(output / RESULT, result)
    for point in result.pareto:
        path = output / f"{point.name.replace(' ', '-')}.yaml"
        tree: dict[str, Any] = {}
        for key, value in point.changes.items():
            *above, last = key.split(".")
            below = tree
            for part in above:
                below = below.setdefault(part, {})
            below[last] = value
        write_text(path, yaml.safe_dump(tree, sort_keys=True))
