import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from rematch.agents.sandboxes.archives import pack_tree, unpack_tree
from rematch.agents.sandboxes.trees import MAX_DEPTH, scan_tree
from rematch.errors import SandboxError

MIB = 1 << 20


def make_archive(*members: tarfile.TarInfo | tuple[str, bytes], top: str = "app") -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(folder(top))
        for member in members:
            if isinstance(member, tuple):
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                archive.addfile(info, io.BytesIO(member[1]))
            else:
                archive.addfile(member)
    return file.getvalue()


def folder(name: str) -> tarfile.TarInfo:
    return special(name, tarfile.DIRTYPE)


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "deep" / "target"
    path.mkdir(parents=True)
    return path


def test_a_tree_goes_through_an_archive_unchanged(source: Path, target: Path) -> None:
    (source / "pkg" / "run.sh").chmod(0o755)
    (source / "link").symlink_to("a.py")
    tree = scan_tree(source)
    file = io.BytesIO()
    pack_tree(tree, "app", file)
    again = unpack_tree([file.getvalue()], target, MIB)
    assert again.entries == tree.entries
    assert not (target / "link").is_symlink()  # noted, never made


def test_members_are_read_in_pieces_of_any_size(target: Path) -> None:
    data = make_archive(("app/a", b"x" * 3_000))
    tree = unpack_tree((data[i : i + 7] for i in range(0, len(data), 7)), target, MIB)
    assert tree.entries["a"].size == 3_000


@pytest.mark.parametrize("name", ["app/../../out", "app//out", "app/./out", "app/a/../../out"])
def test_names_that_lead_out_are_refused(name: str, target: Path) -> None:
    tree = unpack_tree([make_archive((name, b"x"))], target, MIB)
    assert not tree.entries
    assert tree.left_out[0].endswith("(its name leads out of the work folder)")
    assert list(target.parent.iterdir()) == [target]


def test_nothing_is_written_through_a_link(target: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    link = special("app/link", tarfile.SYMTYPE, str(out))
    unpack_tree([make_archive(link, ("app/link/file", b"x"))], target, MIB)
    assert not list(out.iterdir())


def test_a_hard_link_is_a_copy_of_a_file_read_before(target: Path) -> None:
    members = (
        ("app/a", b"x"),
        special("app/b", tarfile.LNKTYPE, "app/a"),
        special("app/c", tarfile.LNKTYPE, "app/../../etc/passwd"),
    )
    tree = unpack_tree([make_archive(*members)], target, MIB)
    assert set(tree.entries) == {"a", "b"}
    assert tree.left_out == ["c (a hard link out of the work folder)"]


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE])
def test_special_members_are_left_out(kind: bytes, target: Path) -> None:
    tree = unpack_tree([make_archive(special("app/x", kind))], target, MIB)
    assert tree.left_out == ["x (no file, folder or symlink)"]


def test_twice_the_same_name_and_endless_nesting_are_left_out(target: Path) -> None:
    deep = "app/" + "d/" * (MAX_DEPTH + 1) + "file"
    archive = make_archive(("app/a", b"1"), ("app/a", b"2"), (deep, b"x"))
    tree = unpack_tree([archive], target, MIB)
    assert set(tree.entries) == {"a"}
    assert tree.left_out[0] == "a (named twice)"
    assert tree.left_out[1].endswith("(folders nested too deeply)")


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: make_archive(("app/a", b"x" * 2 * MIB)), "more than 1 MB"),
        (lambda: make_archive(top="app")[:100], "archive"),
        (lambda: b"no archive at all" * 100, "archive"),
        (
            lambda: _only(special("app", tarfile.SYMTYPE, "/etc")),
            "no folder any more",
        ),
    ],
)
def test_what_is_no_folders_archive_is_refused(
    make: Callable[[], bytes], why: str, target: Path
) -> None:
    with pytest.raises(SandboxError, match=why):
        unpack_tree([make()], target, MIB)


def _only(member: tarfile.TarInfo) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(member)
    return file.getvalue()
