"""What the repairer does, from the first look to the end."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from rematch.agents.repairer.bench import SUBMIT, Bench, Turn, Work
from rematch.agents.repairer.changes import name_patch
from rematch.agents.repairer.config import RepairerConfig
from rematch.agents.repairer.context import Priors
from rematch.agents.repairer.issue import find_names
from rematch.agents.repairer.reports import Failure, Report
from rematch.agents.repairer.search import Search
from rematch.agents.repairer.survey import look_around, run_first


@dataclass(frozen=True)
class Surrender:
    """Why the repairer gives up, and what it still had to say of its last try."""

    reason: str
    last_words: str = ""


@dataclass(frozen=True)
class Assignment:
    """What one rollout starts from."""

    issue: str
    priors: Priors
    rng: random.Random
    config: RepairerConfig


def repair(assignment: Assignment) -> Work[Surrender]:
    """The whole rollout; returns why it gives up. A submission ends it from outside."""
    bench = Bench(assignment.config)
    reason = yield from look_around(bench, assignment.issue, _introduce(assignment))
    if reason:
        return Surrender(reason)
    baseline = yield from run_first(bench)
    reason = _find_obstacle(bench, baseline)
    if baseline is None or reason:
        return Surrender(reason)
    search = Search(
        bench=bench,
        issue=assignment.issue,
        names=find_names(assignment.issue),
        baseline=baseline,
        priors=assignment.priors,
        rng=assignment.rng,
        left=assignment.config.tries,
    )
    patch = yield from search.run()
    if not patch:
        tries = assignment.config.tries - search.left
        reason = f"{tries} changes tried, none of them helped; the work folder is as it was"
        return Surrender(reason, bench.say(""))
    done = "All visible tests pass" if search.base != patch else "More tests pass than before"
    yield Turn(bench.say(f"{done} with this change; submit it: {name_patch(patch)}"), SUBMIT)
    return Surrender("the submission was not taken")


def _introduce(assignment: Assignment) -> str:
    text = (
        "I am the offline repairer: no language model, but seeded mutations tried against the "
        "visible tests. First a look at the files."
    )
    if assignment.priors:
        text += f"\nEarlier attempts left {assignment.priors.describe()}: I start from those."
    return text


def _find_obstacle(bench: Bench, baseline: Report | None) -> str:
    """Why there is nothing to search by, or ""."""
    if baseline is None:
        return "the visible tests could not be run"
    if not baseline.ran:
        return "there are no visible tests, and the issue holds no example that could be run"
    if not baseline.failing:
        return (
            "all visible tests pass already and the issue holds no example that fails: nothing "
            "would tell a repair from any other change"
        )
    missing = [f for f in baseline.failures if _is_missing_module(bench, f)]
    if missing and len(missing) == baseline.failing:
        return f"the visible tests need what is not installed: {missing[0].message}"
    return ""


def _is_missing_module(bench: Bench, failure: Failure) -> bool:
    """Whether a test failed because it imports what is neither installed nor in the project."""
    match = re.match(r"No module named '([\w.]+)'", failure.message)
    if failure.kind != "ModuleNotFoundError" or match is None:
        return False
    top = match[1].partition(".")[0]
    return not any(f"{top}/" in path or f"{top}.py" in path for path in bench.sources)
