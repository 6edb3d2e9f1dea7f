"""Progress: a live bar on a terminal, plain lines in a pipe."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from rematch.cli.progress import TaskProgress
from rematch.runs.waits import Waits
from rematch.testing import Endpoint, Fault
from tests.app.recordings import write_pool
from tests.cli.running import REMATCH, start_rematch

COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def run_on_terminal(*words: str | Path, env: dict[str, str]) -> tuple[int, str]:
    """Run a command whose stdout and stderr are a terminal; what it wrote there."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [REMATCH, *map(str, words)], stdin=theirs, stdout=theirs, stderr=theirs, env=env
    )
    os.close(theirs)
    written = b""
    try:
        while chunk := os.read(ours, 65_536):
            written += chunk
    except OSError:  # so a terminal ends on Linux
        pass
    os.close(ours)
    return process.wait(timeout=30), written.decode()


def test_terminal_shows_a_bar_that_goes_away_and_a_pipe_shows_lines(tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool")
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    with Endpoint(latency=0.05) as endpoint:
        words = ("select", pool, "--model", "openai/m", "--api-base", endpoint.url)
        code, screen = run_on_terminal(*words, env=env)
        piped = start_rematch(*words)
        out, err = piped.communicate(timeout=60)
    assert (code, piped.returncode) == (0, 0)
    assert "━" in screen and "0/2" in screen
    assert "summarizer 6" in COLOURS.sub("", screen), "what runs is told"
    assert screen.rfind("\x1b[?25h") > screen.rfind("\x1b[?25l"), "the cursor is back"
    assert "[1/2]" not in screen
    assert "\x1b" not in out + err and "━" not in err
    assert [line[:5] for line in err.splitlines()] == ["[1/2]", "[2/2]"]
    results = screen[screen.rfind("━") :].replace("\r\n", "\n")
    assert [ln for ln in out.splitlines() if ln and ln not in COLOURS.sub("", results)] == []


def test_lines_count_and_are_safe(capsys: pytest.CaptureFixture[str]) -> None:
    with TaskProgress(2) as progress:
        progress.count_jobs("judge", 1, 0)
        progress.finish_task("a\x1b[2J", "picked\nb\x07")
        progress.finish_task("c", "failed: " + "x" * 500)
    captured = capsys.readouterr()
    first, second = captured.err.splitlines()
    assert captured.out == ""
    assert first == "[1/2] a�[2J: picked b�"
    assert second.startswith("[2/2] c: failed: xxx") and len(second) < 200


@pytest.mark.parametrize("end", [lambda: None, lambda: (_ for _ in ()).throw(KeyError())])
def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str], end: Callable[[], object]) -> None:
    try:
        with TaskProgress(1, quiet=True) as progress:
            progress.count_jobs("judge", 1, 0)
            progress.finish_task("a", "picked b")
            end()
    except KeyError:
        pass
    assert capsys.readouterr() == ("", "")


def test_a_pipe_is_told_of_a_long_wait_once(capsys: pytest.CaptureFixture[str]) -> None:
    now = [100.0]
    waits = Waits(lambda: now[0])
    with TaskProgress(1) as progress:
        progress.watch(waits)
        with waits.noting("openai/m", "rate-limit", 4.0):
            pass
        for _ in range(2):  # the second is told when the first is over
            with waits.noting("openai/m", "rate-limit", 12.0):
                with waits.noting("openai/m", "rate-limit", 11.0):
                    pass
                now[0] += 12.0
    line = "waiting 12 s for openai/m (rate-limit)"
    assert capsys.readouterr().err.splitlines() == [line, line]


def test_quiet_progress_tells_of_no_wait(capsys: pytest.CaptureFixture[str]) -> None:
    waits = Waits()
    with TaskProgress(1, quiet=True) as progress:
        progress.watch(waits)
        with waits.noting("openai/m", "rate-limit", 60.0):
            pass
    assert capsys.readouterr() == ("", "")


def test_a_terminal_shows_who_is_waited_for(tmp_path: Path) -> None:
    pool = write_pool(tmp_path / "pool", tasks=1, attempts=2)
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "200"}
    script = [Fault.RATE_LIMIT_RETRY_AFTER]
    with Endpoint(faults=script, retry_after=1.5) as endpoint:
        words = ("select", pool, "--model", "openai/m", "--api-base", endpoint.url)
        code, screen = run_on_terminal(*words, "-v", "1", env=env)
    assert code == 0
    assert re.search(r"waiting \d s for openai/m \(rate-limit", COLOURS.sub("", screen))
