"""What the recorder in the sandbox sends of each test, and the report made of it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rematch.agents.repairer.inside import (
    repairer_recorder,
    repairer_trial,
)


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write_report(*events: dict[str, Any], code: int = 0) -> dict[str, Any]:
    return repairer_trial.make_report(list(events), code)


END = {"lines": {"a.py": [[1, 1, 0]]}, "imported": {}, "kinds": {}}


def test_events_become_a_report() -> None:
    found = write_report(
        {"start": "t1"},
        {"end": "t1", "cpu": 0.01},
        {"start": "t2"},
        {"fail": "t2", "type": "E", "message": "m", "frames": []},
        {"fail": "t2", "type": "F", "message": "later", "frames": []},
        {"end": "t2", "cpu": 9.0},
        END,
    )
    assert (found["ran"], found["failing"], found["quick"]) == (2, 1, True)
    assert found["failed"] == [{"id": "t2", "type": "E", "message": "m", "frames": []}]
    assert found["lines"] == END["lines"]


@pytest.mark.parametrize(("code", "kind"), [(124, "TooSlow"), (139, "Died"), (0, "Died")])
def test_a_child_that_ends_within_a_test_is_that_tests_failure(code: int, kind: str) -> None:
    found = write_report({"start": "t1"}, {"end": "t1", "cpu": 0.5}, {"start": "t2"}, code=code)
    assert [(one["id"], one["type"]) for one in found["failed"]] == [("t2", kind)]
    assert (found["ran"], found["quick"]) == (2, False)


def test_a_child_that_ends_between_tests_is_the_commands_failure() -> None:
    (failed,) = write_report({"start": "t"}, {"end": "t", "cpu": 0}, code=3)["failed"]
    assert failed == {"id": "the test command", "type": "Died", "message": "exit code 3"}
    assert write_report(END, code=3)["failed"] == []  # it had told all it knew
    assert write_report()["ran"] == 0


def test_only_so_many_failures_are_told_and_all_are_counted() -> None:
    events = [{"fail": f"t{n}", "type": "E", "message": "", "frames": []} for n in range(99)]
    found = write_report(*events, END)
    assert (len(found["failed"]), found["failing"]) == (60, 99)


class Wire:
    """A recorder, and the events that it sent."""

    def __init__(self, cover: bool = False) -> None:
        self.reading, writing = os.pipe()
        self.recorder = repairer_recorder.Recorder(writing, str(Path.cwd()), cover, 50.0, 50.0)

    def read(self) -> list[dict[str, Any]]:
        os.close(self.recorder.pipe)
        with os.fdopen(self.reading, "rb") as pipe:
            return [json.loads(line) for line in pipe.read().splitlines()]


@pytest.fixture
def wire() -> Iterator[Wire]:
    yield Wire(cover=True)
    sys.settrace(None)


def raise_in_project(error: BaseException) -> None:
    """Raise within a file of the project."""
    path = Path("a.py")
    path.write_text("def f(error):\n    raise error\n")
    space: dict[str, Any] = {}
    exec(compile(path.read_text(), str(path.resolve()), "exec"), space)
    space["f"](error)


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt(), SystemExit(3)])
def test_whatever_a_test_raises_is_its_failure(
    wire: Wire, error: BaseException, capsys: pytest.CaptureFixture[str]
) -> None:
    with wire.recorder.guard("t", True):
        raise_in_project(error)
    start, fail, end = wire.read()
    assert (start, end["end"]) == ({"start": "t"}, "t")
    assert (fail["fail"], fail["type"]) == ("t", type(error).__name__)
    assert fail["frames"] == [["a.py", 2]]
    assert "Traceback" in capsys.readouterr().err or isinstance(error, SystemExit)


def test_a_run_that_ends_well_is_no_test_by_itself(wire: Wire) -> None:
    with wire.recorder.guard("unittest", False):
        pass
    with wire.recorder.guard("script", True):
        raise SystemExit(0)
    assert [next(iter(event)) for event in wire.read()] == ["start", "end"]


def test_an_errors_cause_is_part_of_the_way_and_long_messages_are_cut(
    wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    with wire.recorder.guard("t", True):
        try:
            raise_in_project(KeyError("x"))
        except KeyError as error:
            raise ValueError(f"{Path.cwd()}/a.py: {'y' * 900}") from error
    fail = wire.read()[1]
    assert fail["frames"] == [["a.py", 2]]
    assert fail["message"].startswith("a.py: y")
    assert len(fail["message"]) == 300


def test_a_syntax_error_is_blamed_on_its_line(
    wire: Wire, capsys: pytest.CaptureFixture[str]
) -> None:
    with wire.recorder.guard("t", False):
        compile("x = 1\ny = (\n", str(Path("b.py").resolve()), "exec")
    fail = next(event for event in wire.read() if "fail" in event)
    assert fail["type"] == "SyntaxError"
    assert fail["frames"][-1][0] == "b.py"


def test_covered_lines_count_by_test(wire: Wire, capsys: pytest.CaptureFixture[str]) -> None:
    path = Path("a.py")
    path.write_text("def f(x):\n    if x:\n        return 1 / 0\n    return x\n")
    recorder = wire.recorder

    def run(name: str, value: int) -> None:
        with recorder.guard(name, True):
            space["f"](value)

    space: dict[str, Any] = {}
    code = compile(path.read_text(), str(path.resolve()), "exec")
    sys.settrace(recorder.trace)
    try:
        exec(code, space)
        run("good", 0)
        run("bad", 1)
        run("good too", 0)
    finally:
        recorder.finish()
    last = wire.read()[-1]
    assert last["lines"]["a.py"] == [[2, 1, 2], [3, 1, 0]]
    assert last["imported"]["a.py"] == [1]
    assert last["kinds"]["a.py:f"] == {"x": ["int"]}


def test_without_coverage_nothing_of_it_is_sent() -> None:
    wire = Wire()
    with wire.recorder.guard("t", True):
        pass
    wire.recorder.finish()
    assert wire.read()[-1] == {"lines": {}, "imported": {}, "kinds": {}}
