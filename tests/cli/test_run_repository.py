"""`rematch run --repo`: an issue of a repository of one's own, which stays as it is."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from rematch.runs.folder import RunFolder
from rematch.testing import Agent, Conversation, Endpoint
from tests.cli.projects import FIXED, MODULE, VISIBLE
from tests.cli.running import Done, rematch, start_rematch
from tests.data.repository_makers import commit, git, hash_tree, make_repository, write

ISSUE = "clamp(5, 0, 9) gives 0 instead of 5.\n"
TEST = "python3 -m unittest -q"
FEW = "agent.repairer.tries=6"
SMALL = ("-n", "2", "-t", "1", "--sandbox", "process", "-c", FEW)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "issue.md").write_text(ISSUE)
    return make_repository(tmp_path / "project", bounds__py=MODULE, test_bounds__py=VISIBLE)


def solve(repository: Path, *options: str | Path) -> Done:
    issue = repository.parent / "issue.md"
    return rematch("run", "--repo", repository, "--issue", issue, *SMALL, *options)


def passes(folder: Path) -> bool:
    command = ["python3", "-B", "-m", "unittest", "-q"]
    return subprocess.run(command, cwd=folder, capture_output=True).returncode == 0


def test_the_pick_is_a_patch_that_applies_and_the_repository_stays(
    repository: Path, tmp_path: Path
) -> None:
    before = hash_tree(repository)
    done = solve(repository, "--test", TEST)
    assert done.code == 0, done.err
    assert hash_tree(repository) == before
    assert "the offline repairer" in done.out
    assert f"your tests ({TEST}) pass on " in done.out
    assert "not a grade" in done.out
    assert "+++ b/bounds.py" in done.out
    assert "uncommitted" not in done.err

    (patch,) = (tmp_path / "state" / "rematch" / "runs").glob("*/pick.patch")
    assert f"patch: {patch}\ngit apply {patch}\n" in done.out
    assert not passes(repository)
    git(repository, "apply", str(patch))
    assert passes(repository)


def test_the_second_run_takes_all_from_the_folder(repository: Path, tmp_path: Path) -> None:
    options = ("--test", TEST, "--json")
    first = solve(repository, *options)
    folder = Path(first.document["folder"])
    kept = hash_tree(folder / "tasks")
    second = solve(repository, *options)
    assert second.document == first.document
    assert hash_tree(folder / "tasks") == kept

    # As a kill leaves it: what is finished is taken, the rest is made again, with the same result.
    (task,) = (folder / "tasks").iterdir()
    (task / "pick.json").unlink()
    done, lost = sorted((task / "rollouts").iterdir())
    written = done.stat().st_mtime_ns
    lost.unlink()
    third = solve(repository, *options)
    assert third.document["tasks"] == first.document["tasks"]
    assert done.stat().st_mtime_ns == written
    assert lost.is_file()
    assert solve(repository, "--json").document["folder"] != str(folder)  # another question


def test_what_a_killed_run_leaves_beside_is_swept_by_the_next(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clone and the tests' copies are boxes of this process, as the sandboxes are."""
    scratch = tmp_path / "scratch"
    (scratch / "rematch-box-4194305-x").mkdir(parents=True)  # no process has this number
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    folder = Path(solve(repository, "--test", f"ls {scratch}", "--json").document["folder"])
    (rollout, *_) = RunFolder(folder).tasks()[0].rollouts()
    assert rollout.own_tests is not None
    names = rollout.own_tests.output.split()
    assert len(names) >= 3  # the clone, the tests' copy, their sandbox
    assert {name.rpartition("-")[0] for name in names} == {f"rematch-box-{os.getpid()}"}


def test_apply_changes_the_clean_tree_and_then_refuses(repository: Path) -> None:
    head, index = git(repository, "rev-parse", "HEAD"), (repository / ".git" / "index").read_bytes()
    done = solve(repository, "--test", TEST, "--apply")
    assert done.code == 0, done.err
    assert "applied to the work tree, nothing is staged" in done.out
    assert passes(repository)
    assert git(repository, "rev-parse", "HEAD") == head
    assert (repository / ".git" / "index").read_bytes() == index
    again = solve(repository, "--test", TEST, "--apply")
    assert (again.code, again.out) == (1, "")
    assert "has uncommitted changes (bounds.py): commit or stash them" in again.error


def test_uncommitted_changes_are_left_out_and_told(repository: Path, tmp_path: Path) -> None:
    write(repository, bounds__py=MODULE + "\nTHIS = 'is mine'\n", notes__txt="mine\n")
    before = hash_tree(repository)
    done = solve(repository, "-o", tmp_path / "run")
    assert "uncommitted changes of 2 files are left out: attempts start from HEAD" in done.err
    assert hash_tree(repository) == before
    assert "is mine" not in (tmp_path / "run" / "pick.patch").read_text()
    refused = solve(repository, "-o", tmp_path / "run", "--apply")
    assert (refused.code, len(refused.err.splitlines())) == (1, 1)
    assert hash_tree(repository) == before


def test_an_issue_in_the_repository_is_no_change_of_it(repository: Path) -> None:
    write(repository, ISSUE__md=ISSUE)
    issue = repository / "ISSUE.md"
    done = rematch("run", "--repo", repository, "--issue", issue, *SMALL, "--test", TEST, "--apply")
    assert done.code == 0, done.err
    assert "uncommitted" not in done.err
    assert git(repository, "status", "--porcelain").split() == ["M", "bounds.py", "??", "ISSUE.md"]


def test_a_repository_of_which_parts_are_left_out_says_so(repository: Path, tmp_path: Path) -> None:
    git(repository, "submodule", "--quiet", "add", str(make_repository(tmp_path / "inner")), "part")
    write(repository, __gitattributes="*.big filter=lfs\n")
    commit(repository, "parts")
    done = solve(repository)
    assert "submodules are left out" in done.err
    assert "files of Git LFS are pointers" in done.err


def test_no_patch_at_all_is_an_error_of_one_line(repository: Path) -> None:
    write(repository, bounds__py="", test_bounds__py="")
    commit(repository, "nothing to mend")
    done = solve(repository)
    assert done.code == 1
    assert done.error == "the pick has no patch: no attempt changed a file"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "say what to run"),
        (("pocket", "--repo", "."), "say what to run"),
        (("--repo", "."), "--repo needs --issue FILE"),
        (("pocket", "--issue", "x"), "--issue goes with --repo only"),
        (("pocket", "--apply"), "--apply goes with --repo only"),
        (("pocket", "--test", "make"), "--test goes with --repo only"),
        (("--repo", ".", "--issue", "x", "--ids", "a"), "--ids goes with a suite only"),
        (("--repo", ".", "--issue", "x", "--slice", "0:1"), "--slice goes with a suite only"),
        (
            ("--repo", ".", "--issue", "x", "--image", "i", "--sandbox", "bwrap"),
            "--image goes with --sandbox docker, not with bwrap",
        ),
    ],
)
def test_flags_that_do_not_go_together_are_refused(words: Sequence[str], told: str) -> None:
    done = rematch("run", *words)
    assert done.code == 2
    assert told in done.error


def test_what_cannot_be_run_is_refused_before_anything_is_made(
    repository: Path, tmp_path: Path
) -> None:
    inside = solve(repository, "-o", repository / "run")
    assert (inside.code, "lies in the repository" in inside.error) == (2, True)
    harbor = solve(repository, "--agent", "harbor:terminus-2", "--model", "a/b")
    assert (harbor.code, "Harbor's format only" in harbor.error) == (2, True)
    missing = rematch("run", "--repo", tmp_path, "--issue", tmp_path / "issue.md", *SMALL)
    assert (missing.code, "not a git repository" in missing.error) == (1, True)
    assert not (tmp_path / "state").exists()
    assert not (repository / "run").exists()


def test_a_dry_run_counts_and_makes_nothing(repository: Path, tmp_path: Path) -> None:
    done = solve(repository, "--dry-run", "--json")
    assert done.code == 0
    assert done.document["calls"]["rollouts"] == 2
    assert not (tmp_path / "state").exists()


def test_its_run_cannot_be_graded_and_says_why(repository: Path) -> None:
    folder = solve(repository, "--json").document["folder"]
    done = rematch("grade", folder)
    assert done.code == 2
    assert "your own repository, which has no hidden tests" in done.error
    assert rematch("show", folder).code == 0


FIX = "sed -i 's/value > low/value < low/' bounds.py"
WRONG = "sed -i 's/return low/return value/' bounds.py"


def plan(conversation: Conversation) -> Sequence[str]:
    """The second of three mends it; all say that they are good, and try to reach out."""
    assert "clamp(5, 0, 9)" in conversation.task
    assert f"`{TEST}`" in conversation.task
    hooks = ["mkdir -p .git/hooks; echo x > .git/hooks/post-checkout", "ln -s /etc/passwd here"]
    return [FIX if conversation.attempt == 1 else WRONG, *hooks, "git commit -qam done; true"]


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("process", marks=pytest.mark.slow),
        pytest.param("bwrap", marks=pytest.mark.bwrap),
        pytest.param("docker", marks=pytest.mark.docker),
    ],
)
def test_a_models_attempts_are_tried_by_the_users_tests(
    repository: Path, tmp_path: Path, kind: str
) -> None:
    before = hash_tree(repository)
    where = ("--image", "rematch-test-base:bookworm") if kind == "docker" else ("--sandbox", kind)
    with Endpoint(agent=Agent(plan)) as endpoint:
        process = start_rematch(
            *("run", "--repo", repository, "--issue", tmp_path / "issue.md", "--test", TEST),
            *("-n", "3", "-t", "1", "-c", "workers.agent=1", "--api-base", endpoint.url),
            *("--agent-model", "openai/scripted", *where),
            *("-o", tmp_path / "run", "--json"),
            OPENAI_API_KEY="x",
        )
        out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert hash_tree(repository) == before
    (result,) = json.loads(out)["tasks"].values()
    assert result["pick"]["rollout_id"].endswith("-t0-01")
    assert result["rewards"] == {}

    task = RunFolder(tmp_path / "run").tasks()[0]
    rollouts = {rollout.id[-2:]: rollout for rollout in task.rollouts()}
    codes = {name: r.own_tests.exit_code for name, r in rollouts.items() if r.own_tests}
    assert codes["01"] == 0
    assert 0 not in (codes["00"], codes["02"])
    for rollout in rollouts.values():
        last = rollout.trajectory.steps[-1]
        assert last.actions == (rollout.own_tests,)
        assert "without any patch its exit code is 1" in last.message
        assert rollout.patch is not None
        assert "here" not in rollout.patch
        assert "hooks" not in rollout.patch
    git(repository, "apply", str(tmp_path / "run" / "pick.patch"))
    assert (repository / "bounds.py").read_text() == FIXED
