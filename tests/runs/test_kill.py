"""kill -9 at random moments: what was answered and recorded is never asked for again."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rematch.testing import Endpoint, Latency
from tests.app.recordings import write_pool
from tests.runs.calling import read_rows

MOMENTS = 30
SELECTING = Path(__file__).with_name("selecting.py")


class Selecting:
    """A process that has everything imported, and forks for each selection."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.runs.selecting"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )

    def start(self, *words: str | Path) -> int:
        """Start `rematch WORDS`; its process."""
        self._write([str(word) for word in words])
        return int(self._read())

    def wait(self) -> int:
        """The exit code of what was started; negative for a signal."""
        return int(self._read())

    def close(self) -> None:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.wait(timeout=60)
        self._process.stdout.close()

    def _write(self, words: list[str]) -> None:
        assert self._process.stdin
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline()


@pytest.fixture(scope="module")
def selecting() -> Iterator[Selecting]:
    process = Selecting()
    yield process
    process.close()


def read_picks(output: Path) -> dict[str, str]:
    """The picked rollout by task. An answer that was lost in flight may be worded otherwise."""
    picks = json.loads((output / "picks.json").read_text())
    return {task: told["pick"]["rollout_id"] for task, told in picks.items()}


def wait_until(met: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not met() and time.monotonic() < deadline:
        time.sleep(0.001)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["sequential", "batched"])
def test_no_recorded_call_is_sent_again(mode: str, selecting: Selecting, tmp_path: Path) -> None:
    rng = random.Random(f"kill {mode}")
    pool = write_pool(tmp_path / "pool", tasks=2, attempts=3)
    with Endpoint(latency=Latency(0.01), keep_messages=False) as endpoint:
        words = ("select", pool, "--api-base", endpoint.url, "-c", f"rtv.mode={mode}", "-v", "4")
        selecting.start(*words, "--model", "openai/whole", "-o", tmp_path / "whole")
        assert selecting.wait() == 0
        whole = len(endpoint.calls(model="whole"))
        picks = read_picks(tmp_path / "whole")
        stages = set()
        for number in range(MOMENTS // 2):
            name, output = f"m{number}", tmp_path / f"killed{number}"
            run = (*words, "--model", f"openai/{name}", "-o", output)
            moment = rng.randrange(whole)
            pid = selecting.start(*run)
            wait_until(lambda: len(endpoint.calls(model=name)) >= moment)  # noqa: B023
            time.sleep(rng.uniform(0, 0.01))
            os.kill(pid, signal.SIGKILL)
            code = selecting.wait()
            wait_until(
                lambda: endpoint.connections == 0
            )  # what it had sent is answered, and logged
            rows = (
                read_rows(output / "ledger.sqlite") if (output / "ledger.sqlite").exists() else []
            )
            recorded = sum(row["calls"] for row in rows if row["state"] == "settled")
            in_flight = sum(row["reserved_calls"] for row in rows if row["state"] == "reserved")
            stages |= {row["role"] for row in rows if row["state"] == "reserved"}
            before = len(endpoint.calls(model=name))
            selecting.start(*run)
            assert selecting.wait() == 0
            after = len(endpoint.calls(model=name))
            final = [r for r in read_rows(output / "ledger.sqlite") if r["state"] == "settled"]
            assert code in (0, -signal.SIGKILL)
            assert after - before == sum(row["calls"] for row in final) - recorded, "none again"
            assert after <= whole + in_flight, "only what was in flight may be repeated"
            assert read_picks(output) == picks
        assert stages == {"summarizer", "judge"}, "the moments lie in all stages"
