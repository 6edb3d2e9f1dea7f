"""How limits are held on this machine: what is looked at, and control groups."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from rematch.agents.sandboxes import SandboxLimits
from rematch.agents.sandboxes.cgroups import ControlGroup, make_group, sweep_groups
from rematch.agents.sandboxes.procs import list_descendants, sum_memory, sum_unlinked
from rematch.agents.sandboxes.watch import Use, Watch, measure_use
from tests.agents.boxes import MIB, TIGHT, make_sandbox, write_files

NEVER_FULL = 1 << 50


def make_watch(*uses: Use, free: int = NEVER_FULL) -> Watch:
    """A watch that is told one use after the other, the first for the starting state."""
    told = iter(uses)
    return Watch(TIGHT, lambda stop: next(told), lambda: free, memory=False, interval=0)


def look(watch: Watch) -> str:
    time.sleep(0.01)  # until the next look is due
    return watch.look()


def test_limits_count_what_comes_on_top_of_the_start() -> None:
    start = Use(disk=500 * MIB, files=9_000)
    watch = make_watch(start, start, Use(599 * MIB, 9_000), Use(601 * MIB, 9_000))
    watch.begin()
    assert [look(watch) for _ in range(3)] == ["", "", "over the disk limit of 105 MB"]


def test_many_small_files_are_counted() -> None:
    watch = make_watch(Use(), Use(files=2_001))
    assert watch.look() == "over the limit of 2000 files"


def test_over_the_limit_a_command_may_clear_away_but_add_nothing() -> None:
    full = Use(disk=300 * MIB)
    watch = make_watch(Use(), full, full, Use(290 * MIB), Use(301 * MIB))
    watch.begin()
    assert look(watch) == "over the disk limit of 105 MB"
    watch.begin()
    assert [look(watch), look(watch)] == ["", "over the disk limit of 105 MB"]


def test_use_counts_blocks_and_follows_no_link(tmp_path: Path) -> None:
    write_files(tmp_path / "out", {"big": b"x" * MIB})
    folder = write_files(tmp_path / "in", {"a": b"x" * 8_192, "b/c": ""})
    (folder / "link").symlink_to(tmp_path / "out")
    with (folder / "sparse").open("wb") as file:
        file.truncate(1 << 40)
    use = measure_use((folder,))
    assert use.files == 5
    assert 8_192 <= use.disk < 100_000


def test_open_files_that_no_folder_holds_are_found(tmp_path: Path) -> None:
    with (tmp_path / "gone").open("wb") as file, os.fdopen(os.memfd_create("m"), "wb") as memory:
        file.write(b"x" * MIB)
        memory.write(b"x" * 2 * MIB)
        file.flush()
        memory.flush()
        (tmp_path / "gone").unlink()
        found = sum_unlinked([os.getpid()], tmp_path.stat().st_dev)
    assert found[0] >= MIB
    assert found[1] >= 2 * MIB


def test_processes_are_found_below_their_leader() -> None:
    with subprocess.Popen(["sh", "-c", "sleep 30 & sleep 30; :"], stdout=subprocess.PIPE) as shell:
        try:
            while len(found := list_descendants(shell.pid)) < 3:
                pass
        finally:
            subprocess.run(["pkill", "-P", str(shell.pid)])
            shell.kill()
    assert found[0] == shell.pid
    assert sum_memory([os.getpid()], limit=0) > MIB


@pytest.mark.parametrize("kind", ["process", pytest.param("bwrap", marks=pytest.mark.bwrap)])
@pytest.mark.parametrize(
    ("command", "reason"),
    [
        (
            'for i in 1 2 3 4 5 6; do python3 -c \'import time; x = b"1" * (60 << 20); '
            "time.sleep(4)' & done; wait",
            "stopped: over the memory limit of 268 MB",
        ),
        (
            'python3 -c \'import os, time\nf = [os.memfd_create("m") for _ in range(6)]\n'
            'for x in f: os.write(x, b"1" * (60 << 20))\ntime.sleep(4)\'',
            "stopped: over the memory limit of 268 MB",
        ),
        (
            "python3 -c 'import os, time\nfor i in range(3):\n  f = os.open(str(i), 65)\n"
            '  os.unlink(str(i)); os.dup(f)\n  os.write(f, b"1" * (60 << 20))\ntime.sleep(4)\'',
            "stopped: over the disk limit of 105 MB",
        ),
    ],
    ids=["processes", "files in memory", "unlinked files"],
)
def test_without_control_groups_limits_hold_too(
    kind: str, source: Path, command: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rematch.agents.sandboxes.host.make_group", lambda limits: None)
    with make_sandbox(kind, source) as sandbox:
        assert sandbox.execute(command).returncode == 137
        assert sandbox.incidents == [reason]
        assert sandbox.execute("echo on").output == "on\n"


def test_a_group_of_version_2_stands_beside_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "rematch.agents.sandboxes.cgroups._read_own_groups", lambda: {"": "/user/shell"}
    )
    (tmp_path / "cgroup.controllers").write_text("memory pids")
    write_files(tmp_path / "user", {"cgroup.subtree_control": "cpu"})
    group = make_group(SandboxLimits(memory_bytes=64 * MIB, processes=9), tmp_path)
    assert group is not None
    (folder,) = group.folders
    assert folder.parent == tmp_path / "user"
    assert (folder / "memory.max").read_text() == str(64 * MIB)
    assert (folder / "pids.max").read_text() == "9"
    assert (tmp_path / "user" / "cgroup.subtree_control").read_text() == "+memory +pids"
    (folder / "memory.events").write_text("low 0\noom 3\noom_kill 2\n")
    assert group.count_memory_kills() == 2


def test_the_groups_of_the_dead_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "rematch.agents.sandboxes.cgroups._read_own_groups", lambda: {"memory": "/a", "pids": "/"}
    )
    with subprocess.Popen(["true"]) as gone:
        pass
    names = (f"rematch-{gone.pid}-1", f"rematch-{os.getpid()}-1", "rematch-other")
    parents = (tmp_path / "memory" / "a", tmp_path / "pids")
    for parent in parents:
        for name in names:
            (parent / name).mkdir(parents=True)
    assert sweep_groups(tmp_path) == 1
    for parent in parents:
        assert {path.name for path in parent.iterdir()} == set(names[1:])


def test_where_groups_cannot_be_made_there_is_none(tmp_path: Path) -> None:
    assert make_group(SandboxLimits(), tmp_path / "missing") is None


def test_a_command_joins_the_groups_first(tmp_path: Path) -> None:
    folders = (tmp_path / "one", tmp_path / "two")
    for folder in folders:
        folder.mkdir()
    line = ControlGroup(folders).wrap(["echo", "a  b"])
    done = subprocess.run(line, capture_output=True, text=True)
    assert done.stdout == "a  b\n"
    assert [(folder / "cgroup.procs").read_text().strip().isdigit() for folder in folders]
