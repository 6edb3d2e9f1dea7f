"""Whole rollouts under the real mini-SWE-agent loop."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rematch.data.records import Summary
from rematch.programs.rendering import render_summary
from rematch.signatures import frame_context
from tests.agents.repairer.driving import Ran, drive, write_project
from tests.agents.repairer.project import Project
from tests.agents.repairer.projects import PROJECTS
from tests.agents.repairer.test_reading import summary


def attempt(
    tmp_path: Path, project: Project, seed: int = 0, context: str = "", **config: Any
) -> Ran:
    folder = write_project(tmp_path / f"w{seed}{len(list(tmp_path.iterdir()))}", project.files)
    return drive(folder, project.issue, seed, context=context, **config)


def holds(tmp_path: Path, project: Project, ran: Ran) -> bool:
    """Whether the hidden check passes on the files that a rollout left."""
    folder = write_project(tmp_path / f"check{len(list(tmp_path.iterdir()))}", ran.files)
    command = [sys.executable, "-c", project.hidden]
    return subprocess.run(command, cwd=folder, capture_output=True, timeout=20).returncode == 0


def tell(*summaries: Summary) -> str:
    notes = [f"### Attempt {n}\n{render_summary(s)}" for n, s in enumerate(summaries, 1)]
    return frame_context("\n\n".join(notes), len(summaries))


def test_a_project_is_repaired(tmp_path: Path) -> None:
    project = PROJECTS["empty"]
    ran = attempt(tmp_path, project)
    assert ran.status == "Submitted"
    assert len(ran.marked("confirmed")) == 1
    assert holds(tmp_path, project, ran)
    changed = [name for name in project.files if ran.files[name] != project.files[name]]
    assert changed == ["stats.py"]
    assert ran.files.keys() == project.files.keys()


def test_what_is_said_has_the_promised_form(tmp_path: Path) -> None:
    ran = attempt(tmp_path, PROJECTS["text"], seed=3)
    guesses = ran.marked("try")
    assert guesses
    verdicts = ran.marked("refuted") + ran.marked("confirmed")
    assert guesses[: len(verdicts)] == verdicts
    assert len(guesses) - len(verdicts) < 4  # what the last command need not try any more
    assert "offline repairer" in ran.said[0]
    for said, after in zip(ran.said, ran.said[1:], strict=False):
        for line in said.split("\n"):
            if line.startswith("try: "):
                key = line.removeprefix("try: ")
                told = f"refuted: {key}" in after or f"confirmed: {key}" in after
                assert told is (key in verdicts)


def test_the_same_seed_gives_the_same_rollout_and_another_one_another(tmp_path: Path) -> None:
    first, again, other = (attempt(tmp_path, PROJECTS["text"], seed) for seed in (1, 1, 2))
    assert first.commands == again.commands
    assert first.said == again.said
    assert first.files == again.files
    assert first.commands[:3] == other.commands[:3]
    assert first.commands != other.commands


def test_two_places_in_two_modules_are_repaired_together(tmp_path: Path) -> None:
    project = PROJECTS["two"]
    ran = attempt(tmp_path, project, seed=9)
    assert "; " in ran.marked("confirmed")[0]
    assert any(" of 2 failing tests pass)" in key for key in ran.marked("open"))
    assert holds(tmp_path, project, ran)


def test_a_hanging_project_is_repaired(tmp_path: Path) -> None:
    fix = "steps.py:9 augmented: start += 1 -> start -= 1"
    ran = attempt(tmp_path, PROJECTS["hang"], context=tell(summary(confirmed=fix)), cpu_seconds=1)
    assert ran.status == "Submitted"
    assert holds(tmp_path, PROJECTS["hang"], ran)


def test_a_refined_rollout_starts_from_what_was_confirmed(tmp_path: Path) -> None:
    project = PROJECTS["alias"]
    fix = (
        "board.py:13 copy: self.history.append(self.cells) -> self.history.append(list(self.cells))"
    )
    plain = attempt(tmp_path, project, seed=1, tries=6)
    told = attempt(tmp_path, project, seed=1, context=tell(summary(confirmed=fix)))
    assert told.marked("try") == [fix]
    assert told.marked("confirmed") == [fix]
    assert len(told.commands) < len(plain.commands)
    assert holds(tmp_path, project, told)


def test_confirmed_joint_changes_are_made_again(tmp_path: Path) -> None:
    joint = (
        "units/length.py:6 arithmetic: return metres / 3 -> return metres * 3; "
        "units/clamp.py:9 name: return low -> return high"
    )
    told = attempt(tmp_path, PROJECTS["two"], context=tell(summary(confirmed=joint)))
    assert told.marked("try") == [joint]
    assert holds(tmp_path, PROJECTS["two"], told)


def test_open_changes_are_built_upon(tmp_path: Path) -> None:
    one = "units/length.py:6 arithmetic: return metres / 3 -> return metres * 3"
    two = "units/clamp.py:9 name: return low -> return high"
    told = attempt(tmp_path, PROJECTS["two"], context=tell(summary(open=one), summary(open=two)))
    assert len(told.marked("try")) == 2
    assert told.marked("confirmed")[0] in (f"{one}; {two}", f"{two}; {one}")


def test_what_was_refuted_is_not_tried_again(tmp_path: Path) -> None:
    project = PROJECTS["operator"]
    first = attempt(tmp_path, project, seed=4, tries=5)
    refuted = first.marked("refuted")
    assert refuted
    notes = [summary(refuted=key) for key in refuted]
    second = attempt(tmp_path, project, seed=4, context=tell(*notes), tries=5)
    assert second.marked("try")
    assert not set(second.marked("try")) & set(refuted)


def test_a_confirmed_change_that_does_not_hold_here_is_not_submitted(tmp_path: Path) -> None:
    wrong = "stats.py:6 arithmetic: return sum(values) / len(values) -> return sum(values)"
    ran = attempt(tmp_path, PROJECTS["empty"], context=tell(summary(confirmed=wrong)), tries=1)
    assert ran.marked("refuted") == [wrong]
    assert ran.status == "GaveUp"
    assert ran.files == PROJECTS["empty"].files


def test_giving_up_leaves_everything_as_it_was(tmp_path: Path) -> None:
    ran = attempt(tmp_path, PROJECTS["precedence"], seed=9, tries=1)
    if ran.status == "GaveUp":  # one try is seldom enough
        assert ran.files == PROJECTS["precedence"].files
        assert ran.said[-1].endswith("I give up: 1 changes tried, none of them helped; "
                                     "the work folder is as it was.")  # fmt: skip
        assert len(ran.marked("refuted")) == 1
    assert ran.messages[-1]["role"] == "exit"


SLUG = 'def slug(text):\n    """A slug."""\n    return text.lower().replace("_", "-")\n'


def test_examples_of_the_issue_count_where_all_visible_tests_pass(tmp_path: Path) -> None:
    files = {"slugs.py": SLUG, "test_slugs.py": "def test_a():\n    assert True\n"}
    issue = "`slug('a_B')` gives `'a-b'`, but `slug('c d')` should return `'c-d'` and\n"
    issue += ">>> slug(' ')\n'-'\n"
    ran = attempt(tmp_path, Project(files, issue.replace("'c-d'", "'c d'")), tries=3)
    assert "1 example" in ran.lines[2] or "2 examples" in ran.lines[2]
    text = "`slug('A')` should return `'A'`."
    fixed = attempt(tmp_path, Project(files, text), seed=1, tries=40)
    assert fixed.status == "Submitted"
    assert "slug('A')" not in fixed.files["slugs.py"]
    assert fixed.files["slugs.py"] != SLUG


@pytest.mark.parametrize(
    ("files", "issue", "reason"),
    [
        ({"a.py": "x = 1\n"}, "Bad.", "there are no visible tests"),
        (
            {"a.py": "x = 1\n", "test_a.py": "def test_a():\n    pass\n"},
            "Bad.",
            "all visible tests pass already",
        ),
        ({"README": "nothing"}, "Bad.", "there is no Python file here"),
        (
            {"a.py": "x = 1\n", "test_a.py": "import nowhere_to_be_found\n"},
            "Bad.",
            "need what is not installed",
        ),
        ({"test_a.py": "def test_a():\n    assert 0\n"}, "Bad.", "no Python file beside the tests"),
    ],
)
def test_it_gives_up_with_a_reason(
    tmp_path: Path, files: dict[str, str], issue: str, reason: str
) -> None:
    ran = attempt(tmp_path, Project(files, issue))
    assert ran.status == "GaveUp"
    assert reason in ran.said[-1]
    assert ran.files == files


def test_hostile_projects_end_in_order(tmp_path: Path) -> None:
    files = {
        "good.py": "def half(a):\n    return a / 3\n",
        "test_good.py": "from good import half\n\n\ndef test_half():\n    assert half(4) == 2\n",
        "test_files.py": "def test_write():\n    open('left.txt', 'w').write('x')\n",
        "huge.py": "x = 1\n" * 20_000,
        "deep.py": f"x = {'(' * 300}1{')' * 300}\n",
        "broken.py": "def f(:\n",
        "nul.py": "x = '\0'\n",
        "mac.py": "x = 1\ry = 2\n",
        "odd name's.py": "y = 2\n",
        "-n.py": "y = 2\n",
    }
    folder = write_project(tmp_path / "w", files)
    (folder / "latin.py").write_bytes(b"# coding: latin-1\nx = '\xe9'\n")
    (folder / "link.py").symlink_to("nowhere.py")
    (folder / "loop").symlink_to(".")
    (folder / "dir.py").mkdir()
    ran = drive(folder, "`half` of 4 is 2.", 2, tries=40)
    assert ran.status == "Submitted"
    assert ran.files["good.py"] != files["good.py"]
    assert "left.txt" not in ran.files


def test_a_file_that_does_not_parse_is_repaired(tmp_path: Path) -> None:
    files = {
        "a.py": "def f(a)\n    return a + 1\n",
        "test_a.py": "from a import f\n\n\ndef test_f():\n    assert f(1) == 2\n",
    }
    ran = attempt(tmp_path, Project(files, "It does not even import."))
    assert ran.status == "Submitted"
    assert ran.files["a.py"].startswith("def f(a):\n")


def test_a_sandbox_that_forgets_is_told_again(tmp_path: Path) -> None:
    project = PROJECTS["text"]
    folder = write_project(tmp_path / "w", project.files)
    ran = drive(folder, project.issue, 3, forgetful=True, tries=2)
    assert any("sent again" in said for said in ran.said)
    assert ran.marked("try")
