from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from rematch.data.pools import read_pool
from rematch.data.records import Action, CheckedClaim, Claim, Ending, Hypothesis, Rollout, Summary
from rematch.evidence.faithfulness import check_claims
from rematch.evidence.summarizer import EvidenceSummarizer
from tests.evidence.makers import SUBMIT, make_patch, make_rollout

RUN = make_rollout(
    ("pytest -q", "1 failed, 2 passed in 0.1s", 1),  # 1
    "sed -i s/a/b/ src/core/fields.py",  # 2
    "ls",  # 3
    ("pytest -q tests/test_a.py", "24 passed in 0.1s", 0),  # 4
    "pwd",  # 5
    ("python build.py", "boom", 3),  # 6
    SUBMIT,  # 7
    patch=make_patch("src/core/fields.py", "+b", "-a"),
)


def check(text: str, *steps: int, rollout: Rollout = RUN) -> CheckedClaim:
    summary = Summary(rollout_id="r", verified=(Claim(text=text, steps=steps),))
    (checked,) = check_claims(summary, rollout)
    assert (checked.text, checked.steps) == (text, steps)
    return checked


SUPPORTED = [
    ("The tests pass", (4,)),
    ("All 24 tests passed", ()),
    ("24 passed", (4,)),
    ("Ran pytest on tests/test_a.py: 24 passed", (4,)),
    ("The suite fails: 1 failed, 2 passed", (1,)),
    ("One test failed", (1,)),
    ("Edited `src/core/fields.py`", (2,)),
    ("Changed fields.py to fix it.", ()),
    ("The build exited with code 3", (6,)),
    ("Submitted the patch", ()),
]
CONTRADICTED = [
    ("All tests pass", (1,)),
    ("The test suite fails", (4,)),
    ("Edited src/core/widgets.py", (2,)),
    ("Updated docs/changes.rst.", ()),
    ("The build exited with code 1", (6,)),
    ("Did not submit; the patch was never submitted", ()),
    ("It ended with an empty patch", ()),
]
NOT_CHECKABLE = [
    ("The tests should pass", (1,)),
    ("Tests do not pass", (4,)),
    ("If tests pass, submit", (1,)),
    ("test_format passes", (1,)),
    ("tests passed before the change", (1,)),
    ("The root cause is a stale cache", (2,)),
    ("Fixed np.where handling", ()),
    ("Updated the Node.js version check in Vue.js", ()),
    ("Read src/core/widgets.py", ()),
    ("Did not edit src/core/widgets.py", ()),
    ("The tests pass", (7,)),
    ("The build exited with code 3", ()),
    ("", ()),
]


@pytest.mark.parametrize(("text", "steps"), SUPPORTED)
def test_what_the_record_shows_is_supported(text: str, steps: tuple[int, ...]) -> None:
    checked = check(text, *steps)
    assert (checked.verdict, bool(checked.why)) == ("supported", True)


@pytest.mark.parametrize(("text", "steps"), CONTRADICTED)
def test_what_the_record_denies_is_contradicted(text: str, steps: tuple[int, ...]) -> None:
    checked = check(text, *steps)
    assert (checked.verdict, bool(checked.why)) == ("contradicted", True)


@pytest.mark.parametrize(("text", "steps"), NOT_CHECKABLE)
def test_everything_else_is_not_checkable(text: str, steps: tuple[int, ...]) -> None:
    assert check(text, *steps).verdict == "not-checkable"


def test_a_contradiction_outweighs_support() -> None:
    checked = check("Edited src/core/fields.py. All tests pass", 1)
    assert checked.verdict == "contradicted"
    assert checked.why == "step 1: pytest, 2 passed, 1 failed"


def test_a_step_that_does_not_exist_is_named() -> None:
    checked = check("The root cause is a typo", 70)
    assert checked.verdict == "not-checkable"
    assert checked.why == "it cites step 70, the trajectory has 7"


def test_no_green_run_at_all_contradicts_without_steps() -> None:
    red = make_rollout(("pytest", "1 failed in 0.1s", 1), ("pytest", "2 failed in 0.1s", 1))
    assert check("All tests pass", rollout=red).verdict == "contradicted"
    vague = make_rollout(("pytest", "1 failed in 0.1s", 1), ("pytest | tail", "", 0))
    assert check("All tests pass", rollout=vague).verdict == "not-checkable"
    none = make_rollout("ls")
    assert check("All tests pass", rollout=none).verdict == "not-checkable"


def test_a_guess_from_a_script_contradicts_nothing() -> None:
    script = make_rollout(("python test_x.py", "expected FAIL shown", 0))
    assert check("All tests pass", 1, rollout=script).verdict == "not-checkable"


def test_a_runner_that_no_command_names() -> None:
    assert check("Ran tox to be sure", rollout=make_rollout("ls")).verdict == "contradicted"
    assert check("Ran tox to be sure").verdict == "not-checkable"  # pytest ran: tox may have run it


def test_an_unknown_ending_decides_nothing() -> None:
    rollout = make_rollout("ls", ending=Ending.UNKNOWN)
    assert check("Submitted the patch", rollout=rollout).verdict == "not-checkable"


def test_commands_that_are_not_recorded_decide_nothing() -> None:
    rollout = make_rollout("")
    assert rollout.trajectory.steps[0].actions == (Action(command="", exit_code=0),)
    assert check("Edited src/a.py", rollout=rollout).verdict == "not-checkable"
    assert check("Ran tox", rollout=rollout).verdict == "not-checkable"


def test_every_claim_gets_a_verdict_in_the_order_of_the_summary() -> None:
    summary = Summary(
        rollout_id="r",
        final_outcome="Submitted the patch",
        progress="All fixed",
        key_actions=(Claim(text="a"),),
        verified=(Claim(text="b"),),
        failure_modes=(Claim(text="c"),),
        hypotheses=(Hypothesis(text="d", fate="refuted"),),
        lessons_to_reuse=(Claim(text="e"),),
        lessons_to_avoid=(Claim(text="f"),),
    )
    texts = [checked.text for checked in check_claims(summary, RUN)]
    assert texts == ["Submitted the patch", "All fixed", "a", "b", "c", "d", "e", "f"]


def test_no_summary_made_from_facts_contradicts_them(shared_data: Path) -> None:
    supported = 0
    for task in read_pool([shared_data / "swe-bench-lite-dev"]).tasks.values():
        for rollout in task.rollouts:
            summary = asyncio.run(EvidenceSummarizer().acall(task=task.task, rollout=rollout))
            checks = check_claims(summary, rollout)
            assert [c for c in checks if c.verdict == "contradicted"] == []
            supported += sum(c.verdict == "supported" for c in checks)
    assert supported > 100
