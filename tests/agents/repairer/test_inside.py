"""The scripts that run in the sandbox, run as there: text in a folder, a python3, a command."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import rematch.agents.repairer
from rematch.agents.repairer.reports import read_reports
from rematch.agents.repairer.survey import read_shown
from tests.agents.repairer.acting import read_one
from tests.agents.repairer.driving import write_project

PYTHON = str(Path(sys.base_prefix) / "bin" / "python3")
INSIDE = Path(rematch.agents.repairer.__file__).parent / "inside"
CODE = 'def double(a):\n    """Twice."""\n    return a + 2\n'
TEST = """import unittest
from code_of import double


class T(unittest.TestCase):
    def test_two(self):
        self.assertEqual(double(2), 4)

    def test_three(self):
        self.assertEqual(double(3), 6)
"""
FIX = "@@ code_of.py:3\n-    return a + 2\n+    return a * 2\n"


class Runner:
    """Runs the scripts in a project."""

    def __init__(self, folder: Path) -> None:
        self.work = folder / "work"
        self.temporary = folder / "tmp"
        self.scripts = folder / "scripts"
        self.python = PYTHON
        for one in (self.temporary, self.scripts):
            one.mkdir()
        for script in INSIDE.glob("*.py"):
            (self.scripts / script.name).write_text(script.read_text())

    def call(self, script: str, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [self.python, str(self.scripts / script), *words],
            cwd=self.work,
            input=text,
            capture_output=True,
            text=True,
            env={
                "TMPDIR": str(self.temporary),
                "PATH": os.environ["PATH"],
                "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            },
            timeout=60,
        )
        assert list(self.temporary.iterdir()) == []
        assert done.stderr == ""
        return done

    def run(self, *words: str, text: str = "") -> dict[str, Any]:
        done = self.call("run_tests.py", *words, text=text)
        report = json.loads(done.stdout.split("\n")[0].removeprefix("report: "))
        assert read_one(done.stdout) is not None
        assert done.returncode == (0 if report["ran"] and not report["failing"] else 1)
        assert str(self.temporary) not in done.stdout
        return {**report, "printed": done.stdout.partition("\n")[2]}

    def read(self, name: str) -> str:
        return (self.work / name).read_bytes().decode()


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    write_project(tmp_path / "work", {"code_of.py": CODE, "test_code.py": TEST})
    return Runner(tmp_path)


def test_failures_say_where(runner: Runner) -> None:
    report = runner.run("auto")
    assert (report["ran"], report["failing"], report["kept"]) == (2, 1, False)
    (failed,) = report["failed"]
    assert failed["id"] == "test_code.T.test_three"
    assert (failed["type"], failed["message"]) == ("AssertionError", "5 != 6")
    assert failed["frames"] == [["test_code.py", 10]]
    assert "Ran 2 tests" in report["printed"]
    assert report["lines"] == {}


def test_coverage_counts_failing_and_passing_tests_by_line(runner: Runner) -> None:
    report = runner.run("--cover", "auto")
    assert report["lines"]["code_of.py"] == [[3, 1, 1]]
    assert report["imported"]["code_of.py"] == [1]
    assert report["kinds"]["code_of.py:double"] == {"a": ["int"]}


def test_an_edit_is_tried_in_a_copy(runner: Runner) -> None:
    assert runner.run("auto", text=FIX)["failing"] == 0
    assert runner.read("code_of.py") == CODE


def test_an_edit_is_kept_on_request(runner: Runner) -> None:
    worse = FIX.replace("* 2", "* 3")
    assert runner.run("--keep", "passing", "auto", text=worse)["kept"] is False
    assert runner.read("code_of.py") == CODE
    assert runner.run("--keep", "passing", "auto", text=FIX)["kept"] is True
    assert runner.read("code_of.py") == CODE.replace("+ 2", "* 2")


def test_an_edit_that_does_not_fit_changes_nothing(runner: Runner) -> None:
    done = runner.call("run_tests.py", "--keep", "always", "auto", text=FIX.replace("-    r", "-r"))
    assert done.returncode == 2
    assert read_one(done.stdout) is None
    assert runner.read("code_of.py") == CODE


def test_several_patches_are_tried_up_to_the_first_that_passes(runner: Runner) -> None:
    worse, unfit = FIX.replace("* 2", "* 3"), FIX.replace("-    r", "-r")
    text = "\n".join([worse, unfit, FIX, worse])
    done = runner.call("run_tests.py", "--keep", "passing", "auto", text=text)
    first, none, last = read_reports(done.stdout)
    assert first is not None
    assert (first.failing > 0, first.kept) == (True, False)
    assert none is None
    assert last is not None
    assert last.kept
    assert done.returncode == 0
    assert runner.read("code_of.py") == CODE.replace("+ 2", "* 2")


def test_what_tests_print_is_never_taken_for_a_report(runner: Runner) -> None:
    loud = TEST.replace("import unittest", "import unittest\nprint('report: {}\\nno run: x')", 1)
    (runner.work / "test_code.py").write_text(loud)
    done = runner.call("run_tests.py", "auto", text=f"{FIX}\n{FIX}")
    reports = read_reports(done.stdout)
    assert [one and one.failing for one in reports] == [0, 0]
    assert " report: {}" in done.stdout


def test_line_ends_and_a_missing_last_one_stay(runner: Runner) -> None:
    (runner.work / "code_of.py").write_bytes(CODE.strip().replace("\n", "\r\n").encode())
    assert runner.run("--keep", "always", "auto", text=FIX)["failing"] == 0
    assert runner.read("code_of.py") == CODE.strip().replace("\n", "\r\n").replace("+ 2", "* 2")


@pytest.mark.parametrize(
    "command",
    [
        ["auto"],
        ["python3", "-m", "unittest", "-q"],
        ["python3", "-m", "unittest", "test_code"],
        ["python3", "test_code_script.py"],
    ],
)
def test_each_kind_of_command_names_its_tests(runner: Runner, command: list[str]) -> None:
    script = f"{TEST}\n\nif __name__ == '__main__':\n    unittest.main()\n"
    (runner.work / "test_code_script.py").write_text(script)
    if command[-1] != "test_code_script.py":
        (runner.work / "test_code_script.py").unlink()
    report = runner.run(*command)
    assert report["failing"] >= 1
    assert any(failed["id"].endswith("T.test_three") for failed in report["failed"])


def test_pytest_is_recorded(runner: Runner) -> None:
    (runner.work / "test_more.py").write_text(
        "import pytest\nfrom code_of import double\n\n\n@pytest.fixture\ndef four():\n"
        "    return 4\n\n\ndef test_four(four):\n    assert double(four) == 8\n"
    )
    (runner.work / "test_broken.py").write_text("import nowhere\n")
    runner.python = sys.executable
    report = runner.run("--cover", "python3", "-m", "pytest", "-q", "-p", "no:cacheprovider")
    failed = {one["id"]: one["type"] for one in report["failed"]}
    assert failed == {
        "test_broken.py": "ModuleNotFoundError",
        "test_more.py::test_four": "AssertionError",
        "test_code.py::T::test_three": "AssertionError",
    }


def test_any_other_command_counts_by_its_exit_code(runner: Runner) -> None:
    done = runner.call("run_tests.py", "echo FAIL: one; exit 3")
    report = read_one(done.stdout)
    assert report is not None
    assert report.failed_ids == {"one; exit 3"} or report.failed_ids == {"one"}


def test_plain_functions_folders_and_equal_names_are_found(runner: Runner) -> None:
    write_project(
        runner.work,
        {
            "tests/a/test_x.py": "def test_one():\n    pass\n\n\ndef test_needs(a):\n    pass\n",
            "tests/b/test_x.py": "def test_two():\n    assert 1 == 2\n",
            "pack/__init__.py": "",
            "pack/inner/__init__.py": "",
            "pack/inner/in_test.py": "from pack import inner\n\n\ndef test_in():\n    inner\n",
        },
    )
    report = runner.run("auto")
    assert report["ran"] == 5
    assert report["failing"] == 2


def test_a_hanging_test_is_one_failure_among_others(runner: Runner) -> None:
    (runner.work / "test_hang.py").write_text(
        "import time\nimport unittest\n\n\nclass H(unittest.TestCase):\n"
        "    def test_loop(self):\n        while True:\n            pass\n\n"
        "    def test_sleep(self):\n        time.sleep(100)\n"
    )
    report = runner.run("--cpu", "0.2", "--seconds", "5", "auto")
    kinds = {one["id"].rpartition(".")[2]: one["type"] for one in report["failed"]}
    assert kinds["test_loop"] == kinds["test_sleep"] == "TooSlowError"
    assert report["ran"] == 4


def test_what_cannot_be_interrupted_is_ended(runner: Runner) -> None:
    (runner.work / "code_of.py").write_text("import re\nre.match('(a*)*b', 'a' * 40)\n")
    report = runner.run("--seconds", "1", "auto")
    (failed,) = report["failed"]
    assert failed["type"] in ("TooSlow", "TooSlowError")  # newer regular expressions can be


def test_a_process_that_ends_is_a_failure(runner: Runner) -> None:
    (runner.work / "code_of.py").write_text("import os\n\n\ndef double(a):\n    os._exit(0)\n")
    report = runner.run("auto")
    assert [one["type"] for one in report["failed"]] == ["Died"]


def test_tests_that_write_files_leave_none(runner: Runner) -> None:
    (runner.work / "test_write.py").write_text(
        "def test_write():\n    open('left.txt', 'w').write('x')\n    open('code_of.py', 'a')\n"
    )
    before = {path.name for path in runner.work.iterdir()}
    runner.run("auto")
    assert {path.name for path in runner.work.iterdir()} == before
    runner.run("--in-place", "auto", text=FIX)
    assert {p.name for p in runner.work.iterdir() if p.name != "__pycache__"} == before
    assert runner.read("code_of.py") == CODE


def test_floods_are_cut(runner: Runner) -> None:
    (runner.work / "test_flood.py").write_text(
        "def test_flood():\n    for n in range(200_000):\n        print(n, 'x' * 40)\n"
    )
    report = runner.run("--shown", "500", "auto")
    assert len(report["printed"]) <= 500


def test_checks_of_the_issue_are_tests(runner: Runner) -> None:
    text = (
        "check: from code_of import double; assert double(5) == 10\n"
        "raises ValueError: from code_of import double; double(1)\n"
        "raises TypeError: from code_of import double; double('a')\n"
    )
    report = runner.run("auto", text=text)
    assert [one["id"] for one in report["failed"]][:2] == ["issue example 1", "issue example 2"]
    assert report["ran"] == 5


def test_files_are_listed_and_shown(runner: Runner) -> None:
    write_project(runner.work, {"a/b c.py": "é = 1\r\n", "data.txt": "x", ".venv/x.py": ""})
    (runner.work / "bad.py").write_bytes(b"a = '\xff'\n")
    listing = runner.call("files.py", "list", "3").stdout.split("\n")
    assert listing[0] == "8 a/b c.py"
    assert listing[3].startswith("python files: 4, others: 1, pytest: ")
    shown = runner.call("files.py", "show", "a/b c.py", "bad.py", "code_of.py", "gone.py").stdout
    assert dict(read_shown(shown)) == {"a/b c.py": "é = 1\n", "code_of.py": CODE}
    assert dict(read_shown(shown[:-40])) == {"a/b c.py": "é = 1\n"}
