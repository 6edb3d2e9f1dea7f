"""A task's page: all that is known of it, in the order in which it came about, safe to print."""

from __future__ import annotations

from pathlib import Path

import pytest

from rematch.data.records import (
    Bracket,
    CheckedClaim,
    Ending,
    Grade,
    Pick,
    Rollout,
    Step,
    Summary,
    Task,
    Trajectory,
)
from rematch.errors import InputError
from rematch.report.task_page import format_task
from rematch.runs.folder import RunFolder, TaskFolder
from tests.report.makers import make_bracket, make_match, make_rollout

OLD, NEW = "a = 1\nb = 2\n", "a = 1\nb = 3\n"


def write_folder(
    path: Path,
    rollouts: list[Rollout],
    *brackets: Bracket,
    pick: str = "a",
    problem: str = "Mend it.",
    reasons: str = "won its match 2-0",
) -> TaskFolder:
    folder = RunFolder(path).task("task")
    folder.write_task(Task(id="task", problem=problem))
    for rollout in rollouts:
        folder.write_rollout(rollout)
    for number, bracket in enumerate(brackets):
        folder.write_bracket(number, bracket)
    folder.write_pick(Pick(task_id="task", rollout_id=pick, reasons=reasons))
    return folder


def pair(one: str | None, other: str | None) -> list[Rollout]:
    return [make_rollout("a", patch=one), make_rollout("b", patch=other)]


WON = make_bracket([make_match("a", "b", ballots=[((0, 1), 0), ((1, 0), 0)])])


def find(lines: list[str], start: str) -> str:
    return next(line for line in lines if line.startswith(start))


def test_a_page_runs_from_the_problem_to_the_difference(tmp_path: Path) -> None:
    lines = format_task(write_folder(tmp_path, pair(NEW, OLD), WON, problem="  Mend\nit. \n"))
    assert lines[:4] == ["task", "", "Mend", "it."]
    places = [
        lines.index(find(lines, start))
        for start in ("a: unknown; 1 step", "b: unknown", "bracket of 2", "pick: a", "b = 3", "---")
    ]
    assert places == sorted(places)
    assert find(lines, "pick") == "pick: a (won its match 2-0)"


def test_the_difference_is_from_the_runner_up_to_the_pick(tmp_path: Path) -> None:
    lines = format_task(write_folder(tmp_path, pair(NEW, OLD), WON))
    assert lines[-6:] == [
        "--- runner-up b",
        "+++ pick a",
        "@@ -1,2 +1,2 @@",
        " a = 1",
        "-b = 2",
        "+b = 3",
    ]


def test_equal_patches_are_said_to_be_equal(tmp_path: Path) -> None:
    lines = format_task(write_folder(tmp_path, pair(NEW, NEW), WON))
    assert lines[-1] == "the runner-up b has the same patch"


@pytest.mark.parametrize(("one", "other"), [(None, None), ("", None), ("", "")])
def test_where_nobody_has_a_patch_nothing_is_compared(
    tmp_path: Path, one: str | None, other: str | None
) -> None:
    lines = format_task(write_folder(tmp_path, pair(one, other), WON))
    assert lines[-1] == "(no patch)"


def test_a_pick_without_a_patch_is_held_against_one_that_has_it(tmp_path: Path) -> None:
    lines = format_task(write_folder(tmp_path, pair(None, OLD), WON))
    assert "(no patch)" in lines
    assert lines[-2:] == ["-a = 1", "-b = 2"]


def test_a_pick_that_met_nobody_has_no_runner_up(tmp_path: Path) -> None:
    alone = make_bracket(survivors=("a",), note="one entrant")
    lines = format_task(write_folder(tmp_path, [make_rollout("a", patch=NEW)], alone))
    assert lines[-2:] == NEW.splitlines()
    assert not any("runner-up" in line for line in lines)


def test_the_runner_up_is_whom_the_pick_beat_last(tmp_path: Path) -> None:
    """Not the loser of another match of the last round, nor of an earlier one."""
    rollouts = [make_rollout(name, patch=f"{name}\n") for name in "abcd"]
    first = [make_match("a", "b"), make_match("c", "d")]
    final = [make_match("c", "a", winner=1)]
    lines = format_task(write_folder(tmp_path, rollouts, make_bracket(first, final)))
    assert find(lines, "---") == "--- runner-up c"


def test_of_several_brackets_the_last_that_the_pick_won_counts(tmp_path: Path) -> None:
    rollouts = [make_rollout("a", patch=NEW), make_rollout("b"), make_rollout("c", patch=OLD)]
    champion = make_bracket([make_match("c", "a", winner=1)], iteration=1)
    lines = format_task(write_folder(tmp_path, rollouts, WON, champion))
    heads = [line for line in lines if line.startswith("bracket of")]
    assert [head.split(", ")[1] for head in heads] == ["iteration 0", "iteration 1"]
    assert find(lines, "---") == "--- runner-up c"


def test_an_ending_has_its_detail_and_steps_are_counted(tmp_path: Path) -> None:
    steps = (Step(number=1), Step(number=2))
    crashed = Trajectory(steps=steps, ending=Ending.CRASHED, ending_detail="no\nroom " + "x" * 99)
    rollout = Rollout(id="a", task_id="task", trajectory=crashed)
    line = find(format_task(write_folder(tmp_path, [rollout])), "a: ")
    assert line.startswith("a: crashed, no room xxx")
    assert line.endswith("…; 2 steps; not graded")
    assert len(line) < 130


@pytest.mark.parametrize(
    ("grade", "told"),
    [
        (Grade(task_id="task", rollout_id="a", reward=1), "reward 1 (graded)"),
        (Grade(task_id="task", rollout_id="a", reward=0.25), "reward 0.25 (graded)"),
        (
            Grade(task_id="task", rollout_id="a", reward=0, status="patch-failed"),
            "reward 0 (patch-failed)",
        ),
        (
            Grade(task_id="task", rollout_id="a", reward=0, status="image-missing", detail="x\ny"),
            "not graded (image-missing: x y)",
        ),
    ],
)
def test_a_verdict_is_a_reward_and_a_grader_that_failed_is_none(
    tmp_path: Path, grade: Grade, told: str
) -> None:
    folder = write_folder(tmp_path, pair(NEW, OLD))
    folder.write_grade(grade)
    lines = format_task(folder)
    assert find(lines, "a: ").endswith(f"; {told}")
    assert find(lines, "b: ").endswith("; not graded")


def claim(verdict: str, text: str = "tests pass", why: str = "") -> CheckedClaim:
    return CheckedClaim.model_validate({"text": text, "verdict": verdict, "why": why})


def test_a_summary_stands_under_its_rollout_with_what_speaks_against_it(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, pair(NEW, OLD))
    checks = (
        claim("supported"),
        claim("contradicted", "all tests pass", "step 4 exits with 1"),
        claim("supported"),
        claim("not-checkable"),
    )
    said = Summary(rollout_id="b", final_outcome="It\nworks.", left_out="steps 3-9", checks=checks)
    folder.write_summary(said)
    lines = format_task(folder)
    under = lines.index(find(lines, "b: ")) + 1
    assert lines[under : under + 4] == [
        "    It works.  [model]",
        "    not seen: steps 3-9",
        "    claims: 2 supported, 1 contradicted, 1 not-checkable",
        "    contradicted: all tests pass: step 4 exits with 1",
    ]


def test_a_short_summary_takes_a_line(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, [make_rollout("a", patch=NEW)])
    folder.write_summary(Summary(rollout_id="a", final_outcome="Done.", author="evidence"))
    lines = format_task(folder)
    assert [line for line in lines if line.startswith("    ")] == ["    Done.  [evidence]"]


def test_what_others_wrote_reaches_no_terminal_unfiltered(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07 \u202egnp"
    rollouts = pair(f"{evil}\n", f"{evil}{evil}\n")
    folder = write_folder(tmp_path, rollouts, WON, problem=evil, reasons=evil)
    folder.write_summary(Summary(rollout_id="a", final_outcome=evil, left_out=evil))
    detail = Grade(task_id="task", rollout_id="b", reward=0, status="grader-failed", detail=evil)
    folder.write_grade(detail)
    text = "\n".join(format_task(folder))
    assert not set("\x1b\x07\u202e") & set(text)
    assert text.count("owned") >= 6, "nothing is hidden either"


def test_a_task_with_rollouts_but_no_pick_is_not_finished(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path).task("task")
    folder.write_task(Task(id="task", problem="Mend it."))
    folder.write_rollout(make_rollout("a"))
    with pytest.raises(InputError, match="is not finished"):
        format_task(folder)


def test_a_picked_rollout_whose_file_is_gone_is_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path, pair(NEW, OLD)[1:], WON)
    with pytest.raises(InputError, match="the picked rollout's file is missing: a"):
        format_task(folder)


def test_a_runner_up_whose_file_is_gone_leaves_the_rest(tmp_path: Path) -> None:
    lines = format_task(write_folder(tmp_path, pair(NEW, OLD)[:1], WON))
    assert lines[-1] == "b = 3"
