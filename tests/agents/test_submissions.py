"""The agent chooses the files of its answer; what is in them we read ourselves."""

from pathlib import Path

from rematch.agents.mini.submissions import narrow_patch, split_patch
from rematch.agents.sandboxes.patches import is_by_product, make_patch
from rematch.agents.sandboxes.trees import scan_tree
from tests.agents.boxes import write_files

BEFORE: dict[str, str | bytes] = {
    "src/a.py": "1\n",
    "src/b.py": "1\n",
    "old.py": "1\n",
    "ü x.py": "1\n",
    "bin": b"\xff",
}
AFTER: dict[str, str | bytes] = {
    "src/a.py": "2\n",
    "src/b.py": "2\n",
    "new.py": "1\n",
    "ü x.py": "2\n",
    "bin": b"\xfe",
    "patch.txt": "diff --git a/fake b/fake\n--- a/fake\n+++ b/fake\n",
    "try.py": "",
}


def change(tmp_path: Path) -> str:
    before = scan_tree(write_files(tmp_path / "a", BEFORE), is_by_product)
    after = scan_tree(write_files(tmp_path / "b", AFTER), is_by_product)
    return make_patch(before, after).text


def names(patch: str) -> set[str]:
    return {name for name, _ in split_patch(patch)}


def test_a_patch_is_split_by_files(tmp_path: Path) -> None:
    patch = change(tmp_path)
    assert "".join(text for _, text in split_patch(patch)) == patch
    quoted = r"\303\274 x.py"
    assert names(patch) == {*AFTER, "old.py"} - {"ü x.py"} | {quoted}


def test_only_files_that_the_submission_names_are_kept(tmp_path: Path) -> None:
    patch = change(tmp_path)
    submission = "diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ lies @@\n"
    kept = narrow_patch(patch, submission)
    assert names(kept) == {"src/a.py"}
    assert "+2" in kept
    assert "lies" not in kept


def test_new_removed_renamed_and_oddly_named_files_are_files_too(tmp_path: Path) -> None:
    patch = change(tmp_path)
    added = "--- /dev/null\n+++ b/new.py\n"
    assert names(narrow_patch(patch, added)) == {"new.py"}
    removed = "--- a/old.py\n+++ /dev/null\n"
    assert names(narrow_patch(patch, removed)) == {"old.py"}
    renamed = "diff --git a/old.py b/new.py\nrename from old.py\nrename to new.py\n"
    assert names(narrow_patch(patch, renamed)) == {"old.py", "new.py"}
    quoted = '--- "a/\\303\\274 x.py"\n+++ "b/\\303\\274 x.py"\n'
    assert names(narrow_patch(patch, quoted)) == {r"\303\274 x.py"}


def test_without_a_patch_all_changes_count_but_the_patch_file(tmp_path: Path) -> None:
    patch = change(tmp_path)
    for submission in ("", "Done, see src/a.py.", "--- a/other.py\n+++ b/other.py\n"):
        assert names(narrow_patch(patch, submission)) == names(patch) - {"patch.txt"}
    assert narrow_patch("", "--- a/x\n+++ b/x\n") == ""
