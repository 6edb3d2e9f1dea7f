"""What git passes over is no part of a patch, by the rules of the state before."""

import subprocess
from pathlib import Path

import pytest

from rematch.agents.sandboxes.git import find_ignored, list_index, run_git
from rematch.agents.sandboxes.images import split_image
from rematch.agents.sandboxes.patches import is_by_product, make_patch
from rematch.agents.sandboxes.trees import Tree, scan_tree
from rematch.errors import SandboxError
from tests.agents.boxes import write_files

RULES = {".gitignore": "node_modules/\n*.o\n", "pkg/.gitignore": "/made\n!keep.o\n"}


def scan(folder: Path, **files: str) -> Tree:
    named = {name.replace("__", "/").replace("_dot_", "."): text for name, text in files.items()}
    return scan_tree(write_files(folder, {**RULES, **named}), is_by_product)


def test_new_files_that_git_ignores_are_left_out(tmp_path: Path) -> None:
    before = scan(tmp_path / "a", src_dot_py="1\n")
    after = scan(
        tmp_path / "b",
        src_dot_py="2\n",
        new_dot_py="3\n",
        a_dot_o="x",
        pkg__keep_dot_o="kept\n",
        pkg__made="x",
        **{f"node_modules__{number}": "x" for number in range(6_000)},
    )
    patch = make_patch(before, after)
    files = [line for line in patch.text.splitlines() if line.startswith("+++ ")]
    assert files == ["+++ b/new.py", "+++ b/pkg/keep.o", "+++ b/src.py"]
    assert patch.left_out == ()


def test_the_rules_are_those_of_the_state_before(tmp_path: Path) -> None:
    before = scan(tmp_path / "a", src_dot_py="1\n")
    after = scan(tmp_path / "b", src_dot_py="2\n")
    (tmp_path / "b" / ".gitignore").write_text("*\n")
    after = scan_tree(tmp_path / "b", is_by_product)
    assert "+2" in make_patch(before, after).text


def test_a_tracked_file_is_never_ignored_and_an_untracked_one_is(tmp_path: Path) -> None:
    before = scan(tmp_path / "a", known_dot_o="1\n", built_dot_o="1\n")
    after = scan(tmp_path / "b", known_dot_o="2\n", built_dot_o="2\n")
    assert make_patch(before, after).text.count("+++ ") == 2
    text = make_patch(before, after, {"known.o"}).text
    assert "b/known.o" in text
    assert "built.o" not in text


@pytest.mark.parametrize("name", [":(top)x.o", "-x.o", "a b.o", "ü.o", "line\nbreak.o", '"q".o'])
def test_odd_names_are_names(tmp_path: Path, name: str) -> None:
    before = scan(tmp_path / "a")
    assert find_ignored(before, [name, f"{name}.py"]) == {name}


def test_without_rules_nothing_is_ignored(tmp_path: Path) -> None:
    tree = scan_tree(write_files(tmp_path / "a", {"x": ""}), is_by_product)
    assert find_ignored(tree, ["node_modules/x"]) == set()


def test_a_link_in_place_of_the_rules_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "rules").write_text("*\n")
    folder = write_files(tmp_path / "a", {"x": ""})
    (folder / ".gitignore").symlink_to(tmp_path / "rules")
    assert find_ignored(scan_tree(folder, is_by_product), ["y"]) == set()


def test_an_index_tells_what_is_tracked(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "a", {"x.py": "", "sub/ü.py": "", "not.py": ""})
    for command in (["init", "--quiet"], ["add", "x.py", "sub"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    index = (folder / ".git" / "index").read_bytes()
    assert list_index(index) == {"x.py", "sub/ü.py"}
    with pytest.raises(SandboxError, match="git could not"):
        list_index(b"no index")


def test_git_reads_no_configuration_of_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".gitconfig").write_text("[alias]\n\tshout = !echo heard\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(SandboxError):
        run_git(tmp_path, ["shout"])


@pytest.mark.parametrize(
    ("image", "parts"),
    [
        ("a/b", ("a/b", "latest")),
        ("a/b:1", ("a/b", "1")),
        ("host:5000/a/b", ("host:5000/a/b", "latest")),
        ("host:5000/a/b:2", ("host:5000/a/b", "2")),
        ("a@sha256:00", ("a@sha256:00", None)),
    ],
)
def test_an_image_has_a_name_and_a_tag(image: str, parts: tuple[str, str | None]) -> None:
    assert split_image(image) == parts
