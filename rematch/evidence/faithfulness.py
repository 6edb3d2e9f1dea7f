"""Are a summary's claims true to the trajectory? Facts say supported, contradicted or nothing.

Precise rather than complete: a claim is contradicted only where a recorded fact contradicts it;
what no fact speaks of is not checkable. Every claim gets one verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

from rematch.data.records import Action, CheckedClaim, Claim, Ending, Rollout, Summary
from rematch.evidence.assertions import Assertion, read_assertions
from rematch.evidence.commands import same_file
from rematch.evidence.facts import Facts, TestRun, read_facts
from rematch.evidence.summarizer import describe_run

Verdict = Literal["supported", "contradicted", "not-checkable"]
Finding = tuple[Verdict, str]

_NOTHING: Finding = ("not-checkable", "")
_ONE_TEST = re.compile(r"\btest_\w+(?!\.py)\b|::|\bTest[A-Z]\w+|\bthis test\b|\bone test\b")
_NEAR = 1  # models count a step from its message or from its command


def check_claims(summary: Summary, rollout: Rollout) -> tuple[CheckedClaim, ...]:
    """Check each claim of a summary against its rollout's record.

    Args:
        summary: the summary, a model's or any other.
        rollout: the rollout that it is of.

    Returns:
        One verdict per claim, section by section in the order of `Summary`'s fields.
    """
    facts = read_facts(rollout)
    return tuple(_check(claim, rollout, facts) for claim in _list_claims(summary))


def _list_claims(summary: Summary) -> Iterator[Claim]:
    for text in (summary.final_outcome, summary.progress):
        if text.strip():
            yield Claim(text=text)
    for section in (
        summary.key_actions,
        summary.verified,
        summary.failure_modes,
        summary.hypotheses,
        summary.lessons_to_reuse,
        summary.lessons_to_avoid,
    ):
        yield from section


def _check(claim: Claim, rollout: Rollout, facts: Facts) -> CheckedClaim:
    findings = [
        _CHECKS[assertion.kind](assertion, claim.steps, rollout, facts)
        for assertion in read_assertions(claim.text)
    ]
    verdict: Verdict = "not-checkable"
    whys: list[str] = []
    for wanted in ("contradicted", "supported"):
        whys = [why for found, why in findings if found == wanted]
        if whys:
            verdict = wanted
            break
    count = len(rollout.trajectory.steps)
    missing = [step for step in claim.steps if not 1 <= step <= count]
    if missing:
        whys.append(f"it cites step {missing[0]}, the trajectory has {count}")
    return CheckedClaim(
        text=claim.text, steps=claim.steps, verdict=verdict, why="; ".join(dict.fromkeys(whys))
    )


def _check_tests(
    assertion: Assertion, steps: Sequence[int], rollout: Rollout, facts: Facts
) -> Finding:
    """A claimed test result against the runs at the cited steps, else against all runs."""
    near = [run for run in facts.test_runs if not steps or _is_near(run.step, steps)]
    fitting = [run for run in near if _fits(run, assertion)]
    if fitting:
        return "supported", _tell(fitting[-1])
    if _ONE_TEST.search(assertion.clause):
        return _NOTHING  # a run that came out otherwise as a whole says nothing of one test
    against = near if not steps else [run for run in near if run.step in steps]
    if against and all(_opposes(run, assertion) for run in near):
        only = "" if steps else "every test run came out otherwise; "
        return "contradicted", only + _tell(against[-1])
    return _NOTHING


def _fits(run: TestRun, assertion: Assertion) -> bool:
    """Whether a run came out as claimed: by the number that is named, else by its verdict."""
    passing = assertion.kind == "tests-pass"
    count = run.passed if passing else run.failed
    if assertion.value and count is not None:
        return count == int(assertion.value)
    return run.verdict == ("green" if passing else "red")


def _opposes(run: TestRun, assertion: Assertion) -> bool:
    """Whether a run certainly came out otherwise: by counts or by a known runner's verdict."""
    certain = run.failed is not None or run.runner != "script"
    return certain and run.verdict == ("red" if assertion.kind == "tests-pass" else "green")


def _check_edit(
    assertion: Assertion, steps: Sequence[int], rollout: Rollout, facts: Facts
) -> Finding:
    path = assertion.value.removeprefix("./")
    at = [edit.step for edit in facts.edits if same_file(edit.path, path)]
    if at:
        return "supported", f"{path} was written in step {at[-1]}"
    if any(same_file(name, path) for name in facts.patch.files):
        return "supported", f"{path} is in the patch"
    name = path.rsplit("/", 1)[-1]
    if any(name in action.command for action in _actions(rollout)):
        return _NOTHING  # some command names it; what it did can't be read
    unread = any(not edit.path for edit in facts.edits) or any(
        not action.command for action in _actions(rollout)
    )
    if unread and not facts.patch.files:
        return _NOTHING
    return "contradicted", f"no command names {name}" + (
        ", and the patch does not touch it" if facts.patch.files else ""
    )


def _check_exit_code(
    assertion: Assertion, steps: Sequence[int], rollout: Rollout, facts: Facts
) -> Finding:
    code = int(assertion.value)
    cited = [
        action.exit_code
        for step in rollout.trajectory.steps
        if _is_near(step.number, steps)
        for action in step.actions
    ]
    if code in cited:
        return "supported", f"exit code {code} is recorded there"
    # A script may print a code of its own, so the outputs must not show the number either.
    outputs = (
        action.output
        for step in rollout.trajectory.steps
        if _is_near(step.number, steps)
        for action in step.actions
    )
    if not cited or None in cited or any(assertion.value in output for output in outputs):
        return _NOTHING
    return "contradicted", f"the exit codes recorded there are {', '.join(map(str, cited))}"


def _check_run(
    assertion: Assertion, steps: Sequence[int], rollout: Rollout, facts: Facts
) -> Finding:
    words = assertion.value.split()
    commands = [action.command for action in _actions(rollout)]
    at = [
        step.number
        for step in rollout.trajectory.steps
        if any(all(word in action.command for word in words) for action in step.actions)
    ]
    if at:
        return "supported", f"{assertion.value} is run in step {at[-1]}"
    # A script, a Makefile or a tool may run it without naming it.
    if not commands or not all(commands) or facts.test_runs:
        return _NOTHING
    return "contradicted", f"no command names {assertion.value}"


def _check_end(
    assertion: Assertion, steps: Sequence[int], rollout: Rollout, facts: Facts
) -> Finding:
    if facts.ending is Ending.UNKNOWN:
        return _NOTHING
    submitted = facts.ending is Ending.SUBMITTED
    fits = submitted == (assertion.kind == "submitted")
    return "supported" if fits else "contradicted", f"it ended: {facts.ending.value}"


def _check_no_patch(
    assertion: Assertion, steps: Sequence[int], rollout: Rollout, facts: Facts
) -> Finding:
    if rollout.patch is None:
        return _NOTHING
    if facts.patch.files:
        return "contradicted", f"its patch changes {facts.patch.files[0]}"
    return "supported", "its patch is empty"


_CHECKS: dict[str, Callable[[Assertion, Sequence[int], Rollout, Facts], Finding]] = {
    "tests-pass": _check_tests,
    "tests-fail": _check_tests,
    "edit": _check_edit,
    "exit-code": _check_exit_code,
    "runs": _check_run,
    "submitted": _check_end,
    "not-submitted": _check_end,
    "no-patch": _check_no_patch,
}


def _is_near(number: int, steps: Sequence[int]) -> bool:
    return any(abs(number - step) <= _NEAR for step in steps)


def _actions(rollout: Rollout) -> Iterator[Action]:
    return (action for step in rollout.trajectory.steps for action in step.actions)


def _tell(run: TestRun) -> str:
    return f"step {run.step}: {run.runner}, {describe_run(run)}"
