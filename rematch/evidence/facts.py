"""Facts of a rollout, read from its record without a model. All of them linear in its size."""

from __future__ import annotations

import re
import weakref
from dataclasses import dataclass

from rematch.data.records import Action, Ending, Hypothesis, Rollout
from rematch.evidence.commands import Reading, is_scratch, is_test, read_command
from rematch.evidence.notes import FinalMessage, read_final_message, read_hypotheses
from rematch.evidence.patches import PatchFacts, read_patch
from rematch.evidence.results import Verdict, read_result

LATE_COMMANDS = 10
"""How many commands before the end count as late: of a short run its last third, three at least."""

END_COMMANDS = 5
"""How many commands make up the end of a run, by which attempts are compared."""

_SHOWN = 160
_END_CHARACTERS = 2_000
_WORD = re.compile(r"\w{2,}")
# How long a run took differs from run to run and says nothing of what it found.
_DURATION = re.compile(r"\b\d+(?:[.:]\d+)*\s?(?:ms|s|sec|seconds)\b")


@dataclass(frozen=True, slots=True)
class TestRun:
    """One run of tests: step, its own command, runner and what came out (counts where printed)."""

    __test__ = False  # not a test class, whatever its name

    step: int
    command: str
    runner: str
    verdict: Verdict
    passed: int | None = None
    failed: int | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """One file written by a command; `path` is "" where it can't be read."""

    step: int
    path: str

    @property
    def is_source(self) -> bool:
        """Whether it is neither a test nor the agent's own help."""
        return not (is_test(self.path) or is_scratch(self.path))


@dataclass(frozen=True, slots=True)
class FailedCommand:
    """A command whose exit code says that it failed; `line` is the telling line of its output."""

    step: int
    command: str
    exit_code: int
    line: str
    late: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """What a rollout's record shows. Counts are of commands where nothing else is said.

    `tokens` are completion tokens, None where not recorded; `output_characters` what the
    environment printed; `exit_codes` how many commands have one; `timeouts` commands that were
    stopped by a time limit; `edits_after_green` source edits after the last green test run;
    `last_message` the last step's message in characters; `end_words` the words of the last
    commands (without the submission) and their outputs.
    """

    ending: Ending
    steps: int
    commands: int
    tokens: int | None
    output_characters: int
    test_runs: tuple[TestRun, ...]
    edits: tuple[Edit, ...]
    exit_codes: int
    failed: tuple[FailedCommand, ...]
    timeouts: int
    repeated: int
    edits_after_green: tuple[Edit, ...]
    patch: PatchFacts
    final: FinalMessage
    last_message: int
    hypotheses: tuple[Hypothesis, ...]
    end_words: frozenset[str]

    @property
    def first_test(self) -> TestRun | None:
        """The first test run with a verdict: the state before."""
        return next((run for run in self.test_runs if run.verdict != "unknown"), None)

    @property
    def last_test(self) -> TestRun | None:
        """The last test run with a verdict: the state after."""
        return next((run for run in reversed(self.test_runs) if run.verdict != "unknown"), None)

    @property
    def late_errors(self) -> tuple[FailedCommand, ...]:
        """Failed commands among the last ones."""
        return tuple(failure for failure in self.failed if failure.late)


def read_facts(rollout: Rollout) -> Facts:
    """The rollout's facts; read once for each rollout object, as long as it lives."""
    key = id(rollout)
    known = _CACHE.get(key)
    if known is None:
        known = _CACHE[key] = _read(rollout)
        weakref.finalize(rollout, _CACHE.pop, key, None).atexit = False
    return known


_CACHE: dict[int, Facts] = {}


def _read(rollout: Rollout) -> Facts:
    steps = rollout.trajectory.steps
    said = steps if rollout.own_tests is None else steps[:-1]  # the last step is not the agent's
    taken = [(step.number, action) for step in steps for action in step.actions]
    readings = [read_command(action.command) for _, action in taken]
    runs = _find_test_runs(taken, readings)
    edits = tuple(
        Edit(number, path)
        for (number, _), reading in zip(taken, readings, strict=True)
        for path in reading.edits
    )
    green = max((run.step for run in runs if run.verdict == "green"), default=None)
    return Facts(
        ending=rollout.trajectory.ending,
        steps=len(said),
        commands=len(taken),
        tokens=rollout.usage.output_tokens or None,
        output_characters=sum(len(action.output) for _, action in taken),
        test_runs=runs,
        edits=edits,
        exit_codes=sum(action.exit_code is not None for _, action in taken),
        failed=_find_failed(taken, readings),
        timeouts=sum(_timed_out(action) for _, action in taken),
        repeated=_count_repeats(taken),
        edits_after_green=()
        if green is None
        else tuple(edit for edit in edits if edit.step > green and edit.is_source),
        patch=read_patch(rollout.patch),
        final=read_final_message(said),
        last_message=len(said[-1].message.strip()) if said else 0,
        hypotheses=read_hypotheses(said),
        end_words=_read_end(taken, readings),
    )


def _find_test_runs(
    taken: list[tuple[int, Action]], readings: list[Reading]
) -> tuple[TestRun, ...]:
    runs = []
    for (number, action), reading in zip(taken, readings, strict=True):
        tests = reading.tests
        if tests is not None:
            result = read_result(action.output, action.exit_code, tests.masked)
            runs.append(
                TestRun(
                    step=number,
                    command=one_line(tests.command),
                    runner=tests.runner,
                    verdict=result.verdict,
                    passed=result.passed,
                    failed=result.failed,
                )
            )
    return tuple(runs)


def _find_failed(
    taken: list[tuple[int, Action]], readings: list[Reading]
) -> tuple[FailedCommand, ...]:
    late_from = len(taken) - min(LATE_COMMANDS, max(3, len(taken) // 3))
    return tuple(
        FailedCommand(
            step=number,
            command=one_line(action.command),
            exit_code=action.exit_code,
            line=last_line(action.output),
            late=index >= late_from,
        )
        for index, ((number, action), reading) in enumerate(zip(taken, readings, strict=True))
        if action.exit_code not in (None, 0) and not reading.submits
    )


def _read_end(taken: list[tuple[int, Action]], readings: list[Reading]) -> frozenset[str]:
    words: set[str] = set()
    actions = [
        action for (_, action), reading in zip(taken, readings, strict=True) if not reading.submits
    ]
    for action in actions[-END_COMMANDS:]:
        words.update(_WORD.findall(action.command[-_END_CHARACTERS:]))
        words.update(_WORD.findall(_DURATION.sub(" ", action.output[-_END_CHARACTERS:])))
    return frozenset(words)


def _count_repeats(taken: list[tuple[int, Action]]) -> int:
    commands = [action.command for _, action in taken if action.command.strip()]
    return len(commands) - len(set(commands))


def _timed_out(action: Action) -> bool:
    if action.exit_code in (124, 137):
        return True
    return action.exit_code not in (0, None) and "timed out" in action.output[-400:]


def one_line(text: str, characters: int = _SHOWN) -> str:
    """A text's beginning on one line."""
    line = " ".join(text[: characters * 4].split())
    return line if len(line) <= characters else line[: characters - 3] + "..."


def last_line(output: str) -> str:
    """The last line of an output that says anything."""
    lines = output[-2_000:].rstrip().rsplit("\n", 1)
    return one_line(lines[-1])
