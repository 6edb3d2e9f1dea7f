"""The last line of an interrupted command, for every command, and Ctrl-C within one process."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.cli.interrupts import CODE, Interrupts, describe_end
from rematch.cli.main import app
from rematch.stopping import Stop, StoppedError, stopping

COMMANDS = [
    command.name or command.callback.__name__.replace("_", "-")
    for command in app.registered_commands
    if command.callback
]
KEEPS_NOTHING = {"evaluate"}
KEEPS_ONLY_WITH_A_FOLDER = {"select"}


def test_every_command_is_known_here() -> None:
    assert {"run", "select", "grade", "judge-report", "optimize", "anchor"} <= set(COMMANDS)
    assert set(COMMANDS) > KEEPS_NOTHING | KEEPS_ONLY_WITH_A_FOLDER


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("before", [[], ["--debug"]])
def test_every_command_says_what_becomes_of_its_work(name: str, before: list[str]) -> None:
    words = [*before, name, "some where", "--seed", "3"]
    again = shlex.join(["rematch", *words])
    expected = f"interrupted; continue with: {again}"
    if name in KEEPS_NOTHING:
        expected = f"interrupted; nothing is kept; again: {again}"
    elif name in KEEPS_ONLY_WITH_A_FOLDER:
        expected = f"interrupted; nothing is kept without -o; again: {again}"
    assert describe_end(words) == expected


@pytest.mark.parametrize("option", [["-o", "out"], ["-oout"], ["--output", "out"], ["--output=o"]])
@pytest.mark.parametrize("name", COMMANDS)
def test_whoever_names_a_folder_goes_on_in_it(name: str, option: list[str]) -> None:
    goes_on = describe_end([name, "pool", *option]).startswith("interrupted; continue with: ")
    assert goes_on == (name not in KEEPS_NOTHING)


def test_redo_is_not_said_again_wherever_it_stood() -> None:
    """It would forget what was finished until the interruption."""
    for words in (
        ["run", "--redo", "p"],
        ["run", "p", "--redo"],
        ["--debug", "run", "p", "--redo"],
    ):
        assert "--redo" not in describe_end(words)
        assert describe_end(words).endswith("run p")


def test_no_command_at_all_is_no_fault() -> None:
    assert describe_end([]) == "interrupted; continue with: rematch"
    assert describe_end(["--debug"]).endswith("rematch --debug")


@given(words=st.lists(st.text(min_size=1).filter(lambda word: word != "--redo")))
def test_the_line_can_be_pasted_into_a_shell(words: list[str]) -> None:
    line = describe_end(["run", *words])
    assert shlex.split(line.partition("continue with: ")[2]) == ["rematch", "run", *words]


def interrupt(times: int = 1) -> None:
    for _ in range(times):
        signal.raise_signal(signal.SIGINT)


def test_without_an_interrupt_nothing_is_said_and_the_signal_is_given_back(
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interrupts(["run"]):
        assert signal.getsignal(signal.SIGINT) != before
        assert not stopping.get().is_wished
    assert signal.getsignal(signal.SIGINT) == before
    assert capfd.readouterr() == ("", "")


def test_where_no_job_listens_one_is_enough(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(SystemExit) as caught, Interrupts(["select", "p"]):
        interrupt()
        raise AssertionError("unreachable")
    assert caught.value.code == CODE == 130
    assert capfd.readouterr().err == (
        "interrupted; nothing is kept without -o; again: rematch select p\n"
    )
    assert signal.getsignal(signal.SIGINT) == before


def listen(seconds: float, finished: list[str], interrupts: int) -> None:
    """A job with one thing under way, interrupted in the middle of it."""

    async def job() -> None:
        stop = stopping.get()
        with stop.finishing():
            interrupt(interrupts)
            await asyncio.sleep(seconds)
            finished.append("it")
        await stop.stand_still()

    async def main() -> None:
        await stopping.get().run(job())

    asyncio.run(main())


def test_once_finishes_what_is_under_way(capfd: pytest.CaptureFixture[str]) -> None:
    finished: list[str] = []
    with pytest.raises(SystemExit) as caught, Interrupts(["run", "p"]):
        listen(0.01, finished, 1)
    assert (caught.value.code, finished) == (CODE, ["it"])
    first, last = capfd.readouterr().err.splitlines()
    assert first == "interrupted: finishing what is under way; Ctrl-C again stops at once"
    assert last == "interrupted; continue with: rematch run p"


def test_twice_does_not_finish_it(capfd: pytest.CaptureFixture[str]) -> None:
    finished: list[str] = []
    with pytest.raises(SystemExit) as caught, Interrupts(["run", "p"]):
        listen(3600, finished, 2)
    assert (caught.value.code, finished) == (CODE, [])
    assert len(capfd.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize("error", [StoppedError(), KeyboardInterrupt()])
def test_however_the_end_comes_up_it_is_one_line(
    error: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, Interrupts(["grade", "r"]):
        raise error
    assert caught.value.code == CODE
    assert capfd.readouterr().err == "interrupted; continue with: rematch grade r\n"


@pytest.mark.parametrize("error", [SystemExit(0), SystemExit(2), SystemExit(CODE), KeyError("x")])
def test_any_other_end_passes_as_it_is(
    error: BaseException, capfd: pytest.CaptureFixture[str]
) -> None:
    """Also a command that exits with 130 of itself: nobody interrupted it."""
    with pytest.raises(type(error)) as caught, Interrupts(["run"]):
        raise error
    assert caught.value is error
    assert capfd.readouterr().err == ""


def test_a_thread_leaves_the_signal_alone() -> None:
    """Python lets only the main thread take a signal; a notebook's cell may run elsewhere."""
    seen: list[object] = []
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with Interrupts(["run"]):
            seen.append(signal.getsignal(signal.SIGINT))
            seen.append(type(stopping.get()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before, Stop]


def test_a_stderr_that_nobody_reads_does_not_hide_the_end() -> None:
    """As in `rematch run ... 2>&1 | head`: the reader may be gone when Ctrl-C comes."""
    kept = os.dup(2)
    finished: list[str] = []
    reader, writer = os.pipe()
    os.close(reader)
    try:
        os.dup2(writer, 2)
        with pytest.raises(SystemExit), Interrupts(["run"]):
            listen(0.01, finished, 1)
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(writer)
    assert finished == ["it"]
