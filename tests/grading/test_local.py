"""Grading on this machine: the hidden tests' verdict, or the reason why there is none."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rematch.data.harbor_tasks import HarborTask, read_task_folder
from rematch.data.records import Grade, Rollout, Task
from rematch.data.suites import load_suite
from rematch.errors import GradingError, SandboxError
from rematch.grading.local import GradingBox, LocalGrader, OpenBox, apply_patch
from tests.data.test_harbor_tasks import make_folder
from tests.grading.boxes import open_folder_box

ROOT = Path(__file__).resolve().parents[2]
POCKET = ("wrap-width", "header-case", "geo-union")


def solution(task: str) -> str:
    return (ROOT / "data/pocket" / task / "solution/fix.patch").read_text(encoding="utf-8")


def grade(known: HarborTask, patch: str | None, open_box: OpenBox = open_folder_box) -> Grade:
    grader = LocalGrader({known.task.id: known}, open_box)
    rollout = Rollout(id="r", task_id=known.task.id, patch=patch)
    return asyncio.run(grader.grade(known.task, rollout))


def pocket(task: str) -> HarborTask:
    (known,) = load_suite("pocket", ids=[task]).tasks
    assert isinstance(known, HarborTask)
    return known


@pytest.mark.parametrize("task", POCKET)
def test_verdict_of_the_hidden_tests(task: str) -> None:
    known = pocket(task)
    wrong = (ROOT / "tests/data/pocket_wrong" / f"{task}.patch").read_text(encoding="utf-8")
    solved = grade(known, solution(task))
    assert (solved.reward, solved.status, solved.detail) == (1, "graded", "")
    assert (solved.task_id, solved.rollout_id) == (task, "r")
    assert solved.seconds and solved.seconds > 0
    for patch in (None, "", "\n", wrong):
        failed = grade(known, patch)
        assert (failed.reward, failed.status) == (0, "graded")
        assert "FAILED" in failed.detail


def test_patch_without_its_last_line_break_applies() -> None:
    """Agents and other tools strip what they hand in."""
    assert grade(pocket("wrap-width"), solution("wrap-width").strip()).reward == 1


def test_grading_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    grade(pocket("wrap-width"), "nonsense")
    grade(pocket("wrap-width"), solution("wrap-width"))
    assert list(tmp_path.iterdir()) == []


def test_folder_with_a_space_in_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spaced = tmp_path / "a b'c"
    spaced.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spaced))
    assert grade(pocket("wrap-width"), solution("wrap-width")).reward == 1


@pytest.mark.parametrize(
    "patch", ["nonsense", "diff --git a/x b/x\n", "--- a/no\n+++ b/no\n@@ -1 +1 @@\n-a\n+b\n"]
)
def test_patch_that_does_not_apply_is_told(patch: str) -> None:
    failed = grade(pocket("wrap-width"), patch)
    assert (failed.reward, failed.status) == (0, "patch-failed")
    assert failed.detail


def make_task(tmp_path: Path, script: str, seconds: float = 60) -> HarborTask:
    toml = f"[verifier]\ntimeout_sec = {seconds}\n"
    return read_task_folder(
        make_folder(tmp_path / "task", task_dot_toml=toml, tests__test_dot_sh=script)
    )


REWARD = 'mkdir -p "$VERIFIER_DIR" && printf %s {} > "$VERIFIER_DIR/reward.txt"; echo "I am done"'


@pytest.mark.parametrize(("written", "reward"), [("1", 1), ("0", 0), ("0.25", 0.25), ("1.0", 1)])
def test_reward_is_what_the_tests_write(tmp_path: Path, written: str, reward: float) -> None:
    graded = grade(make_task(tmp_path, REWARD.format(written)), None)
    assert (graded.reward, graded.status) == (reward, "graded")
    assert graded.detail == ("" if reward == 1 else "I am done\n")


@pytest.mark.parametrize("written", ["1.5", "-1", "nan", "inf", "1_0"])
def test_reward_out_of_range_is_none(tmp_path: Path, written: str) -> None:
    graded = grade(make_task(tmp_path, REWARD.format(written)), None)
    assert (graded.reward, graded.status) == (0, "no-reward")
    assert "is not in 0..1" in graded.detail


@pytest.mark.parametrize("script", ["exit 3", "echo oh no", REWARD.format("passed"), "kill -9 $$"])
def test_tests_without_a_verdict_are_told(tmp_path: Path, script: str) -> None:
    graded = grade(make_task(tmp_path, f"echo before; {script}"), None)
    assert (graded.reward, graded.status) == (0, "no-reward")
    assert "before" in graded.detail


def test_tests_that_hang_end_at_their_limit(tmp_path: Path) -> None:
    script = f"{REWARD.format(1)}; sleep 600"
    graded = grade(make_task(tmp_path, script, seconds=0.5), None)
    assert (graded.reward, graded.status) == (0, "timeout"), "whatever they wrote before"
    assert graded.detail == "no end after 0.5 s"
    assert graded.seconds and graded.seconds < 30


def test_long_output_is_bounded(tmp_path: Path) -> None:
    graded = grade(make_task(tmp_path, "seq 1 100000; exit 1"), None)
    assert len(graded.detail) <= 2_000 and graded.detail.endswith("100000\n")


def test_sandbox_that_breaks_is_told(tmp_path: Path) -> None:
    @contextlib.contextmanager
    def broken(folder: Path, seconds: float) -> Iterator[GradingBox]:
        raise SandboxError("bwrap went away")
        yield

    graded = grade(make_task(tmp_path, "exit 0"), None, broken)
    assert (graded.reward, graded.status) == (0, "sandbox-failed")
    assert graded.detail == "bwrap went away"


def test_work_file_that_went_away_is_told(tmp_path: Path) -> None:
    known = make_task(tmp_path, "exit 0")
    (tmp_path / "task" / "tests" / "test.sh").unlink()
    (tmp_path / "task" / "tests" / "test_hidden.py").unlink()
    (tmp_path / "task" / "tests").rmdir()
    graded = grade(known, None)
    assert (graded.reward, graded.status) == (0, "sandbox-failed")
    assert "tests" in graded.detail


def test_unknown_task_is_an_error() -> None:
    grader = LocalGrader({}, open_folder_box)
    with pytest.raises(GradingError, match="not in the suite"):
        asyncio.run(grader.grade(Task(id="t", problem="p"), Rollout(id="r", task_id="t")))


ADD = "--- /dev/null\n+++ b/{0}\n@@ -0,0 +1 @@\n+evil\n"
LINK = (
    "diff --git a/link b/link\nnew file mode 120000\n--- /dev/null\n+++ b/link\n"
    "@@ -0,0 +1 @@\n+{0}\n\\ No newline at end of file\n"
)


@pytest.mark.parametrize(
    "patch",
    [
        ADD.format("../evil"),
        ADD.format("a/../../evil"),
        ADD.format("link/evil"),
        ADD.format(".git/hooks/pre-commit"),
        LINK.format("../outside")
        + "diff --git a/link/evil b/link/evil\n"
        + ADD.format("link/evil"),
        "diff --git a/a.py b/../evil\nrename from a.py\nrename to ../evil\n",
        "--- a/../outside/mine\n+++ b/../outside/mine\n@@ -1 +1 @@\n-mine\n+evil\n",
    ],
)
def test_hostile_patch_changes_nothing_outside(tmp_path: Path, patch: str) -> None:
    app, outside = tmp_path / "app", tmp_path / "outside"
    app.mkdir()
    outside.mkdir()
    (app / "a.py").write_text("a\n")
    if "120000" not in patch:
        (app / "link").symlink_to("../outside")
    (outside / "mine").write_text("mine\n")
    assert apply_patch(patch, app)
    assert [path.name for path in outside.iterdir()] == ["mine"]
    assert (outside / "mine").read_text() == "mine\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["app", "outside"]
    assert (app / "a.py").read_text() == "a\n"


def test_absolute_path_stays_below_the_folder(tmp_path: Path) -> None:
    app, evil = tmp_path / "app", tmp_path / "evil"
    app.mkdir()
    apply_patch(f"--- /dev/null\n+++ {evil}\n@@ -0,0 +1 @@\n+evil\n", app)
    apply_patch(f"diff --git {evil} {evil}\nnew file mode 100644\n", app)
    assert not evil.exists()


def test_patch_obeys_no_repository_around(tmp_path: Path) -> None:
    """Below a repository git would take paths from its top, and skip those elsewhere."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    app = tmp_path / "app"
    app.mkdir()
    (app / "a.py").write_text("old\n")
    assert apply_patch("--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old\n+new\n", app) == ""
    assert (app / "a.py").read_text() == "new\n"


def test_line_ends_and_bytes_are_kept(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\t \r\n")
    patch = "--- a/a.txt\n+++ b/a.txt\n@@ -1,2 +1,2 @@\n one\r\n-two\t \r\n+zwei  \r\n"
    assert apply_patch(patch, tmp_path) == ""
    assert (tmp_path / "a.txt").read_bytes() == b"one\r\nzwei  \r\n"


def test_machine_without_git_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GradingError, match="git"):
        apply_patch("x", tmp_path)
