"""Edits, the copy that they are tried in, and the child process that runs the tests.

Sent into the sandbox as text beside run_tests.py: standard library only, Python >= 3.8. What
stands here and not there is compiled once.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator

TYPE_CHECKING = False  # as typing has it, whose import would cost 3 ms of each run
if TYPE_CHECKING:
    from typing import Any

TMP = os.path.join(os.environ.get("TMPDIR", "/tmp"), f"offline-repairer-{os.getpid()}")
SKIPPED = {".git", "__pycache__", "node_modules", ".venv", "venv", ".tox", ".mypy_cache"}
MOST_FILES, MOST_BYTES = 3000, 30_000_000


class Edit:
    """Lines of one file that replace others, from line `line` (1 is the first)."""

    def __init__(self, place: str) -> None:
        self.path, _, number = place.rpartition(":")
        self.line = int(number)
        self.old: list[bytes] = []
        self.new: list[bytes] = []

    def apply(self) -> None:
        """Change the file; its line ends stay as they are."""
        with open(self.path, "rb") as file:
            lines = file.read().split(b"\n")
        start = self.line - 1
        replaced = lines[start : start + len(self.old)]
        if [line.rstrip(b"\r") for line in replaced] != self.old:
            raise ValueError(f"{self.path}:{self.line} does not read as expected")
        near = (replaced or lines[:1])[0]
        end = b"\r" if near.endswith(b"\r") else b""
        lines[start : start + len(self.old)] = [line + end for line in self.new]
        with open(self.path, "wb") as file:
            file.write(b"\n".join(lines))


def read_input(text: bytes) -> tuple[list[Edit], list[str]]:
    """The edits, last lines first, and the further tests."""
    edits: list[Edit] = []
    checks = []
    for line in text.split(b"\n"):
        if line.startswith(b"@@ "):
            edits.append(Edit(line[3:].decode()))
        elif line.startswith((b"check: ", b"raises ")):
            checks.append(line.decode())
        elif line[:1] == b"-":
            edits[-1].old.append(line[1:])
        elif line[:1] == b"+":
            edits[-1].new.append(line[1:])
    return sorted(edits, key=lambda edit: -edit.line), checks


def read_patches(text: bytes) -> tuple[list[list[Edit]], list[str]]:
    """The edits of each patch, parted by empty lines, and the further tests of all of them."""
    parts = [read_input(part) for part in text.split(b"\n\n")]
    return [edits for edits, _ in parts], [check for _, checks in parts for check in checks]


def walk(root: str) -> Iterator[str]:
    """Files below a folder, symlinks and what tools made left out."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in SKIPPED]
        for name in names:
            yield os.path.join(folder, name)


def copy_tree(source: str, target: str) -> bool:
    """Copy the folder, unless it is too large."""
    size = 0
    paths: list[str] = []
    for path in walk(source):
        paths.append(path)
        size += os.lstat(path).st_size
        if len(paths) > MOST_FILES or size > MOST_BYTES:
            return False
    for path in paths:
        copy = os.path.join(target, os.path.relpath(path, source))
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        if os.path.islink(path):
            os.symlink(os.readlink(path), copy)
        elif os.path.isfile(path) and os.access(path, os.R_OK):
            with open(path, "rb") as old, open(copy, "wb") as new:
                new.write(old.read())
            os.chmod(copy, os.stat(path).st_mode | 0o600)
    return True


def remove_tree(root: str) -> None:
    """Remove a folder and all below it."""
    for folder, folders, names in os.walk(root, topdown=False):
        for name in names + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
            os.remove(os.path.join(folder, name))
        os.rmdir(folder)


class Trial:
    """The folder in which tests run: a copy, or the work folder put back afterwards."""

    def __init__(self, in_place: bool) -> None:
        self.here, self.copy = os.getcwd(), os.path.join(TMP, "copy")
        self.in_place = in_place
        self.saved: dict[str, bytes] = {}
        self.before: set[str] = set()

    def __enter__(self) -> Trial:
        os.makedirs(self.copy)
        if not self.in_place and copy_tree(self.here, self.copy):
            os.chdir(self.copy)
        else:
            self.in_place = True
            self.before = set(walk(self.here))
        return self

    def apply(self, edits: list[Edit]) -> None:
        """Make the edits here."""
        for edit in edits:
            if self.in_place and edit.path not in self.saved:
                with open(edit.path, "rb") as file:
                    self.saved[edit.path] = file.read()
            edit.apply()

    def __exit__(self, *error: Any) -> None:
        os.chdir(self.here)
        if self.in_place:
            for path, data in self.saved.items():
                with open(path, "wb") as file:
                    file.write(data)
            for path in set(walk(self.here)) - self.before:
                os.remove(path)
        remove_tree(TMP)


def load_ahead(command: list[str]) -> None:
    """Load what each child would load by itself."""
    names = ["repairer_recorder", "repairer_suites", "resource"]
    for name in names + ["unittest"] * (command[0] in ("auto", "python3")):
        importlib.import_module(name)


def run(command: list[str], checks: list[str], options: dict[str, str]) -> tuple[Any, str]:
    """Run the tests in a child of their own; its report and what it printed."""
    deadline = time.monotonic() + float(options.get("seconds", 10))
    reading, writing = os.pipe()
    log = os.open(os.path.join(TMP, "log"), os.O_RDWR | os.O_CREAT)
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        work(command, checks, options, writing, log)
    os.close(writing)
    data = b""
    while not data.rstrip(b"\n").rpartition(b"\n")[2].startswith(b'{"lines"'):
        left = deadline - time.monotonic()
        chunk = left > 0 and select.select([reading], [], [], left)[0] and os.read(reading, 1 << 16)
        if not chunk:
            break
        data += chunk
    code = end_child(child, deadline)
    size, shown = os.fstat(log).st_size, int(options.get("shown", 3000))
    printed = os.pread(log, shown, max(0, size - shown)).decode("utf-8", "replace")
    events = [json.loads(line) for line in data.split(b"\n")[:-1]]
    return make_report(events, code), printed


def work(
    command: list[str], checks: list[str], options: dict[str, str], writing: int, log: int
) -> None:
    """What the child does; it never returns."""
    import resource

    os.setsid()
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_BYTES, MOST_BYTES))
    for number, file in enumerate((os.open(os.devnull, os.O_RDONLY), log, log)):
        os.dup2(file, number)
    recorder_module = importlib.import_module("repairer_recorder")
    suites = importlib.import_module("repairer_suites")
    cpu, wall = float(options.get("cpu", 2)), float(options.get("seconds", 10)) * 0.4
    recorder = recorder_module.Recorder(writing, os.getcwd(), "cover" in options, cpu, wall)
    try:
        suites.record(recorder, command, checks)
        sys.stdout.flush()
    finally:
        os._exit(0)


def end_child(child: int, deadline: float) -> int:
    """Wait for the child as long as there is time, then end it and all that it started."""
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done or time.monotonic() >= deadline:
            break
        time.sleep(0.002)
    with contextlib.suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    if not done:
        os.waitpid(child, 0)
        return 124
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def make_report(events: list[dict[str, Any]], code: int) -> dict[str, Any]:
    """Events in one: how many tests ran, which failed, whether all were quick, what they cover."""
    failed: dict[str, dict[str, Any]] = {}
    ran, name, slowest = 0, "", 0.0
    more: dict[str, Any] = {"lines": {}, "imported": {}, "kinds": {}}
    finished = False
    for event in events:
        if "start" in event:
            ran, name = ran + 1, event["start"]
        elif "end" in event:
            name = ""
            slowest = max(slowest, 0.0 if event["end"] in failed else event["cpu"])
        elif "fail" in event:
            failed.setdefault(event.pop("fail"), event)
        else:
            more, finished = event, True
    if not finished and (name or code):
        kind = "TooSlow" if code == 124 else "Died"
        failed.setdefault(
            name or "the test command", {"type": kind, "message": f"exit code {code}"}
        )
    shown = [{"id": key, **value} for key, value in list(failed.items())[:60]]
    return {
        "ran": ran,
        "failing": len(failed),
        "quick": slowest < 0.03,
        "failed": shown,
        **more,
    }
