"""A graded run in plain lines: the table of `rematch run` and `rematch show`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rematch.report import diagnostics as d
from rematch.report.picks import format_probability
from rematch.report.tables import ResultTable
from rematch.report.text import count, one_line
from rematch.statistics import Estimate


def tasks_table(runs: Sequence[d.TaskRun]) -> ResultTable:
    """One row per task: how many rollouts of each iteration pass, and whether the pick does."""
    last = max((run.last_iteration for run in runs), default=0)
    passing = [f"passing t{iteration}" for iteration in range(last + 1)]
    likely = ("likely",) if any(run.pick.probability is not None for run in runs) else ()
    titles = ("task", *passing, "pick", *likely, "reward", "why")
    table = ResultTable(*titles, numbers=(*passing, "likely", "reward"), reason=True)
    for run in runs:
        reward = run.reward(run.pick.rollout_id)
        table.add_row(
            run.task_id,
            *(_passing(run, iteration) for iteration in range(last + 1)),
            run.pick.rollout_id,
            *((format_probability(run.pick.probability),) if likely else ()),
            "-" if reward is None else f"{reward:g}",
            run.pick.reasons,
        )
    return table


def _passing(run: d.TaskRun, iteration: int) -> str:
    rewards = [run.reward(rollout.id) for rollout in run.population(iteration)]
    known = [reward for reward in rewards if reward is not None]
    passing = sum(reward >= 1 for reward in known) if known else "-"
    return f"{passing}/{len(rewards)}"


def format_run(runs: Sequence[d.TaskRun]) -> list[str]:
    """The paper's table and diagnostics for finished, graded tasks."""
    if not runs:
        return ["no finished task yet"]
    last = max(run.last_iteration for run in runs)
    steps = [d.mean_steps(runs, iteration) for iteration in range(last + 1)]
    shown = " -> ".join(f"{count:.1f}" for count in steps if count is not None)
    if not any(run.grades for run in runs):
        nothing = "no rollout is graded, so there is nothing to compare"
        return [nothing, *_missing_lines(runs), f"mean steps: {shown}"]
    lines = [f"{'':<34}{'mean':>7}   95 % interval     n"]
    lines += [_row(label, d.measure(runs, what)) for label, what in _rates(last)]
    lines += ["", *_judge_lines(runs), *_prior_lines(runs), *_spread_lines(runs, last)]
    return [*lines, *_missing_lines(runs), f"mean steps: {shown}"]


def _missing_lines(runs: Sequence[d.TaskRun]) -> list[str]:
    """How many rollouts could not be graded, one line a reason, with an example."""
    grades = [grade for run in runs for grade in run.not_graded.values()]
    counts = Counter(grade.status for grade in grades)
    examples = {grade.status: one_line(grade.detail, 200) for grade in reversed(grades)}
    return [
        f"not graded: {count(number, 'rollout')}, {status} ({examples[status]})"
        for status, number in counts.items()
    ]


def _rates(last: int) -> list[tuple[str, d.Measure]]:
    rates: list[tuple[str, d.Measure]] = [
        ("iteration 0, mean (= random pick)", d.mean_of_iteration(0)),
        ("iteration 0, fewest steps", d.fewest_steps(0)),
        ("iteration 0, oracle", d.oracle(0)),
    ]
    if last:
        rates.append(("the K selected, mean", d.mean_of_selected))
        for iteration in range(1, last + 1):
            rates += [
                (f"iteration {iteration}, mean", d.mean_of_iteration(iteration)),
                (f"iteration {iteration}, fewest steps", d.fewest_steps(iteration)),
                (f"iteration {iteration}, oracle", d.oracle(iteration)),
            ]
    return [*rates, ("final pick", d.picked)]


def _row(label: str, estimate: Estimate | None) -> str:
    if estimate is None:
        return f"{label:<34}{'-':>7}   not graded"
    interval = f"{100 * estimate.low:5.1f} .. {100 * estimate.high:5.1f}"
    return f"{label:<34}{100 * estimate.mean:6.1f}%   {interval}   {estimate.n:>4}"


def _judge_lines(runs: Sequence[d.TaskRun]) -> list[str]:
    accuracy = d.judge_accuracy(runs)
    parts = [
        f"t{iteration} round {number}: {100 * share:.0f}% of {n}"
        for (iteration, number), (share, n) in accuracy.items()
    ]
    return [f"judge accuracy in mixed matches: {', '.join(parts) or 'no mixed match'}"]


def _prior_lines(runs: Sequence[d.TaskRun]) -> list[str]:
    by_priors = d.success_by_priors(runs)
    if not by_priors:
        return []
    parts = [
        f"{passing}/{k}: {100 * mean:.0f}% of {n}" for (passing, k), (mean, n) in by_priors.items()
    ]
    return [f"later rollouts' success by passing priors: {', '.join(parts)}"]


def _spread_lines(runs: Sequence[d.TaskRun], last: int) -> list[str]:
    spreads = [d.spread(runs, iteration) for iteration in range(last + 1)]
    none = " -> ".join(str(s.none) for s in spreads)
    every = " -> ".join(str(s.all) for s in spreads)
    return [f"tasks with no passing rollout: {none}; with only passing ones: {every}"]
