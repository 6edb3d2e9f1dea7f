"""The evidence summarizer: a truthful summary from facts, without a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rematch.data.records import Claim, Ending, Rollout, Summary, Task
from rematch.evidence.commands import same_file
from rematch.evidence.facts import Edit, Facts, TestRun, read_facts

_MOST = 12
_MOST_HYPOTHESES = 200
_ENDINGS = {
    Ending.SUBMITTED: "The attempt submitted its work",
    Ending.GAVE_UP: "The attempt gave up",
    Ending.LIMIT: "The attempt ran into a limit",
    Ending.CRASHED: "The attempt crashed",
    Ending.UNKNOWN: "How the attempt ended is not recorded; it did not submit",
}


class EvidenceSummarizer:
    """Summarizes by facts alone (seams.Summarizer). It says nothing that the record does not."""

    async def acall(self, *, task: Task, rollout: Rollout) -> Summary:
        """Summarize one rollout of the task."""
        return summarize_facts(rollout)


def summarize_facts(rollout: Rollout) -> Summary:
    """A rollout's summary from facts alone."""
    facts = read_facts(rollout)
    return Summary(
        rollout_id=rollout.id,
        author="evidence",
        final_outcome=_outcome(facts, rollout),
        hypotheses=facts.hypotheses[:_MOST_HYPOTHESES],
        key_actions=_key_actions(facts),
        progress=_progress(facts),
        verified=_verified(facts.test_runs),
        failure_modes=_failure_modes(facts),
        lessons_to_reuse=_lessons_to_reuse(facts),
        lessons_to_avoid=_lessons_to_avoid(facts),
        left_out="everything but facts: commands, exit codes, test results, edits, patch",
    )


def describe_run(run: TestRun) -> str:
    """A test run's outcome in words."""
    if run.passed is None and run.failed is None:
        return {"green": "passed", "red": "failed", "unknown": "with no readable result"}[
            run.verdict
        ]
    return f"{run.passed or 0} passed, {run.failed or 0} failed"


def _outcome(facts: Facts, rollout: Rollout) -> str:
    size = f"{_ENDINGS[facts.ending]} after {facts.steps} steps and {facts.commands} commands."
    patch = ""
    if facts.patch.files:
        patch = (
            f" Its patch adds {facts.patch.added} and removes {facts.patch.removed} lines in "
            f"{_list(facts.patch.files)}"
        ) + (", tests only." if facts.patch.tests_only else ".")
    elif rollout.patch is not None:
        patch = " Its patch is empty."
    last = facts.last_test
    if last is None:
        tests = " No test run with a readable result was seen."
    else:
        tests = f" Its last test run (step {last.step}): {describe_run(last)}."
    return size + patch + tests


def _progress(facts: Facts) -> str:
    first, last = facts.first_test, facts.last_test
    if first is None or last is None or first is last:
        return ""
    return (
        f"Tests before (step {first.step}): {describe_run(first)}; "
        f"after (step {last.step}): {describe_run(last)}."
    )


def _key_actions(facts: Facts) -> tuple[Claim, ...]:
    """Written files with their steps, sources before scratch files; what else the patch changes."""
    steps: dict[str, list[int]] = {}
    for edit in facts.edits:
        steps.setdefault(edit.path or "a file that the command does not name", []).append(edit.step)
    sources = [path for path in steps if Edit(0, path).is_source]
    ordered = [*sources, *(path for path in steps if path not in set(sources))]
    claims = [
        Claim(text=f"Edited {path}", steps=tuple(dict.fromkeys(steps[path]))) for path in ordered
    ]
    unseen = [
        Claim(text=f"Changed {path} (by its patch)")
        for path in facts.patch.files
        if not any(same_file(path, edited) for edited in steps)
    ]
    return tuple([*unseen, *claims][:_MOST])


def _verified(runs: Sequence[TestRun]) -> tuple[Claim, ...]:
    """Test runs with their results: the first and the latest ones."""
    shown = runs if len(runs) <= _MOST else (runs[0], *runs[1 - _MOST :])
    return tuple(
        Claim(text=f"{run.runner}: {describe_run(run)} ({run.command})", steps=(run.step,))
        for run in shown
    )


def _failure_modes(facts: Facts) -> tuple[Claim, ...]:
    claims: list[Claim] = []
    last = facts.last_test
    if last is not None and last.verdict == "red":
        claims.append(Claim(text=f"Last test run: {describe_run(last)}", steps=(last.step,)))
    if facts.edits_after_green:
        paths = _list(edit.path for edit in facts.edits_after_green)
        text = f"Edited after the last green test run: {paths}"
        claims.append(Claim(text=text, steps=_steps(facts.edits_after_green)))
    if facts.patch.litter:
        claims.append(Claim(text=f"Left in the patch: {_list(facts.patch.litter)}"))
    if facts.final.says_tests_pass and (last is None or last.verdict == "red"):
        seen = "no test run was seen to pass" if last is None else "the last one seen failed"
        claims.append(Claim(text=f"Claims that tests pass, but {seen}", steps=(facts.final.step,)))
    tested = {run.step for run in facts.test_runs}
    for failure in facts.late_errors:
        if failure.step in tested:
            continue
        text = f"Exit code {failure.exit_code} late: {failure.command} -> {failure.line}"
        claims.append(Claim(text=text, steps=(failure.step,)))
    return tuple(claims[:_MOST])


def _lessons_to_reuse(facts: Facts) -> tuple[Claim, ...]:
    """What was confirmed, and a command by which tests can be run."""
    lessons = [
        Claim(text=f"Confirmed: {hypothesis.text}", steps=hypothesis.steps)
        for hypothesis in facts.hypotheses
        if hypothesis.fate == "confirmed"
    ]
    counted = Counter(run.command for run in facts.test_runs if run.passed is not None)
    for command, _ in counted.most_common(1):
        steps = tuple(run.step for run in facts.test_runs if run.command == command)
        lessons.append(Claim(text=f"Tests can be run by: {command}", steps=steps))
    return tuple(lessons[-_MOST:])


def _lessons_to_avoid(facts: Facts) -> tuple[Claim, ...]:
    """What cost time and brought nothing."""
    lessons: list[Claim] = []
    refuted = [hypothesis for hypothesis in facts.hypotheses if hypothesis.fate == "refuted"]
    if refuted:
        text = f"{len(refuted)} of {len(facts.hypotheses)} hypotheses were refuted (listed above)"
        lessons.append(Claim(text=text))
    if facts.timeouts:
        lessons.append(Claim(text=f"{facts.timeouts} commands ran into a time limit"))
    if facts.repeated * 5 > facts.commands:
        text = f"{facts.repeated} of {facts.commands} commands had been run before, word for word"
        lessons.append(Claim(text=text))
    return tuple(lessons)


def _steps(edits: Iterable[Edit]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(edit.step for edit in edits))


def _list(paths: Iterable[str], most: int = 5) -> str:
    names = list(dict.fromkeys(path or "a file" for path in paths))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
