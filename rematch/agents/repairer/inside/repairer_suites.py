"""Runs a test command in this process, under a recorder.

Sent into the sandbox as text beside run_tests.py, whose child calls `record`: standard library
only, Python >= 3.8.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import os
import runpy
import sys
from collections.abc import Callable

TYPE_CHECKING = False  # as typing has it, whose import would cost 3 ms of each run
if TYPE_CHECKING:
    from typing import Any

    from rematch.agents.repairer.inside.repairer_recorder import Recorder

SKIPPED = {"__pycache__", "node_modules", "venv"}


def hook_unittest(recorder: Recorder) -> Any:
    """Have every unittest run of this process recorded, whoever starts it."""
    import unittest

    def wrap(name: str, note: Callable[..., None]) -> None:
        original = getattr(unittest.TestResult, name)

        def method(self: Any, test: Any, *rest: Any) -> Any:
            note(test, *rest)
            return original(self, test, *rest)

        setattr(unittest.TestResult, name, method)

    def fail(test: Any, error: Any = None) -> None:
        if isinstance(error, tuple):
            recorder.fail(test.id(), error[1], error[2])

    def surprise(test: Any) -> None:
        recorder.fail(test.id(), AssertionError("unexpected success"), None)

    wrap("startTest", lambda test: recorder.start(test.id()))
    wrap("stopTest", lambda test: recorder.end(test.id()))
    wrap("addError", fail)
    wrap("addFailure", fail)
    wrap("addSubTest", lambda test, part, error: fail(test, error))
    wrap("addUnexpectedSuccess", surprise)
    return unittest


class PytestPlugin:
    """Has a pytest run recorded."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def pytest_collection(self, session: Any) -> None:
        """Pytest and its plugins are imported; what comes now is the project's."""
        start_tracing(self.recorder)

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        """A test begins."""
        self.recorder.start(nodeid)

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        """A test ended."""
        self.recorder.end(nodeid)

    def pytest_exception_interact(self, node: Any, call: Any, report: Any) -> None:
        """A test, or the import of a test file, failed."""
        is_collecting = not hasattr(report, "when")
        if is_collecting:
            self.recorder.start(node.nodeid)
        error = call.excinfo.value
        if type(error).__name__ == "CollectError":
            error = error.__cause__ or error.__context__ or error
        self.recorder.fail(node.nodeid, error, error.__traceback__)
        if is_collecting:
            self.recorder.end(node.nodeid)


def run_auto(recorder: Recorder) -> None:
    """Run every test file: unittest classes, and functions named test* that need nothing."""
    unittest = hook_unittest(recorder)
    suite, loader = unittest.TestSuite(), unittest.TestLoader()

    class Plain(unittest.FunctionTestCase):  # type: ignore[name-defined]
        def id(self) -> str:
            return f"{self._testFunc.__module__}.{self._testFunc.__name__}"

    for path in find_test_files():
        modules: list[Any] = []
        with recorder.guard(path, False):
            modules.append(import_file(path))
        for module in modules:
            suite.addTests(loader.loadTestsFromModule(module))
            for name, value in sorted(vars(module).items()):
                is_plain = name.startswith("test") and inspect.isfunction(value)
                if is_plain and not inspect.signature(value).parameters:
                    suite.addTest(Plain(value))
    unittest.TextTestRunner(verbosity=0).run(suite)


def find_test_files() -> list[str]:
    """The project's test files by their names, sorted."""
    found = []
    for folder, folders, names in os.walk("."):
        folders[:] = [f for f in folders if f not in SKIPPED and not f.startswith(".")]
        for name in names:
            stem, suffix = os.path.splitext(name)
            if suffix == ".py" and (stem.startswith("test") or stem.endswith("_test")):
                found.append(os.path.join(folder, name)[2:])
    return sorted(found)


def import_file(path: str) -> Any:
    """Import a test file: from its topmost package's parent, else by its own folder."""
    folder, name = os.path.split(path)
    parts = [os.path.splitext(name)[0]]
    while folder and os.path.exists(os.path.join(folder, "__init__.py")):
        folder, parent = os.path.split(folder)
        parts.insert(0, parent)
    home, dotted = os.path.abspath(folder), ".".join(parts)
    if home not in sys.path:
        sys.path.insert(1, home)
    known = sys.modules.get(dotted)
    if known is None:
        return importlib.import_module(dotted)
    if os.path.abspath(getattr(known, "__file__", "") or "") == os.path.abspath(path):
        return known
    spec = importlib.util.spec_from_file_location(path.replace("/", "_")[:-3], path)
    if spec is None or spec.loader is None:
        raise ImportError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run_python(recorder: Recorder, arguments: list[str]) -> None:
    """Run what `python3 ARGUMENTS` would, its unittest or pytest tests recorded."""
    sys.argv = arguments[1:] if arguments[0] == "-m" else arguments
    hook_unittest(recorder)
    if arguments[:2] == ["-m", "pytest"]:
        with recorder.guard("pytest", False):
            recorder.arm(False)  # importing it takes long, and tests have limits of their own
            pytest = importlib.import_module("pytest")
            more = ["-p", "no:cacheprovider", "--continue-on-collection-errors"]
            pytest.main([*arguments[2:], *more], plugins=[PytestPlugin(recorder)])
    elif arguments[:2] == ["-m", "unittest"]:
        import unittest

        with recorder.guard("unittest", False):
            unittest.main(module=None, argv=["unittest", *arguments[2:]], exit=False)
    elif arguments[0] == "-m":
        with recorder.guard(" ".join(arguments), True):
            runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = os.path.abspath(os.path.dirname(arguments[0]))
        with recorder.guard(" ".join(arguments), True):
            runpy.run_path(arguments[0], run_name="__main__")


def record(recorder: Recorder, command: list[str], checks: list[str]) -> None:
    """Run the checks and the command in the current folder."""
    sys.path[0] = os.getcwd()
    if os.path.isdir("src"):
        sys.path.append(os.path.abspath("src"))
    sys.dont_write_bytecode = True
    if command[:3] != ["python3", "-m", "pytest"]:
        start_tracing(recorder)
    for number, check in enumerate(checks, 1):
        with recorder.guard(f"issue example {number}", True):
            run_check(check)
    if command == ["auto"]:
        run_auto(recorder)
    elif command[0] == "python3":
        run_python(recorder, command[1:])
    else:
        os.execvp("bash", ["bash", "-c", " ".join(command)])
    recorder.finish()


def start_tracing(recorder: Recorder) -> None:
    """From now on, note the lines that run, if they are wanted."""
    if recorder.cover:
        importlib.import_module("threading").settrace(recorder.trace)
        sys.settrace(recorder.trace)


def run_check(check: str) -> None:
    """Run `check: CODE`, or `raises NAME: CODE`, which must raise an error of that name."""
    kind, _, code = check.partition(": ")
    wanted = kind.split()[-1] if kind.startswith("raises ") else ""
    try:
        exec(compile(code, "<issue>", "exec"), {"__name__": "issue"})
    except Exception as error:
        if wanted not in [kind.__name__ for kind in type(error).__mro__]:
            raise
    else:
        if wanted:
            raise AssertionError(f"{wanted} not raised")
