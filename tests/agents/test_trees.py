import os
import socket
from pathlib import Path

import pytest

from rematch.agents.sandboxes.trees import (
    MAX_DEPTH,
    Entry,
    copy_tree,
    remove_tree,
    scan_tree,
    show_path,
)
from rematch.errors import SandboxError
from tests.agents.boxes import write_files


def test_a_scan_lists_files_folders_and_links(source: Path) -> None:
    (source / "pkg" / "run.sh").chmod(0o755)
    (source / "link").symlink_to("pkg/b.py")
    tree = scan_tree(source)
    assert tree.entries == {
        "a.py": Entry(size=6),
        "link": Entry(target="pkg/b.py"),
        "pkg/b.py": Entry(size=6),
        "pkg/run.sh": Entry(executable=True, size=5),
    }
    assert tree.folders == ["pkg"]
    assert not tree.left_out


def test_a_scan_never_leaves_the_folder(source: Path, tmp_path: Path) -> None:
    secret = write_files(tmp_path / "secret", {"key": "hidden"})
    (source / "out").symlink_to(secret)
    (source / "up").symlink_to("../..")
    assert set(scan_tree(source).entries) == {"a.py", "out", "pkg/b.py", "pkg/run.sh", "up"}


def test_pipes_sockets_and_devices_are_named_and_not_opened(source: Path) -> None:
    os.mkfifo(source / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(source / "sock"))
        tree = scan_tree(source)
    assert tree.left_out == [
        "pipe (no file, folder or symlink)",
        "sock (no file, folder or symlink)",
    ]


def test_a_file_that_became_something_else_is_not_opened(source: Path, tmp_path: Path) -> None:
    tree = scan_tree(source)
    (source / "a.py").unlink()
    (source / "a.py").symlink_to(write_files(tmp_path, {"key": "hidden"}) / "key")
    (source / "pkg" / "b.py").unlink()
    os.mkfifo(source / "pkg" / "b.py")
    for path in ("a.py", "pkg/b.py"):
        with pytest.raises(OSError):
            tree.open(path)


def test_a_folder_that_became_a_link_is_not_entered(source: Path, tmp_path: Path) -> None:
    tree = scan_tree(source)
    secret = write_files(tmp_path / "secret", {"b.py": "hidden"})
    (source / "pkg").rename(source / "old")
    (source / "pkg").symlink_to(secret)
    with pytest.raises(OSError):
        tree.open("pkg/b.py")


def test_what_is_nested_too_deeply_is_left_out_and_can_be_removed(tmp_path: Path) -> None:
    top = tmp_path / "deep"
    top.mkdir()
    here = os.open(top, os.O_RDONLY)
    for _ in range(1_500):  # beyond PATH_MAX and Python's recursion limit
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    tree = scan_tree(top)
    assert len(tree.folders) == MAX_DEPTH
    assert tree.left_out[0].endswith("(folders nested too deeply)")
    remove_tree(top)
    assert not top.exists()


def test_a_copy_has_the_same_entries(source: Path, tmp_path: Path) -> None:
    (source / "pkg" / "run.sh").chmod(0o755)
    (source / "link").symlink_to("/nowhere")
    (source / "empty").mkdir()
    copy_tree(source, tmp_path / "copy")
    assert scan_tree(tmp_path / "copy").entries == scan_tree(source).entries
    assert (tmp_path / "copy" / "empty").is_dir()


def test_a_source_with_a_pipe_or_none_at_all_is_refused(source: Path, tmp_path: Path) -> None:
    os.mkfifo(source / "pipe")
    with pytest.raises(SandboxError, match="pipe"):
        copy_tree(source, tmp_path / "copy")
    with pytest.raises(SandboxError, match="cannot read folder"):
        copy_tree(tmp_path / "missing", tmp_path / "copy2")


def test_names_are_shown_as_one_short_line_of_text() -> None:
    assert show_path("a\nb") == "a b"
    assert show_path(os.fsdecode(b"caf\xe9")) == "caf\ufffd"
    assert len(show_path("x" * 300)) == 80
