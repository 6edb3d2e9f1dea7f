"""The page of `rematch run --repo`: what each attempt changed, and what the own tests said."""

from __future__ import annotations

import pytest
from rich.console import Console

from rematch.data.records import Action, Ending, Rollout, Step, Trajectory
from rematch.report.attempts import attempts_table, describe_tests

PATCH = """\
diff --git a/a.sql b/a.sql
--- a/a.sql
+++ b/a.sql
@@ -1,3 +1,2 @@
 one
--- a comment
-two
+three
@@ -9 +8 @@
-x
+++ y
diff --git a/new b/new
new file mode 100644
--- /dev/null
+++ b/new
@@ -0,0 +1 @@
+z
"""


def make(name: str, patch: str | None = PATCH, exit_code: int | None = None) -> Rollout:
    tried = None if exit_code is None else Action(command="make check", exit_code=exit_code)
    steps = [Step(number=1)] + ([Step(number=2, actions=(tried,))] if tried else [])
    trajectory = Trajectory(steps=tuple(steps), ending=Ending.SUBMITTED)
    return Rollout(id=name, task_id="t", patch=patch, own_tests=tried, trajectory=trajectory)


def draw(*rollouts: Rollout, pick: str = "a") -> list[list[str]]:
    console = Console(width=120, force_terminal=False)
    with console.capture() as captured:
        console.print(attempts_table(rollouts, pick))
    return [line.split() for line in captured.get().splitlines()]


def test_a_row_counts_files_and_lines_in_hunks_only() -> None:
    head, row = draw(make("a"))
    assert head == ["attempt", "ended", "steps", "files", "lines"]
    assert row == [">", "a", "submitted", "1", "2", "+3", "-3"]


@pytest.mark.parametrize("patch", [None, "", "\n"])
def test_no_patch_is_no_file(patch: str | None) -> None:
    _, row = draw(make("a", patch), pick="b")
    assert row == ["a", "submitted", "1", "0", "+0", "-0"]


def test_the_own_tests_have_a_column_where_they_were_run() -> None:
    rows = draw(make("a", exit_code=0), make("b", exit_code=2), make("c", exit_code=124), make("d"))
    assert rows[0][-2:] == ["own", "tests"]
    assert [" ".join(row[-4:]) for row in rows[1:3]] == ["2 +3 -3 pass", "fail (exit code 2)"]
    assert [row[-1] for row in rows[3:]] == ["out", "-"]
    assert rows[1][3] == "1"  # the step that tells of the tests is none of the agent's


def test_the_line_on_own_tests_says_what_they_are() -> None:
    rollouts = [make("a", exit_code=0), make("b", exit_code=2), make("c")]
    (line,) = describe_tests(rollouts, "b")
    assert line == (
        "your tests (make check) pass on 1 of 2 patches; on the pick: fail (exit code 2). "
        "They are evidence for the choice, not a grade."
    )
    (line,) = describe_tests(rollouts, "c")
    assert "on the pick: -." in line
    assert list(describe_tests([make("c")], "c")) == []
