"""The evidence summarizer: a truthful summary from facts, without a model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from rematch.data.records import Claim, Ending, Rollout, Summary, Task
from rematch.evidence.facts import Edit, Facts, TestRun, read_facts

_MOST = 12
_MOST_HYPOTHESES = 60
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
        facts = read_facts(rollout)
        refuted = [h for h in facts.hypotheses if h.fate == "refuted"]
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
            lessons_to_avoid=tuple(
                Claim(text=f"Did not help: {h.text}", steps=h.steps) for h in refuted[:_MOST]
            ),
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
    """Edited files with their steps; sources and what is in the patch before scratch files."""
    steps: dict[str, list[int]] = {}
    for edit in facts.edits:
        steps.setdefault(edit.path or "a file that the command does not name", []).append(edit.step)
    sources = [path for path in steps if Edit(0, path).is_source]
    ordered = [*sources, *(path for path in steps if path not in set(sources))]
    return tuple(
        Claim(text=f"Edited {path}", steps=tuple(dict.fromkeys(steps[path])))
        for path in ordered[:_MOST]
    )


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
    for failure in facts.late_errors:
        text = f"Exit code {failure.exit_code} late: {failure.command} -> {failure.line}"
        claims.append(Claim(text=text, steps=(failure.step,)))
    return tuple(claims[:_MOST])


def _lessons_to_reuse(facts: Facts) -> tuple[Claim, ...]:
    confirmed = [h for h in facts.hypotheses if h.fate == "confirmed"]
    lessons = [Claim(text=f"Confirmed: {h.text}", steps=h.steps) for h in confirmed[:_MOST]]
    green = Counter(run.command for run in facts.test_runs if run.passed is not None)
    for command, _ in green.most_common(1):
        steps = tuple(run.step for run in facts.test_runs if run.command == command)
        lessons.append(Claim(text=f"Tests can be run by: {command}", steps=steps))
    return tuple(lessons)


def _steps(edits: Iterable[Edit]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(edit.step for edit in edits))


def _list(paths: Iterable[str], most: int = 5) -> str:
    names = list(dict.fromkeys(path or "a file" for path in paths))
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
