"""Attacks of a rollout on the machine that runs it: contained, recorded, and the work goes on.

Each attack is a command of a rollout of the real agent loop; the next command must work.
"""

import os
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rematch.data
from rematch.data.records import Action, Ending, Rollout
from tests.agents.boxes import ISOLATED, list_actions, make_sandbox, run_script, write_files

pytestmark = pytest.mark.parametrize("kind", ISOLATED)

SECRET = "canary-7f3a"
FILL = "for i in $(seq 99); do head -c 50M /dev/zero > {}$i || break; done"
CHECKOUT = Path(__file__).resolve().parents[2]


def attack(kind: str, source: Path, command: str) -> tuple[Action, Rollout]:
    """The attack as it was recorded, when the rollout went on after it and submitted."""
    hidden = [source.parents[1]]
    rollout = run_script(make_sandbox(kind, source, hidden=hidden), command, "echo on; cat a.py")
    attacked, after, _ = list_actions(rollout)
    assert after.output == "on\nx = 1\n"
    assert after.exit_code == 0
    assert rollout.trajectory.ending is Ending.SUBMITTED
    return attacked, rollout


@pytest.fixture
def server() -> Iterator[int]:
    """A server on this machine; its port."""
    with socket.create_server(("0.0.0.0", 0)) as listener:
        listener.settimeout(0.1)
        stopped = threading.Event()

        def serve() -> None:
            while not stopped.is_set():
                try:
                    listener.accept()[0].sendall(SECRET.encode())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        stopped.set()
        thread.join()


def test_the_network_is_out_of_reach(kind: str, source: Path, server: int) -> None:
    addresses = {"127.0.0.1", "10.0.0.1", "172.17.0.1", "1.1.1.1", _own_address()}
    script = (
        "import socket\n"
        f"for address in {sorted(addresses)!r}:\n"
        f"    for port in ({server}, 53, 80):\n"
        "        try:\n"
        "            with socket.create_connection((address, port), 0.5) as s: print(s.recv(99))\n"
        "        except OSError as error: print(type(error).__name__)\n"
    )
    attacked, _ = attack(kind, source, f"python3 -c {shlex.quote(script)}; cat /proc/net/dev")
    assert SECRET not in attacked.output
    assert "b'" not in attacked.output
    lines = attacked.output.splitlines()
    interfaces = [line.split(":")[0].strip() for line in lines if ":" in line]
    assert interfaces == ["lo"]


def test_names_are_not_resolved(kind: str, source: Path) -> None:
    attacked, _ = attack(kind, source, "getent hosts example.com || echo nothing")
    assert attacked.output == "nothing\n"


def test_nothing_outside_is_written(kind: str, source: Path, tmp_path: Path) -> None:
    places = (tmp_path, source, CHECKOUT, Path.home(), Path("/etc"), Path("/usr"), Path("/dev/shm"))
    before = _list_names(places)
    command = "; ".join(f"mkdir -p {place}; echo x > {place}/attacked" for place in places)
    attack(kind, source, command)
    assert not [place for place in places if (place / "attacked").exists()]
    assert _list_names(places) == before


@pytest.mark.parametrize("way", ["cat", "ls -la", "cp -r -t ."])
def test_nothing_of_ours_is_read(
    kind: str, source: Path, tmp_path: Path, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = source.parents[1]
    write_files(
        task,
        {"tests/test.sh": SECRET, "solution/solve.sh": SECRET, "labels.json": SECRET},
    )
    write_files(tmp_path, {".env": f"OPENAI_API_KEY={SECRET}", "home/.ssh/id": SECRET})
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRET)
    pocket = Path(rematch.data.__path__[0]) / "pocket"
    paths = [
        *(task / "tests" / "test.sh", task / "solution", task / "labels.json", tmp_path / ".env"),
        *(tmp_path / "home", CHECKOUT / "pyproject.toml", CHECKOUT / ".git", pocket),
        *(Path.home() / ".bashrc", Path("/etc/shadow"), Path("/proc/1/root"), Path(sys.prefix)),
        *(Path(f"/proc/{os.getpid()}/environ"), Path("/var/run/docker.sock")),
        *(Path("/run/docker.sock"), Path("../../tests/test.sh")),
    ]
    command = "; ".join(f"{way} {path} 2>&1" for path in paths)
    attacked, rollout = attack(kind, source, f"{command}; env; ps ax || true")
    assert SECRET not in attacked.output
    assert SECRET not in (rollout.patch or "")
    assert "rematch-agents" not in attacked.output


def test_the_daemons_socket_is_not_there(kind: str, source: Path) -> None:
    command = "find / -name '*.sock' -not -path '/proc/*' 2>/dev/null; true"
    attacked, _ = attack(kind, source, command)
    assert attacked.output == ""


def test_links_and_dots_lead_nowhere(kind: str, source: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"secret": SECRET})
    command = (
        f"ln -s {tmp_path}/secret one; ln -s {tmp_path} two; ln -s ../../../secret three; "
        f"ln -s / four; ln -s /proc/1/root five; cat one two/secret three four{tmp_path}/secret "
        f"five{tmp_path}/secret ../../../secret {tmp_path}/secret; "
        f"echo x > one; echo x > two/made; echo x > four{tmp_path}/made; true"
    )
    attacked, rollout = attack(kind, source, command)
    assert SECRET not in attacked.output
    assert (tmp_path / "secret").read_text() == SECRET
    assert not (tmp_path / "made").exists()
    assert rollout.patch == ""
    assert "symlink out of the work folder" in rollout.trajectory.ending_detail


def test_a_replaced_work_folder_is_not_followed(kind: str, source: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"a.py": SECRET})
    command = f"cd /; rm -rf /app; ln -s {tmp_path} /app; mv /app /old; ln -s /etc /app; true"
    sandbox = make_sandbox(kind, source)
    rollout = run_script(sandbox, command)
    assert SECRET not in (rollout.patch or "")
    assert "passwd" not in (rollout.patch or "")
    assert (tmp_path / "a.py").read_text() == SECRET


def test_a_hostile_patch_is_text_only(kind: str, source: Path, tmp_path: Path) -> None:
    write_files(tmp_path, {"outside": "safe\n"})
    evil = "--- a/../../outside\n+++ b/../../outside\n@@ -1 +1 @@\n-safe\n+pwned\n"
    command = (
        f"printf '%s' '{evil}' > evil.patch; patch -p1 < evil.patch; git apply evil.patch; "
        "printf '%s\\n' 'x = 1' 'diff --git a/../../outside b/../../outside' > b.py; true"
    )
    _, rollout = attack(kind, source, command)
    assert (tmp_path / "outside").read_text() == "safe\n"
    again = write_files(tmp_path / "apply" / "here", {"a.py": "x = 1\n"})
    applied = subprocess.run(
        ["git", "apply", "-"], input=(rollout.patch or "").encode(), cwd=again, capture_output=True
    )
    assert applied.returncode == 0
    assert sorted(path.name for path in again.iterdir()) == ["a.py", "b.py", "evil.patch"]
    assert (tmp_path / "outside").read_text() == "safe\n"


def test_no_right_is_held_or_gained(kind: str, source: Path) -> None:
    script = "grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/self/status; su -c id; mount -t tmpfs x ."
    attacked, _ = attack(kind, source, f"{script}; mknod disk b 8 0; chroot / id; reboot -f; true")
    words = attacked.output.split()
    assert words[:6] == ["CapPrm:", "0" * 16, "CapEff:", "0" * 16, "NoNewPrivs:", "1"]
    assert "uid=0(root) gid=0(root) groups=0(root)\nuid" not in attacked.output


@pytest.mark.parametrize(
    "bomb",
    [
        ":(){ :|:& };: ; sleep 1",
        "python3 -c 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass'",
        "python3 -c 'import os\nwhile True:\n  try: os.fork() or os.setsid()\n"
        "  except OSError: pass'",
    ],
    ids=["shell", "fork", "setsid"],
)
def test_a_fork_bomb_is_contained(kind: str, source: Path, bomb: str) -> None:
    before = _count_processes()
    attacked, rollout = attack(kind, source, bomb)
    told = attacked.output + rollout.trajectory.ending_detail
    assert "unavailable" in told or "stopped:" in told
    assert _count_processes() < before + 300  # other tests run beside this one


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("python3 -c 'x = bytearray(2 << 30)'", "MemoryError"),
        ("python3 -c 'x = []\nwhile True: x.append(bytearray(1 << 20))'", "memory|MemoryError"),
        (
            'for i in 1 2 3 4 5 6; do python3 -c \'import time; x = b"1" * (60 << 20); '
            "time.sleep(2)' & done; wait; echo",
            "memory|Killed",
        ),
        (
            'python3 -c \'import os\nx = []\nwhile True:\n  x.append(os.memfd_create("m"))\n'
            '  for i in range(60): os.write(x[-1], b"1" * (1 << 20))\'',
            "memory",
        ),
    ],
    ids=["one block", "growing", "many processes", "files in memory"],
)
def test_memory_is_not_filled(kind: str, source: Path, command: str, reason: str) -> None:
    attacked, rollout = attack(kind, source, command)
    told = attacked.output + rollout.trajectory.ending_detail
    assert any(word in told for word in reason.split("|"))


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("dd if=/dev/zero of=big bs=1M count=500; rm big", "File size limit exceeded"),
        (FILL.format("big"), "disk limit"),
        (FILL.format("/tmp/"), "disk limit"),
    ],
    ids=["one file", "many files", "tmp"],
)
def test_the_disk_is_not_filled(kind: str, source: Path, command: str, reason: str) -> None:
    free = os.statvfs(source).f_bavail * os.statvfs(source).f_frsize
    attacked, rollout = attack(kind, source, command)
    assert reason in attacked.output + rollout.trajectory.ending_detail
    left = os.statvfs(source).f_bavail * os.statvfs(source).f_frsize
    assert free - left < 500 << 20


def test_after_a_full_disk_a_rollout_may_clear_up(kind: str, source: Path) -> None:
    with make_sandbox(kind, source) as sandbox:
        assert sandbox.execute(FILL.format("big")).returncode == 137
        time.sleep(0.6)
        assert sandbox.execute(FILL.format("more")).returncode == 137
        assert sandbox.execute("rm big* more*; sleep 0.7; echo clear").output == "clear\n"
        assert sandbox.execute("sleep 0.7; echo on").output == "on\n"


@pytest.mark.parametrize(
    "way",
    [
        "(setsid {} &)",
        "nohup {} >/dev/null 2>&1 & disown",
        "python3 -c 'import os\nif os.fork() == 0:\n  os.setsid()\n  if os.fork() == 0:\n"
        '    os.execvp("sleep", "{}".split())\n\'',
        'trap "" TERM INT HUP; {}',
    ],
    ids=["setsid", "nohup", "double fork", "deaf"],
)
def test_nothing_outlives_the_limit(kind: str, source: Path, way: str) -> None:
    mark = f"sleep 98{os.getpid()}"
    rollout = run_script(
        make_sandbox(kind, source), f"{way.replace('{}', mark)}; sleep 60", "ps ax; echo on"
    )
    attacked, after, _ = list_actions(rollout)
    assert attacked.exit_code == 124
    assert attacked.output.endswith("[stopped: the time limit of 5 s]\n")
    assert "the time limit" in rollout.trajectory.ending_detail
    assert mark not in after.output
    assert subprocess.run(["pgrep", "-f", f"^{mark}"], capture_output=True).stdout == b""


def test_what_a_rollout_leaves_running_ends_with_it(kind: str, source: Path) -> None:
    mark = f"sleep 97{os.getpid()}"
    attack(kind, source, f"(setsid {mark} >/dev/null 2>&1 &); true")
    assert subprocess.run(["pgrep", "-f", f"^{mark}"], capture_output=True).stdout == b""


def test_the_sandbox_survives_the_death_of_all_its_processes(kind: str, source: Path) -> None:
    attacked, _ = attack(kind, source, "kill -9 -1; kill -9 1; kill -9 $PPID; kill -9 $$")
    assert attacked.exit_code != 0


def _own_address() -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def _list_names(places: tuple[Path, ...]) -> list[list[str]]:
    return [sorted(path.name for path in place.iterdir()) for place in places[1:6]]


def _count_processes() -> int:
    return sum(path.name.isdigit() for path in Path("/proc").iterdir())
