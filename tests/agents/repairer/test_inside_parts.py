"""The parts of the scripts that run in the sandbox, called here: edits, copies, events."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.repairer.inside import (
    files,
    repairer_suites,
    repairer_trial,
)
from tests.agents.boxes import write_files


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(repairer_trial, "TMP", str(tmp_path / "tmp"))


def put(names: dict[str, str | bytes]) -> Path:
    return write_files(Path.cwd(), names)


def edit(text: str) -> None:
    for one in repairer_trial.read_input(text.encode())[0]:
        one.apply()


def test_edits_of_one_file_are_made_from_its_end() -> None:
    put({"a.py": "1\n2\n3\n4\n"})
    edit("@@ a.py:1\n-1\n+one\n+more\n@@ a.py:3\n-3\n@@ a.py:4\n+x\n")
    assert Path("a.py").read_text() == "one\nmore\n2\nx\n4\n"


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_line_ends_stay_as_they_are(end: bytes) -> None:
    put({"a.py": end.join([b"1", b"2", b"3"])})
    edit("@@ a.py:2\n-2\n+two\n+more\n")
    assert Path("a.py").read_bytes() == end.join([b"1", b"two", b"more", b"3"])


def test_what_does_not_read_as_expected_is_not_changed() -> None:
    put({"a.py": "1\n2\n"})
    with pytest.raises(ValueError, match=r"a\.py:2 does not read as expected"):
        edit("@@ a.py:2\n-3\n+4\n")
    with pytest.raises(FileNotFoundError):
        edit("@@ b.py:1\n-1\n")
    assert Path("a.py").read_text() == "1\n2\n"


def test_checks_and_edits_are_told_apart() -> None:
    edits, checks = repairer_trial.read_input(
        b"@@ a:b.py:3\n-check: x\n+raises y\n\ncheck: f(1)\nraises E: g()\nother\n"
    )
    assert [(one.path, one.line, one.old, one.new) for one in edits] == [
        ("a:b.py", 3, [b"check: x"], [b"raises y"])
    ]
    assert checks == ["check: f(1)", "raises E: g()"]
    assert repairer_trial.read_input(b"") == ([], [])


def test_patches_are_parted_by_empty_lines_and_share_the_checks() -> None:
    text = b"@@ a.py:1\n-1\n+2\n\n@@ a.py:2\n-\n+3\ncheck: f()"
    patches, checks = repairer_trial.read_patches(text)
    assert [[(edit.line, edit.new) for edit in edits] for edits in patches] == [
        [(1, [b"2"])],
        [(2, [b"3"])],
    ]
    assert checks == ["check: f()"]
    assert repairer_trial.read_patches(b"") == ([[]], [])


def test_a_copy_has_files_links_and_modes_and_no_caches() -> None:
    put({"a.py": "x", "pkg/run.sh": "y", ".git/config": "z", "pkg/__pycache__/a.pyc": "z"})
    Path("pkg/run.sh").chmod(0o755)
    Path("link").symlink_to("a.py")
    Path("dangling").symlink_to("nowhere")
    assert repairer_trial.copy_tree(str(Path.cwd()), "../copy")
    copy = Path("../copy")
    found = {str(path.relative_to(copy)) for path in copy.rglob("*") if not path.is_dir()}
    assert found == {"a.py", "pkg/run.sh", "link", "dangling"}
    assert os.access(copy / "pkg/run.sh", os.X_OK)
    assert (copy / "link").readlink() == Path("a.py")


def test_what_is_too_large_is_not_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    put({f"f{n}": "x" * 10 for n in range(5)})
    monkeypatch.setattr(repairer_trial, "MOST_FILES", 4)
    assert not repairer_trial.copy_tree(str(Path.cwd()), "../copy")
    monkeypatch.setattr(repairer_trial, "MOST_FILES", 5)
    monkeypatch.setattr(repairer_trial, "MOST_BYTES", 49)
    assert not repairer_trial.copy_tree(str(Path.cwd()), "../copy")
    assert not Path("../copy").exists()


def test_a_tree_goes_with_links_to_folders_and_not_what_they_lead_to() -> None:
    put({"keep/a": "x", "gone/b/c": "y"})
    Path("gone/link").symlink_to("../keep")
    Path("gone/dangling").symlink_to("nowhere")
    repairer_trial.remove_tree("gone")
    assert not Path("gone").exists()
    assert Path("keep/a").exists()


def test_a_trial_runs_in_a_copy_and_leaves_nothing() -> None:
    put({"a.py": "1\n"})
    here = Path.cwd()
    with repairer_trial.Trial(in_place=False) as trial:
        assert Path.cwd() != here
        trial.apply(repairer_trial.read_input(b"@@ a.py:1\n-1\n+2\n")[0])
        assert Path("a.py").read_text() == "2\n"
        Path("left.txt").write_text("x")
    assert Path.cwd() == here
    assert {path.name for path in here.iterdir()} == {"a.py"}
    assert Path("a.py").read_text() == "1\n"
    assert not Path(repairer_trial.TMP).exists()


def test_a_trial_in_place_puts_everything_back_even_after_an_error() -> None:
    put({"a.py": "1\n", "b.py": "1\n"})
    edits = repairer_trial.read_input(b"@@ a.py:1\n-1\n+2\n@@ b.py:1\n-9\n+2\n")[0]
    with pytest.raises(ValueError, match=r"b\.py"), repairer_trial.Trial(in_place=True) as trial:
        Path("left.txt").write_text("x")
        trial.apply(edits)
    assert {path.name: path.read_text() for path in Path().iterdir()} == {
        "a.py": "1\n",
        "b.py": "1\n",
    }


def test_a_folder_too_large_for_a_copy_is_used_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    put({"a": "1", "b": "2"})
    monkeypatch.setattr(repairer_trial, "MOST_FILES", 1)
    with repairer_trial.Trial(in_place=False) as trial:
        assert trial.in_place
        assert Path("a").exists()


@pytest.mark.parametrize(
    ("check", "error"),
    [
        ("check: assert 1 == 1", None),
        ("check: assert 1 == 2, 3", AssertionError),
        ("raises ValueError: int('x')", None),
        ("raises LookupError: {}['x']", None),  # a KeyError is one
        ("raises KeyError: int('x')", ValueError),
        ("raises ValueError: int('1')", AssertionError),
        ("check: (", SyntaxError),
    ],
)
def test_a_check_holds_or_raises(check: str, error: type[Exception] | None) -> None:
    if error is None:
        repairer_suites.run_check(check)
    else:
        with pytest.raises(error):
            repairer_suites.run_check(check)


def test_test_files_are_found_by_name_in_order() -> None:
    names = ["test_b.py", "a_test.py", "sub/test.py", "sub/testing.py", "a.py", "contest.py"]
    hidden = [".venv/test_x.py", "node_modules/test_y.py", "sub/.hid/test_z.py", "test_q.txt"]
    put({name: "" for name in [*names, *hidden]})
    assert repairer_suites.find_test_files() == [
        "a_test.py",
        "sub/test.py",
        "sub/testing.py",
        "test_b.py",
    ]


def test_files_are_listed_by_name_with_their_size() -> None:
    put({"b.py": "xy", "a/c.py": "", "d.txt": "", "build/e.py": "", ".x/f.py": ""})
    Path("link.py").symlink_to("b.py")
    listing = files.list_files(1).split("\n")
    assert listing[0] == "0 a/c.py"
    assert listing[1].startswith("python files: 2, others: 2, pytest: yes")
    assert listing[2] == f"work folder: {Path.cwd()}"


@given(st.text(max_size=30))
def test_any_text_is_shown_by_its_length(text: str) -> None:
    Path("a.py").write_bytes(text.encode("utf-8", "surrogatepass"))
    shown = files.show_file("a.py")
    unix = text.replace("\r\n", "\n")
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        assert shown == "==> a.py not UTF-8 <==\n"
    else:
        assert shown == f"==> a.py {len(unix)} <==\n{unix}\n"
