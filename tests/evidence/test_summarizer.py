from __future__ import annotations

import asyncio

from rematch.data.records import Ending, ResultKind, Rollout, Summary, Task
from rematch.evidence.summarizer import EvidenceSummarizer
from rematch.programs.rendering import render_summary
from tests.evidence.makers import SUBMIT, make_patch, make_rollout

KEY = "src/a.py:12 compare: x < 1 -> x <= 1"
OTHER = "src/a.py:13 return: x -> None"


def summarize(rollout: Rollout) -> Summary:
    task = Task(id="t", problem="p", asks_for=ResultKind.PATCH)
    return asyncio.run(EvidenceSummarizer().acall(task=task, rollout=rollout))


def test_a_summary_says_what_the_record_says() -> None:
    summary = summarize(
        make_rollout(
            ("pytest -q", "1 failed, 2 passed in 0.1s", 1),
            "sed -i s/a/b/ src/a.py",
            ("cd /r && pytest -q", "3 passed in 0.1s", 0),
            SUBMIT,
            patch=make_patch("src/a.py", "+b", "-a"),
        )
    )
    assert summary.author == "evidence"
    assert summary.final_outcome == (
        "The attempt submitted its work after 4 steps and 4 commands. Its patch adds 1 and "
        "removes 1 lines in src/a.py. Its last test run (step 3): 3 passed, 0 failed."
    )
    assert summary.progress == (
        "Tests before (step 1): 2 passed, 1 failed; after (step 3): 3 passed, 0 failed."
    )
    assert [(c.text, c.steps) for c in summary.key_actions] == [("Edited src/a.py", (2,))]
    assert [(c.text, c.steps) for c in summary.verified] == [
        ("pytest: 2 passed, 1 failed (pytest -q)", (1,)),
        ("pytest: 3 passed, 0 failed (pytest -q)", (3,)),
    ]
    assert summary.failure_modes == ()
    assert [c.text for c in summary.lessons_to_reuse] == ["Tests can be run by: pytest -q"]


def test_what_went_wrong_is_said() -> None:
    summary = summarize(
        make_rollout(
            ("pytest", "3 passed in 0.1s", 0),
            "cat > src/b.py <<'E'\nE",
            ("pytest | tail", "1 failed in 0.1s", 0),
            ("ls x", "ls: cannot access 'x'", 2),
            messages=["", "", "", "All tests pass."],
            ending=Ending.LIMIT,
            patch=make_patch("tests/test_a.py", "+b") + make_patch("patch.txt", "+c"),
        )
    )
    told = [claim.text for claim in summary.failure_modes]
    assert told == [
        "Last test run: 0 passed, 1 failed",
        "Edited after the last green test run: src/b.py",
        "Left in the patch: patch.txt",
        "Claims that tests pass, but the last one seen failed",
        "Exit code 2 late: ls x -> ls: cannot access 'x'",
    ]
    assert "ran into a limit" in summary.final_outcome
    assert "tests only" in summary.final_outcome
    assert summary.key_actions[0].text == "Changed tests/test_a.py (by its patch)"


def test_no_test_run_and_no_patch_are_said() -> None:
    summary = summarize(make_rollout("ls", patch=""))
    assert "Its patch is empty." in summary.final_outcome
    assert "No test run with a readable result was seen." in summary.final_outcome
    assert summary.verified == ()


def test_hypotheses_reach_a_later_attempt_whole() -> None:
    summary = summarize(
        make_rollout(
            "ls",
            "ls",
            "ls",
            messages=[
                f"hypothesis: {OTHER}",
                f"refuted: {OTHER}\nhypothesis: {KEY}",
                f"confirmed: {KEY}",
            ],
        )
    )
    text = render_summary(summary)
    assert f"- [refuted] {OTHER} (steps 1, 2)" in text
    assert f"- [confirmed] {KEY} (steps 2, 3)" in text
    assert f"Confirmed: {KEY}" in text
    assert summary.lessons_to_avoid[0].text == "1 of 2 hypotheses were refuted (listed above)"


def test_sections_are_bounded() -> None:
    runs = [(f"pytest a{n}", "1 failed in 0.1s", 1) for n in range(50)]
    edits = [f"cat > src/f{n}.py <<'E'\nE" for n in range(50)]
    summary = summarize(make_rollout(*runs, *edits, *["ls"] * 50))
    for section in (summary.key_actions, summary.verified, summary.failure_modes):
        assert len(section) <= 12
    assert summary.verified[0].steps == (1,)
    assert summary.verified[-1].steps == (50,)
    assert any("word for word" in claim.text for claim in summary.lessons_to_avoid)
