"""The command as a user meets it first: help, version, exit codes, one-line errors."""

import importlib
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

import rematch as package
from rematch.errors import InputError, ModelRefusedError, UsageError
from tests.cli.running import REMATCH, Done, rematch, start_rematch

MAIN = importlib.import_module("rematch.cli.main")  # the package names its function so
HEAVY = ("dspy", "litellm", "datasets", "numpy", "optuna", "docker", "sklearn", "minisweagent")
COMMANDS = sorted(
    command.name or command.callback.__name__.replace("_", "-")
    for command in MAIN.app.registered_commands
    if command.callback
)


def parameters(command: str) -> list[str]:
    group = typer.main.get_command(MAIN.app)
    found = group.commands[command]  # type: ignore[attr-defined]
    return [name for parameter in found.params for name in parameter.opts if name[0] == "-"]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Runs a command that raises what it is given."""

    def run(error: BaseException, *options: str) -> Done:
        app = typer.Typer()

        @app.callback()
        def options_too(debug: bool = False) -> None:
            MAIN._options(debug=debug)

        @app.command()
        def fail() -> None:
            raise error

        monkeypatch.setattr(MAIN, "app", app)
        return rematch(*options, "fail")

    return run


def test_help_loads_nothing_heavy() -> None:
    code = (
        "import sys; from rematch.cli import main; sys.argv = ['rematch', '--help']\n"
        "try: main()\n"
        f"finally: sys.stderr.write(repr([m for m in {HEAVY} if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "[]")
    assert all(command in done.stdout for command in COMMANDS)


def test_version() -> None:
    assert rematch("--version") == Done(0, f"rematch {package.__version__}\n", "")


def test_no_arguments_show_the_help() -> None:
    done = rematch()
    assert done.code == 2
    assert all(command in done.out + done.err for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command_states_every_option(command: str) -> None:
    done = rematch(command, "--help", COLUMNS="200")
    assert done.code == 0
    options = [option for option in parameters(command) if option != "--help"]
    assert [option for option in options if option not in done.out] == []
    rows = [line.strip("│ ") for line in done.out.splitlines() if re.match(r"│ +-", line)]
    assert [row for row in rows if len(row.split("  ")) < 2] == [], "an option without a help"


@pytest.mark.parametrize("words", [["frobnicate"], ["select", "--frob", "x"], ["select"]])
def test_wrong_usage_is_2(words: list[str]) -> None:
    done = rematch(*words)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("error", "code"), [(UsageError, 2), (InputError, 1), (ModelRefusedError, 1)]
)
def test_error_of_ours_is_one_line(
    failing: Callable[..., Done], error: type[Exception], code: int
) -> None:
    done = failing(error("a.json: is empty; remove it"))
    assert done == Done(code, "", "error: a.json: is empty; remove it\n")


def test_other_error_is_one_line_too(failing: Callable[..., Done]) -> None:
    done = failing(KeyError("first\nsecond"))
    assert done.code == 1
    assert "KeyError" in done.error and "--debug" in done.error


def test_error_line_holds_no_control_characters(failing: Callable[..., Done]) -> None:
    done = failing(InputError("a\x1b[31m\nb.json: is empty"))
    assert done.err == "error: a\N{REPLACEMENT CHARACTER}[31m b.json: is empty\n"


@pytest.mark.parametrize(("error", "code"), [(UsageError("no"), 2), (ValueError("no"), 1)])
def test_debug_shows_the_traceback(
    failing: Callable[..., Done], error: Exception, code: int
) -> None:
    done = failing(error, "--debug")
    assert "Traceback (most recent call last)" in done.err
    assert (done.code, "raise error" in done.err) == (code, True)


def test_interrupt_is_130(failing: Callable[..., Done]) -> None:
    done = failing(KeyboardInterrupt())
    assert (done.code, done.out) == (130, "")
    assert "Traceback" not in done.err


def test_interrupted_process_ends_with_130(tmp_path: Path) -> None:
    from rematch.testing import Endpoint
    from tests.app.recordings import write_pool

    write_pool(tmp_path / "pool", tasks=1)
    with Endpoint(latency=1) as endpoint:
        process = start_rematch(
            *("select", tmp_path / "pool", "--model", "openai/m", "--api-base", endpoint.url)
        )
        while endpoint.peak == 0 and process.poll() is None:
            signal.sigtimedwait([], 0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert (out, "Traceback" in err) == ("", False)


@pytest.mark.parametrize("options", [["--json"], []])
def test_reader_that_leaves_early_is_no_fault(tmp_path: Path, options: list[str]) -> None:
    from tests.app.recordings import write_pool

    write_pool(tmp_path / "pool", tasks=2)
    command = [str(REMATCH), "select", str(tmp_path / "pool"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout and process.stderr
    process.stdout.close()
    err = process.stderr.read().decode()
    process.stderr.close()
    process.wait(timeout=20)
    assert "fault" not in err and "Traceback" not in err and "Exception ignored" not in err


def test_dotenv_is_read_and_does_not_lie_over_the_environment(
    tmp_path: Path, failing: Callable[..., Done]
) -> None:
    (tmp_path / ".env").write_text("REMATCH_DEBUG=1\n")
    assert "Traceback" in failing(ValueError("no")).err
    assert "Traceback" not in rematch("fail", REMATCH_DEBUG="").err


def test_unreadable_dotenv_is_one_line(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xff\xfeA=1")
    done = rematch("--version")
    assert (done.code, done.out) == (2, "")
    assert str(tmp_path / ".env") in done.error
