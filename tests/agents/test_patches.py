import os
import shutil
import subprocess
from pathlib import Path

import pytest

from rematch.agents.sandboxes.patches import MAX_FILE_BYTES, Patch, is_by_product, make_patch
from rematch.agents.sandboxes.trees import copy_tree, scan_tree
from tests.agents.boxes import write_files


@pytest.fixture
def work(source: Path, tmp_path: Path) -> Path:
    copy_tree(source, tmp_path / "work")
    return tmp_path / "work"


def compare(before: Path, after: Path) -> Patch:
    return make_patch(scan_tree(before, is_by_product), scan_tree(after, is_by_product))


def apply(patch: str, folder: Path) -> None:
    subprocess.run(["git", "apply", "-"], input=patch.encode(), cwd=folder, check=True)


def test_equal_folders_make_no_patch(source: Path, work: Path) -> None:
    os.utime(work / "a.py", (0, 0))
    assert compare(source, work) == Patch()


def test_a_change_reads_as_git_writes_it(source: Path, work: Path) -> None:
    write_files(work, {"a.py": "x = 2\n"})
    assert compare(source, work).text == (
        "diff --git a/a.py b/a.py\n"
        "index 7d4290a..407de30 100644\n"
        "--- a/a.py\n"
        "+++ b/a.py\n"
        "@@ -1 +1 @@\n"
        "-x = 1\n"
        "+x = 2\n"
    )


def test_every_kind_of_change_applies_again(source: Path, work: Path, tmp_path: Path) -> None:
    write_files(
        work,
        {
            "a.py": "x = 1\r\nlast line without an end",
            'new folder/naïve "name"\n.txt': "new\n",
            "image.bin": bytes(range(256)),
            "latin.txt": b"caf\xe9\n",
            "empty": "",
            ".gitattributes": "* text=auto eol=lf\n*.py -diff diff=evil\n",
        },
    )
    (work / "pkg" / "run.sh").chmod(0o755)
    (work / "pkg" / "b.py").unlink()
    (work / "link").symlink_to("pkg/run.sh")
    patch = compare(source, work)
    assert not patch.left_out
    copy_tree(source, tmp_path / "again")
    apply(patch.text, tmp_path / "again")
    assert compare(work, tmp_path / "again") == Patch()
    assert scan_tree(work).entries == scan_tree(tmp_path / "again").entries


def test_a_file_in_place_of_a_folder_and_the_other_way(
    source: Path, work: Path, tmp_path: Path
) -> None:
    shutil.rmtree(work / "pkg")
    write_files(work, {"pkg": "a file now\n"})
    (work / "a.py").unlink()
    write_files(work, {"a.py/inner.py": "a folder now\n"})
    patch = compare(source, work)
    copy_tree(source, tmp_path / "again")
    apply(patch.text, tmp_path / "again")
    assert scan_tree(work).entries == scan_tree(tmp_path / "again").entries


def test_nothing_planted_is_obeyed(source: Path, work: Path, tmp_path: Path) -> None:
    trap = tmp_path / "sprung"
    command = f"touch {trap}"
    hook = f"#!/bin/sh\n{command}\n"
    write_files(
        work,
        {
            ".git/config": (
                f'[core]\n\tfsmonitor = "{command}"\n\tpager = "{command}"\n\thooksPath = hooks\n'
                f'[diff]\n\texternal = "{command}"\n[diff "evil"]\n\tcommand = "{command}"\n'
                f'\ttextconv = "{command}"\n[filter "evil"]\n\tclean = "{command}"\n'
            ),
            ".git/HEAD": "ref: refs/heads/main\n",
            ".git/hooks/post-index-change": hook,
            ".git/info/attributes": "* filter=evil diff=evil\n",
            ".gitattributes": "* filter=evil diff=evil\n",
            ".gitignore": "*\n",
            "a.py": "x = 2\n",
            "sub/.GIT/config": "x",
        },
    )
    (work / ".git/hooks/post-index-change").chmod(0o755)
    patch = compare(source, work)
    assert not trap.exists()
    assert "+x = 2\n" in patch.text
    assert "b/.gitignore" in patch.text
    assert "/.git/" not in patch.text.lower()


def test_the_users_git_configuration_changes_nothing(
    source: Path, work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_files(work, {"a.py": "x = 2\n"})
    plain = compare(source, work)
    write_files(tmp_path, {"gitconfig": "[diff]\n\tnoprefix = true\n\texternal = /bin/false\n"})
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "/bin/false")
    monkeypatch.setenv("GIT_DIR", str(tmp_path))
    assert compare(source, work) == plain


@pytest.mark.parametrize(
    "target", ["/etc/passwd", "../outside", "pkg/../../outside", ".git/config", "..", "/"]
)
def test_links_out_of_the_folder_are_left_out(source: Path, work: Path, target: str) -> None:
    (work / "trap").symlink_to(target)
    patch = compare(source, work)
    assert patch == Patch(left_out=("trap (symlink out of the work folder)",))


def test_a_link_to_a_secret_shows_its_target_only(source: Path, work: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"secret": "hidden"})
    (work / "a.py").unlink()
    (work / "a.py").symlink_to("../secret")
    assert "hidden" not in compare(source, work).text


def test_huge_and_special_files_are_left_out(source: Path, work: Path) -> None:
    with (work / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    write_files(work, {"large": b"x" * (MAX_FILE_BYTES + 1), "a.py": "x = 2\n"})
    os.mkfifo(work / "pipe")
    patch = compare(source, work)
    assert [what.split(" ")[0] for what in patch.left_out] == ["pipe", "large", "sparse"]
    assert patch.text.count("diff --git") == 1


def test_too_many_changes_are_cut(source: Path, work: Path) -> None:
    write_files(work, {f"many/{number}.txt": "x\n" for number in range(5_100)})
    patch = compare(source, work)
    assert patch.text.count("diff --git") == 5_000
    assert patch.left_out == ("the rest: too many changes for a patch",)


def test_what_test_runs_leave_is_no_change(source: Path, work: Path) -> None:
    write_files(work, {"__pycache__/a.pyc": b"\0", ".pytest_cache/x": "y", "pkg/b.pyc": b"\0"})
    assert compare(source, work) == Patch()


def test_letters_cut_in_a_hunk_title_do_not_matter(source: Path, work: Path) -> None:
    title = "def f():  # " + "é" * 60 + "\n"
    write_files(source, {"a.py": title + "    a\n" * 10 + "    b\n"})
    write_files(work, {"a.py": title + "    a\n" * 10 + "    c\n"})
    assert "+    c\n" in compare(source, work).text
