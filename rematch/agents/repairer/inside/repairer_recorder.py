"""Notes which tests of this process run, fail and cover which lines.

Sent into the sandbox as text beside run_tests.py: standard library only, Python >= 3.8. Each
event goes to the parent process at once, one JSON line each, so that what is known survives a
child that has to be killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator

TYPE_CHECKING = False  # as typing has it, whose import would cost 3 ms of each run
if TYPE_CHECKING:
    from typing import Any

MOST_FAILED, MOST_LINES = 60, 4000


class TooSlowError(BaseException):
    """A test used up its time."""


class Recorder:
    """Knows the test under way, its time limits and what it covers.

    Args:
        pipe: where events go.
        root: the project's folder.
        cover: whether to trace lines.
        cpu: CPU seconds that one test may use.
        seconds: wall seconds that one test may take.
    """

    def __init__(self, pipe: int, root: str, cover: bool, cpu: float, seconds: float) -> None:
        self.pipe, self.root, self.cover = pipe, root + os.sep, cover
        self.limits = {"PROF": cpu, "REAL": seconds}
        self.imported: dict[str, set[int]] = {}
        self.passed: dict[str, dict[int, int]] = {}
        self.failing: list[dict[str, set[int]]] = []
        self.current, self.bad, self.began = self.imported, False, 0.0
        self.files: dict[str, str] = {}
        self.kinds: dict[str, dict[str, list[str]]] = {}

    def send(self, **event: Any) -> None:
        """Hand the parent an event."""
        os.write(self.pipe, json.dumps(event).encode() + b"\n")

    def arm(self, on: bool) -> None:
        """Start or end the time limits; a limit that is swallowed comes again."""
        for name, number in (("PROF", signal.SIGPROF), ("REAL", signal.SIGALRM)):
            signal.signal(number, self._stop)
            limit = self.limits[name] if on else 0
            signal.setitimer(getattr(signal, f"ITIMER_{name}"), limit, 0.2 if on else 0)

    def start(self, name: str) -> None:
        """A test begins."""
        self.current, self.bad, self.began = {}, False, time.process_time()
        self.send(start=name)
        self.arm(True)

    def end(self, name: str) -> None:
        """A test ended."""
        self.arm(False)
        self.send(end=name, cpu=time.process_time() - self.began)
        if self.bad:
            self.failing.append(self.current)
        else:
            for path, lines in self.current.items():
                counts = self.passed.setdefault(path, {})
                for line in lines:
                    counts[line] = counts.get(line, 0) + 1
        self.current = self.imported

    def fail(self, name: str, error: BaseException, trace: Any) -> None:
        """A test failed: with what, and through which of the project's lines."""
        self.bad = True
        earlier = error.__cause__ or error.__context__
        frames = self._frames(earlier.__traceback__ if earlier else None) + self._frames(trace)
        if isinstance(error, SyntaxError) and str(error.filename).startswith(self.root):
            frames.append([str(error.filename)[len(self.root) :], error.lineno or 1])
        message = str(error).replace(self.root, "")[:300]
        self.send(fail=name, type=type(error).__name__, message=message, frames=frames[-12:])

    @contextlib.contextmanager
    def guard(self, name: str, is_test: bool) -> Iterator[None]:
        """A block whose failure is one of a test of this name; its success only if `is_test`."""
        if is_test:
            self.start(name)
        else:
            self.arm(True)
        try:
            yield
        except BaseException as error:  # noqa: BLE001 - whatever a project raises is its failure
            if not (isinstance(error, SystemExit) and error.code in (None, 0)):
                if not is_test:
                    self.start(name)
                    self.current = dict(self.imported)
                self.fail(name, error, error.__traceback__)
                sys.__excepthook__(type(error), error, error.__traceback__)
                is_test = True
        if is_test:
            self.end(name)

    def trace(self, frame: Any, event: str, arg: Any) -> Any:
        """What `sys.settrace` calls: notes the lines of the project's files."""
        path = frame.f_code.co_filename
        if path not in self.files:
            self.files[path] = path[len(self.root) :] if path.startswith(self.root) else ""
        known = self.files[path]
        if not known:
            return None
        is_import = frame.f_code.co_name == "<module>"
        lines = (self.imported if is_import else self.current).setdefault(known, set())

        def trace_line(frame: Any, event: str, arg: Any) -> Any:
            if event == "line":
                lines.add(frame.f_lineno)
            elif event == "return" and not is_import:
                self._note_kinds(known, frame)
            return trace_line

        return trace_line

    def finish(self) -> None:
        """Send what was covered: [line, failing tests as bits, passing tests] for each file."""
        sys.settrace(None)
        self.arm(False)
        masks: dict[str, dict[int, int]] = {}
        for bit, covered in enumerate(self.failing[:MOST_FAILED]):
            for path, lines in covered.items():
                for line in lines:
                    found = masks.setdefault(path, {})
                    found[line] = found.get(line, 0) | 1 << bit
        room, spectrum = MOST_LINES, {}
        for path in sorted(masks) if self.cover else ():
            passed = self.passed.get(path, {})
            rows = [[n, masks[path][n], passed.get(n, 0)] for n in sorted(masks[path])][:room]
            spectrum[path] = rows
            room -= len(rows)
        imported = {path: sorted(lines)[:400] for path, lines in sorted(self.imported.items())}
        if not self.cover:
            imported = {}
        self.send(lines=spectrum, imported=imported, kinds=self.kinds)

    def _note_kinds(self, path: str, frame: Any) -> None:
        """Note the types that a function's variables and its object's attributes have."""
        known = self.kinds.setdefault(f"{path}:{frame.f_code.co_name}", {})
        values = dict(frame.f_locals)
        owner = getattr(values.pop("self", None), "__dict__", None)
        values.update((f"self.{name}", value) for name, value in (owner or {}).items())
        for name, value in list(values.items())[:40]:
            kinds = known.setdefault(name, [])
            kind = type(value).__name__
            if kind not in kinds and len(kinds) < 4:
                kinds.append(kind)

    def _frames(self, trace: Any) -> list[list[Any]]:
        frames = []
        while trace is not None:
            path = trace.tb_frame.f_code.co_filename
            if path.startswith(self.root):
                frames.append([path[len(self.root) :], trace.tb_lineno])
            trace = trace.tb_next
        return frames

    @staticmethod
    def _stop(number: int, frame: Any) -> None:
        raise TooSlowError("the test used up its time")
