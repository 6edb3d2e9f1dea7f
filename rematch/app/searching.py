"""Searching over what a recorded pool can decide, and measuring the best on held-out tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from rematch.app.building import open_calls
from rematch.app.config import Config
from rematch.app.evaluating import read_labelled
from rematch.app.plans import Variant, find_changes
from rematch.app.pool_bench import Point, PoolBench, lay_over, make_point
from rematch.app.relevance import Place, explain_idle
from rematch.data.pools import Pool
from rematch.data.records import StoredRecord
from rematch.errors import InputError, UsageError
from rematch.evidence.features import GROUPS
from rematch.optimizers.ablation import Ablation
from rematch.optimizers.labelled import LabelledPool
from rematch.optimizers.search import Tried, find_pareto, search
from rematch.optimizers.space import Space, parse_space
from rematch.optimizers.splits import Splittable, split_tasks
from rematch.runs.folder import RunFolder, write_record, write_text
from rematch.runs.manifest import Manifest, open_folder, read_versions

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


def read_space(path: Path) -> Space:
    """A space from a YAML file.

    Raises:
        InputError: the file cannot be read.
        UsageError: it holds no space.
    """
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error.__class__.__name__})") from error
    except yaml.YAMLError as error:
        raise InputError(f"{path}: is not YAML: {' '.join(str(error).split())}") from error
    return parse_space(tree, str(path))


def propose_space(config: Config, place: Place) -> Space:
    """What a pool can decide for this base, where the user names no space."""
    most = place.most_attempts
    tree: dict[str, Any] = {"rtv.ties": ["evidence", "cost", "draw"]}
    if most > 2:
        tree["recorded_n"] = {"low": 2, "high": most}
    tree["evidence.without"] = {"any_of": list(GROUPS)}
    if config.models.judge is not None:
        views = ["summary", "evidence", "trajectory"] + ["patch"] * place.has_patches
        tree |= {"rtv.votes": [1, 2, 4, 8], "judge.represent": views}
        tree |= {"rtv.group_size": {"low": 2, "high": max(2, min(4, most))}}
    return parse_space(tree, "the default space")


def search_pool(
    base: Config,
    paths: Sequence[Path],
    labels: Path,
    output: Path,
    *,
    space: Space | None = None,
    trials: int = 50,
    held_out: float = 0.4,
    redo: bool = False,
    on_done: Callable[[Tried], None] | None = None,
) -> SearchResult:
    """Search on some of a labelled pool's tasks, and measure the best on the others.

    The tasks' rollouts stay in memory, for every trial needs them.

    Args:
        base: the configuration that settings lie over.
        paths: files and folders of recorded rollouts.
        labels: their labels; no setting sees them.
        output: the search's folder; a search that it holds goes on.
        space: what may change; None takes what a pool can decide.
        trials: how many in all, over all sessions.
        held_out: share of the tasks that the search never sees.
        redo: forget what the folder holds.
        on_done: told each trial as it ends.

    Raises:
        InputError: the pool or its labels cannot be read, or there are too few tasks.
        UsageError: a key of the space cannot matter here, or the folder holds another search.
        BudgetSpentError: the budget does not suffice; what was paid for is kept.
        ModelError: calls came to nothing; the same command asks for them again.
    """
    pool, labelled = read_labelled(paths, labels, base.seed)
    place = Place.of_pool(pool)
    space = space or propose_space(base, place)
    check_space(space, base, place)
    seen, unseen = _split(pool, labelled, held_out, base.seed)
    folder = _open(output, paths, base, space, held_out, redo=redo)
    with closing(folder), closing(open_calls(base, folder)) as calls:
        bench = PoolBench(base, pool, labelled, calls)
        tried = search(
            space,
            bench.measure,
            seen,
            output / STUDY,
            trials=trials,
            seed=base.seed,
            on_done=on_done,
        )
        start = Tried(-1, {}, dict(bench.measure({}, seen)))
        points = [make_point(f"trial {one.number}", one) for one in find_pareto(tried)]
        held, costs = bench.compare(points, unseen)
        result = SearchResult(
            seed=base.seed,
            unit=bench.unit,
            search_tasks=seen,
            held_out_tasks=unseen,
            trials=len(tried),
            pruned=sum(one.is_pruned for one in tried),
            tried=tuple((one.mean, one.cost) for one in tried if not one.is_pruned),
            base=make_point("base", start),
            pareto=tuple(points),
            held_out=held.model_copy(update={"problems": (*labelled.problems, *held.problems)}),
            costs=costs,
        )
        _write(output, result)
    return result


def check_space(space: Space, base: Config, place: Place) -> None:
    """See that every key of a space can matter on its own or with the others.

    Raises:
        UsageError: a key or one of its values is unknown, or none of its values can matter.
    """
    for key, dimension in space.dimensions.items():
        reasons = []
        for value in dimension.list_values():
            config = lay_over(base, {key: value})
            changes = dict(find_changes(base, config))
            if changes:
                reasons.append(explain_idle(Variant(key, config, changes), base, place))
        if all(reasons):  # also where no value differs from the base
            raise UsageError(reasons[0] if reasons else f"{key}: has no value but the base's")


def _split(
    pool: Pool, labelled: LabelledPool, held_out: float, seed: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Search tasks and held-out tasks, alike in repositories and difficulty, copies together."""
    tasks = [
        Splittable(task.id, pool.task(task.id).problem, sum(task.rewards) / len(task.rewards))
        for task in labelled.tasks
    ]
    half = (1 - held_out) / 2
    split = split_tasks(tasks, (half, half, held_out), seed)
    return tuple(sorted((*split.train, *split.validation))), split.test


def _open(
    output: Path, paths: Sequence[Path], base: Config, space: Space, held_out: float, *, redo: bool
) -> RunFolder:
    manifest = Manifest(
        suite=" ".join(sorted(str(path.resolve()) for path in paths)),
        agent="search",
        config={
            **base.describe_results(),
            "held_out": held_out,
            "space": space.model_dump(mode="json", exclude_defaults=True)["dimensions"],
        },
        versions=read_versions(),
    )
    folder = open_folder(output, manifest, redo=redo)
    if redo:
        (output / STUDY).unlink(missing_ok=True)
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
