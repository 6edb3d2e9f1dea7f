"""The small parts that sandboxes are made of: commands, watches, owners, processes, mounts."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.agents.sandboxes import ProcessSandbox, SandboxConfig, SandboxLimits
from rematch.agents.sandboxes.choose import SandboxChoice
from rematch.agents.sandboxes.commands import limit_shell, refuse_command
from rematch.agents.sandboxes.git import make_repository, run_git
from rematch.agents.sandboxes.mounts import list_mounts, list_programs
from rematch.agents.sandboxes.output import OutputBuffer, add_note, was_cut
from rematch.agents.sandboxes.owners import is_alive, name_machine, read_start
from rematch.agents.sandboxes.patches import is_by_product, make_patch
from rematch.agents.sandboxes.procs import (
    count_threads,
    list_descendants,
    read_free_memory,
    sum_memory,
    sum_unlinked,
)
from rematch.agents.sandboxes.trees import iterate_chunks, remove_tree, scan_tree, show_path
from rematch.errors import SandboxError, UsageError
from tests.agents.boxes import MIB, write_files

GONE = 4_000_000  # beyond any process number of Linux' default


@pytest.mark.parametrize(
    ("command", "said"),
    [("echo \0", "NUL byte"), ("echo \ud800", "no valid text"), ("x" * (1 << 17), "128 KiB")],
)
def test_what_no_system_starts_is_refused_in_one_line(command: str, said: str) -> None:
    refused = refuse_command(command)
    assert refused is not None
    assert refused.returncode == 126
    assert said in refused.output
    assert refused.output.count("\n") == 1
    assert refuse_command("echo 'ü'") is None


def test_the_shell_sets_every_limit_before_the_command() -> None:
    limits = SandboxLimits(memory_bytes=64 * MIB, file_bytes=2 * MIB, processes=32)
    line = limit_shell(limits, 1.5)
    assert line[-1] == "bash"
    done = subprocess.run(
        [*line, "ulimit -d; ulimit -f; ulimit -c"], capture_output=True, text=True
    )
    assert done.stdout.split() == ["65536", "2048", "0"]
    assert limit_shell(limits, 1, "exec env -i")[2].endswith('exec env -i bash -c "$1"')


def test_a_cut_output_is_known_as_one() -> None:
    buffer = OutputBuffer(10)
    buffer.add(b"x" * 11)
    assert was_cut(buffer.text())
    assert not was_cut("[... many bytes left out ...]")
    assert not was_cut("see: [... 3 bytes left out ...] there")
    assert add_note(buffer.text(), "why").endswith("\n[why]\n")


def test_a_process_lives_with_its_own_start_only() -> None:
    me = os.getpid()
    assert is_alive(me)
    assert is_alive(me, read_start(me))
    assert not is_alive(me, "1")
    assert not is_alive(GONE)
    assert read_start(GONE) == ""
    assert is_alive(1)  # another user's too
    assert name_machine().strip() == name_machine() != ""


def test_processes_that_are_gone_hold_nothing() -> None:
    assert list_descendants(GONE) == [GONE]
    assert count_threads([GONE]) == sum_memory([GONE], 0) == 0
    assert sum_unlinked([GONE], 0) == (0, 0)


def test_our_own_threads_and_memory_are_seen() -> None:
    me = os.getpid()
    stop = threading.Event()
    thread = threading.Thread(target=stop.wait)
    before = count_threads([me])
    thread.start()
    try:
        assert count_threads([me]) > before - 1
    finally:
        stop.set()
        thread.join()
    assert sum_memory([me], 1 << 50) > MIB
    assert sum_memory([me], 0) > 0
    assert read_free_memory() > MIB


def test_a_mount_is_read_only_or_empty() -> None:
    arguments = list_mounts([Path("/var")] if Path("/var").is_dir() else [], [])
    binds = {word for word in arguments if word.startswith("--") and "bind" in word}
    assert binds <= {"--ro-bind", "--ro-bind-try"}
    assert "/var" in arguments
    assert list_programs().split(":")[0] == str(Path(sys.base_prefix).resolve() / "bin")


def test_what_lies_in_a_shown_folder_can_be_hidden_and_nothing_else() -> None:
    arguments = list_mounts([], [Path("/usr/lib"), Path("/usr/no-such"), Path("/var/lib")])
    hidden = [arguments[i + 1] for i, word in enumerate(arguments) if word == "--tmpfs"]
    assert str(Path("/usr/lib").resolve()) in hidden
    assert not {"/usr/no-such", "/var/lib"} & set(hidden)


@pytest.mark.parametrize("name", [".git", ".GIT", "__pycache__", "a.pyc", "b.pyo", ".mypy_cache"])
def test_by_products_are_told_by_their_names(name: str) -> None:
    assert is_by_product(name)
    assert not is_by_product(f"{name}x")


def test_a_patch_of_a_file_that_is_gone_is_an_error_of_one_line(tmp_path: Path) -> None:
    before = scan_tree(write_files(tmp_path / "a", {"x": "1\n"}))
    after = scan_tree(write_files(tmp_path / "b", {"x": "2\n"}))
    (tmp_path / "b" / "x").unlink()
    with pytest.raises(SandboxError, match="cannot read x: No such file"):
        make_patch(before, after)


@settings(max_examples=10)
@given(st.dictionaries(st.sampled_from(["a", "b/c", "ü", "d e"]), st.binary(max_size=20)))
def test_equal_trees_make_no_patch(files: dict[str, bytes]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        one, other = (
            scan_tree(write_files(_made(Path(folder, name)), files)) for name in ("one", "other")
        )
        assert make_patch(one, other).text == ""


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def test_a_missing_git_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = make_repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError, match="git is missing: install it"):
        run_git(repository, ["version"])


def test_a_failing_git_says_why(tmp_path: Path) -> None:
    repository = make_repository(tmp_path)
    with pytest.raises(SandboxError, match=r"git could not write the patch: .*nonsense"):
        run_git(repository, ["nonsense"])
    assert run_git(repository, ["diff", "--no-index", "--quiet", "/dev/null", "HEAD"],
                   accept=(0, 1)) == b""  # fmt: skip


def test_a_folder_that_its_owner_closed_is_removed(tmp_path: Path) -> None:
    folder = write_files(tmp_path / "box", {"a/b": "x"})
    (folder / "a").chmod(0)
    remove_tree(folder)
    assert not folder.exists()
    remove_tree(folder)  # nothing to do


@given(st.text(max_size=200))
def test_any_name_is_shown_on_one_short_line(name: str) -> None:
    shown = show_path(name.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
    assert len(shown) <= 80
    assert "\n" not in shown


@given(st.binary(max_size=50), st.integers(1, 20))
def test_chunks_make_the_whole(data: bytes, size: int) -> None:
    import io

    chunks = list(iterate_chunks(io.BytesIO(data), size))
    assert b"".join(chunks) == data
    assert all(len(chunk) == size for chunk in chunks[:-1])


def test_a_choice_makes_its_kind_and_wants_a_folder(tmp_path: Path) -> None:
    config = SandboxConfig(limits=SandboxLimits(seconds=3))
    made = SandboxChoice("process", config=config).make(tmp_path)
    assert isinstance(made, ProcessSandbox)
    assert made.limits.seconds == 3
    for kind in ("process", "bwrap"):
        with pytest.raises(UsageError, match=f"a {kind} sandbox needs a folder"):
            SandboxChoice(kind).make(None)
