"""A repository of the user's own: what is read of it, its clones, and patches on it."""

import os
import subprocess
from pathlib import Path

import pytest

from rematch.data.repositories import (
    RepositoryTask,
    apply_patch,
    check_clean,
    clone_head,
    read_repository,
)
from rematch.errors import InputError
from tests.data.repository_makers import commit, git, hash_tree, make_repository, write

PATCH = """\
diff --git a/a.txt b/a.txt
--- a/a.txt
+++ b/a.txt
@@ -1,2 +1,2 @@
 one
-two
+three
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "project")


def read(path: Path, test: str = "", text: str = "It is wrong.\n") -> RepositoryTask:
    issue = path.parent / "issue.md"
    issue.write_text(text)
    return read_repository(path, issue, test)


def refuse(path: Path) -> str:
    with pytest.raises(InputError) as caught:
        read(path)
    message = str(caught.value)
    assert "\n" not in message
    return message


def list_files(folder: Path) -> set[str]:
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    return {name for name in found if not name.startswith(".git/")}


def test_the_task_is_the_issue_and_its_name_follows_from_all_that_is_asked(
    repository: Path,
) -> None:
    known = read(repository)
    assert known.task.problem == "It is wrong."
    assert known.task.id.startswith("project-")
    assert (known.path, known.head) == (repository, git(repository, "rev-parse", "HEAD"))
    tested = read(repository, test="make check")
    assert "are run by `make check`" in tested.task.problem
    other = read(repository, text="Something else.")
    commit(repository, "second")
    moved = read(repository)
    assert len({known.task.id, tested.task.id, other.task.id, moved.task.id}) == 4


def test_a_folder_in_it_and_a_second_work_tree_name_the_same_kind_of_task(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "below").mkdir()
    write(repository / "below", b__txt="b\n")
    commit(repository, "second")
    assert read(repository / "below").path == repository
    git(repository, "worktree", "add", "-q", "--detach", str(tmp_path / "beside"), "HEAD~1")
    beside = read(tmp_path / "beside")
    assert beside.path == tmp_path / "beside"
    clone_head(beside, tmp_path / "clone")
    assert list_files(tmp_path / "clone") == {"a.txt"}  # its own HEAD, not the other's


def test_what_is_no_work_tree_with_a_commit_is_refused_in_a_line(
    repository: Path, tmp_path: Path
) -> None:
    git(repository, "clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    (tmp_path / "empty").mkdir()
    git(tmp_path / "empty", "init", "-q")
    (tmp_path / "plain").mkdir()
    assert "must be run in a work tree" in refuse(tmp_path / "bare")
    assert "has no commit" in refuse(tmp_path / "empty")
    assert "not a git repository" in refuse(tmp_path / "plain")
    assert "No such file" in refuse(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("content", "told"), [(b" \n", "is empty"), (b"\xff\xfe", "no UTF-8"), (None, "No such file")]
)
def test_an_issue_that_cannot_be_read_is_refused(
    repository: Path, tmp_path: Path, content: bytes | None, told: str
) -> None:
    issue = tmp_path / "issue.md"
    if content is not None:
        issue.write_bytes(content)
    with pytest.raises(InputError, match=told):
        read_repository(repository, issue)


def test_a_missing_git_is_told(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))
    assert "git is missing: install it" in refuse(repository)


def test_variables_of_a_git_hook_lead_to_no_other_repository(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert read(repository).path == repository


def test_reading_cloning_and_looking_change_nothing(repository: Path, tmp_path: Path) -> None:
    write(repository, a__txt="one\ntwo\nthree\n", new__txt="new\n")
    os.utime(repository / "a.txt", (1, 1))  # git would like to refresh its index
    before = hash_tree(repository)
    known = read(repository)
    clone_head(known, tmp_path / "clone")
    assert known.list_changes() == ["a.txt", "new.txt"]
    assert hash_tree(repository) == before


def test_a_clone_is_head_with_its_history_and_no_way_back(repository: Path, tmp_path: Path) -> None:
    commit(repository, "second")
    write(repository, a__txt="changed, not committed\n")
    git(repository, "tag", "later")
    clone = tmp_path / "clone"
    clone_head(read(repository), clone)
    assert (clone / "a.txt").read_text() == "one\ntwo\n"
    assert git(clone, "log", "--format=%s").split() == ["second", "first"]
    assert git(clone, "status", "--porcelain") == ""
    assert git(clone, "remote") == git(clone, "tag") == ""
    mentions = [
        path
        for path in (clone / ".git").rglob("*")
        if path.is_file() and str(repository).encode() in path.read_bytes()
    ]
    assert mentions == []
    theirs = {path.stat().st_ino for path in (repository / ".git").rglob("*") if path.is_file()}
    assert not any(path.stat().st_ino in theirs for path in clone.rglob("*"))


def test_a_detached_head_and_a_shallow_history_are_cloned(repository: Path, tmp_path: Path) -> None:
    commit(repository, "second")
    git(repository, "checkout", "-q", "--detach", "HEAD~1")
    clone_head(read(repository), tmp_path / "one")
    assert git(tmp_path / "one", "log", "--format=%s") == "first"
    git(repository, "checkout", "-q", "trunk")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{repository}", str(shallow))
    clone_head(read(shallow), tmp_path / "two")
    assert git(tmp_path / "two", "log", "--format=%s") == "second"


def test_of_a_partial_clone_the_last_commit_is_cloned_and_nothing_is_fetched(
    repository: Path, tmp_path: Path
) -> None:
    write(repository, a__txt="three\n")
    commit(repository, "second")
    git(repository, "config", "uploadpack.allowFilter", "true")
    partial = tmp_path / "partial"
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{repository}", str(partial))
    before = hash_tree(partial)
    clone_head(read(partial), tmp_path / "clone")
    assert (tmp_path / "clone" / "a.txt").read_text() == "three\n"
    assert git(tmp_path / "clone", "log", "--format=%s") == "second"
    assert hash_tree(partial) == before


def test_files_of_every_kind_are_cloned_as_git_has_them(repository: Path, tmp_path: Path) -> None:
    (repository / "data.bin").write_bytes(bytes(range(256)))
    (repository / "link").symlink_to("a.txt")
    (repository / "run.sh").write_text("#!/bin/sh\n")
    (repository / "run.sh").chmod(0o755)
    write(repository, **{"näme with space": "x\n"})
    commit(repository, "kinds")
    clone = tmp_path / "clone"
    clone_head(read(repository), clone)
    assert (clone / "data.bin").read_bytes() == bytes(range(256))
    assert (clone / "link").readlink() == Path("a.txt")
    assert os.access(clone / "run.sh", os.X_OK)
    assert (clone / "näme with space").is_file()


def test_filters_of_the_users_git_do_not_run_in_a_clone(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with Git LFS: the smudge filter would fetch, and fail where it cannot."""
    write(repository, __gitattributes="*.big filter=lfs\n", x__big="version pointer\n")
    commit(repository, "pointer")
    settings = tmp_path / "gitconfig"
    settings.write_text(
        f'[filter "lfs"]\n\tsmudge = touch {tmp_path / "ran"}\n\tclean = cat\n\trequired = true\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    clone_head(read(repository), tmp_path / "clone")
    assert (tmp_path / "clone" / "x.big").read_text() == "version pointer\n"
    assert not (tmp_path / "ran").exists()


def test_a_submodule_is_an_empty_folder_in_a_clone(repository: Path, tmp_path: Path) -> None:
    inner = make_repository(tmp_path / "inner")
    git(repository, "submodule", "--quiet", "add", str(inner), "part")
    commit(repository, "submodule")
    clone_head(read(repository), tmp_path / "clone")
    assert list((tmp_path / "clone" / "part").iterdir()) == []
    assert git(tmp_path / "clone", "status", "--porcelain") == ""


def test_a_repository_of_other_hashes_is_cloned(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    git(folder, "init", "-q", "--object-format=sha256")
    write(folder, a__txt="one\n")
    commit(folder, "first")
    clone_head(read(folder), tmp_path / "clone")
    assert list_files(tmp_path / "clone") == {"a.txt"}


def test_changes_are_counted_by_file_and_the_issue_is_none(repository: Path) -> None:
    write(repository, b__txt="b\n", __gitignore="*.log\n")
    commit(repository, "second")
    write(repository, b__txt="changed\n", noise__log="x", issue__md="It is wrong.\n")
    git(repository, "mv", "a.txt", "moved.txt")
    known = read_repository(repository, repository / "issue.md")
    assert sorted(known.list_changes()) == ["a.txt", "b.txt", "moved.txt"]
    git(repository, "add", "issue.md")
    assert "issue.md" in known.list_changes()  # staged, it is a change like others


def test_a_patch_applies_to_a_clean_tree_and_stages_nothing(repository: Path) -> None:
    known = read(repository)
    check_clean(known)
    apply_patch(repository, PATCH.removesuffix("\n"))
    assert (repository / "a.txt").read_text() == "one\nthree\n"
    assert git(repository, "diff", "--cached") == ""
    with pytest.raises(InputError, match=r"uncommitted changes \(a\.txt\): commit or stash"):
        check_clean(known)


def test_a_tree_with_new_or_staged_files_or_another_head_is_not_clean(repository: Path) -> None:
    known = read(repository)
    write(repository, b__txt="b\n", c__txt="c\n")
    with pytest.raises(InputError, match=r"\(b\.txt and 1 more\)"):
        check_clean(known)
    commit(repository, "second")
    with pytest.raises(InputError, match="has moved to"):
        check_clean(known)


HOSTILE = {
    "out": "diff --git a/../out b/../out\nnew file mode 100644\n--- /dev/null\n+++ b/../out\n",
    "hook": "diff --git a/.git/hooks/x b/.git/hooks/x\nnew file mode 100755\n--- /dev/null\n"
    "+++ b/.git/hooks/x\n",
    "absolute": "diff --git a//tmp/x b//tmp/x\nnew file mode 100644\n--- /dev/null\n+++ /tmp/x\n",
    "link": "diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+..\n"
    "\\ No newline at end of file\n"
    "diff --git a/l/out b/l/out\nnew file mode 100644\n--- /dev/null\n+++ b/l/out\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_patch_is_refused_whole(repository: Path, kind: str) -> None:
    before = hash_tree(repository.parent)
    with pytest.raises(InputError, match="the patch does not apply") as caught:
        apply_patch(repository, PATCH + HOSTILE[kind] + "@@ -0,0 +1 @@\n+x\n")
    assert "\n" not in str(caught.value)
    assert hash_tree(repository.parent) == before


def test_hooks_and_watchers_of_the_repository_do_not_run(repository: Path, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
        hook.chmod(0o755)
    watcher = tmp_path / "watch"
    watcher.write_text(f"#!/bin/sh\ntouch {ran}\n")
    watcher.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(watcher))
    subprocess.run(["rm", "-f", str(ran)], check=True)
    known = read(repository)
    known.list_changes()
    clone_head(known, tmp_path / "clone")
    apply_patch(repository, PATCH)
    assert not ran.exists()
