from __future__ import annotations

import gc
import time
from pathlib import Path

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import Action, Ending, Rollout, Step, Trajectory
from rematch.evidence import facts as facts_module
from rematch.evidence.facts import read_facts
from tests.evidence.makers import SUBMIT, make_patch, make_rollout

RED = ("pytest -q", "1 failed, 2 passed in 0.1s", 1)
GREEN = ("pytest -q", "3 passed in 0.1s", 0)
EDIT = "sed -i s/a/b/ src/a.py"


def test_tests_before_and_after() -> None:
    facts = read_facts(make_rollout(RED, EDIT, GREEN, SUBMIT))
    assert [(run.step, run.verdict) for run in facts.test_runs] == [(1, "red"), (3, "green")]
    assert facts.first_test is not None and facts.last_test is not None
    assert (facts.first_test.failed, facts.last_test.passed) == (1, 3)
    assert facts.edits_after_green == ()


def test_runs_without_result_are_neither_first_nor_last() -> None:
    facts = read_facts(make_rollout(("pytest | tee", ""), RED, ("pytest", "", None)))
    assert facts.first_test is facts.last_test
    assert facts.last_test is not None and facts.last_test.step == 2


def test_only_source_edits_after_the_last_green_run_unsettle() -> None:
    scratch = "cat > /tmp/x.py <<'E'\nE"
    assert read_facts(make_rollout(GREEN, scratch)).edits_after_green == ()
    assert [e.step for e in read_facts(make_rollout(GREEN, EDIT)).edits_after_green] == [2]
    assert read_facts(make_rollout(EDIT, RED)).edits_after_green == ()


def test_failed_commands_and_late_ones() -> None:
    early = ("ls nothing", "ls: cannot access\n", 2)
    facts = read_facts(make_rollout(early, *["ls"] * 10, ("false", "", 1), (SUBMIT, "", -1)))
    assert [(f.step, f.late, f.line) for f in facts.failed] == [
        (1, False, "ls: cannot access"),
        (12, True, ""),
    ]
    assert [f.step for f in facts.late_errors] == [12]
    assert facts.exit_codes == 13


def test_of_a_short_run_the_last_third_is_late() -> None:
    failed = ("false", "", 1)
    facts = read_facts(make_rollout(failed, "a", "b", failed, "c", "d"))
    assert [f.late for f in facts.failed] == [False, True]


def test_time_limits_and_repeats_are_counted() -> None:
    timed = ("make", "The command 'make' timed out after 30 seconds", -1)
    facts = read_facts(make_rollout(timed, ("sleep 9", "", 124), "ls", "ls", "ls"))
    assert (facts.timeouts, facts.repeated, facts.commands) == (2, 2, 5)


def test_sizes_and_unknown_tokens() -> None:
    facts = read_facts(make_rollout(("ls", "abc"), ("pwd", "de")))
    assert (facts.steps, facts.output_characters, facts.tokens) == (2, 5, None)
    assert read_facts(make_rollout("ls", tokens=7)).tokens == 7


def test_the_end_is_the_last_commands_without_the_submission() -> None:
    facts = read_facts(
        make_rollout("early", *[f"c{n}" for n in range(4)], ("cat a", "xyz"), SUBMIT)
    )
    assert facts.end_words == {"c0", "c1", "c2", "c3", "cat", "xyz"}


def test_patch_facts() -> None:
    patch = make_patch("tests/test_a.py", "+x", "-y") + make_patch("tests/b.py", "+z")
    facts = read_facts(make_rollout(patch=patch)).patch
    assert (facts.files, facts.added, facts.removed) == (("tests/test_a.py", "tests/b.py"), 2, 1)
    assert facts.tests_only
    assert facts.size == 3
    whole = read_facts(make_rollout(patch=patch + make_patch("src/a.py", "+z"))).patch
    assert not whole.tests_only
    assert read_facts(make_rollout(patch=make_patch("patch.txt", "+z"))).patch.litter
    for empty in (None, "", "\n"):
        assert read_facts(make_rollout(patch=empty)).patch.files == ()


def test_new_and_deleted_files_count_once() -> None:
    added = "--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n"
    deleted = "--- a/old.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-y\n"
    assert read_facts(make_rollout(patch=added + deleted)).patch.files == ("new.py", "old.py")


def test_nothing_at_all_has_facts() -> None:
    facts = read_facts(make_rollout(ending=Ending.UNKNOWN))
    assert (facts.steps, facts.test_runs, facts.final.text, facts.last_test) == (0, (), "", None)


def test_facts_are_read_once_and_kept_no_longer_than_the_rollout() -> None:
    rollout = make_rollout("ls")
    assert read_facts(rollout) is read_facts(rollout)
    before = len(facts_module._CACHE)
    del rollout
    gc.collect()
    assert len(facts_module._CACHE) == before - 1


def test_reading_is_linear() -> None:
    def seconds(steps: int) -> float:
        action = Action(command="cd a && python x.py | tail -5", output="line\n" * 50, exit_code=0)
        trajectory = Trajectory(
            steps=tuple(
                Step(number=n, message="hypothesis: x\n" * 5, actions=(action,))
                for n in range(1, steps + 1)
            )
        )
        rollout = Rollout(id="r", task_id="t", trajectory=trajectory)
        start = time.process_time()
        read_facts(rollout)
        return time.process_time() - start

    assert seconds(8_000) < 30 * seconds(800) + 0.05


def test_recorded_rollouts_have_plausible_facts(shared_data: Path) -> None:
    pool = read_pool([shared_data / "swe-bench-lite-dev"])
    start = time.process_time()
    for task in pool.tasks.values():
        for rollout in task.rollouts:
            facts = read_facts(rollout)
            assert facts.ending is Ending.SUBMITTED
            assert facts.commands >= facts.steps > 50
            assert facts.patch.files and not facts.patch.tests_only
            edited = {edit.path.rsplit("/", 1)[-1] for edit in facts.edits}
            assert facts.patch.files[0].rsplit("/", 1)[-1] in edited | {"L003.py"}
            assert all(1 <= run.step <= facts.steps for run in facts.test_runs)
    assert time.process_time() - start < 5


def test_a_run_known_by_hand(shared_data: Path) -> None:
    folder = shared_data / "swe-bench-lite-dev" / "marshmallow-code__marshmallow-1359"
    pool = read_pool([folder / "deepseek_chat_dev_rerun.traj.json"])
    (task,) = pool.tasks.values()
    facts = read_facts(task.rollouts[0])
    # Steps 56 and 88 run tests/test_fields.py: "76 passed, 1 warning"; 89 "24 passed".
    counts = {run.step: (run.passed, run.failed) for run in facts.test_runs}
    assert counts[56] == counts[88] == (76, 0)
    assert counts[89] == (24, 0)
    assert counts[58] == (0, 1)


@pytest.mark.parametrize("text", ["", "x"])
def test_last_messages_are_measured(text: str) -> None:
    assert read_facts(make_rollout("ls", messages=[text])).last_message == len(text)
