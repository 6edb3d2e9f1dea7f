"""kill -9 at random moments: what was answered and recorded is never asked for again."""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rematch.testing import Endpoint, Fault, Latency
from tests.app.recordings import write_pool
from tests.runs.calling import read_rows
from tests.runs.forks import Forks, wait_until

MOMENTS = 30


@pytest.fixture(scope="module")
def forks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forks]:
    process = Forks(tmp_path_factory.mktemp("forks") / "said.txt")
    yield process
    process.close()


def read_picks(output: Path) -> dict[str, str]:
    """The picked rollout by task. An answer that was lost in flight may be worded otherwise."""
    picks = json.loads((output / "picks.json").read_text())
    return {task: told["pick"]["rollout_id"] for task, told in picks.items()}


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["sequential", "batched"])
def test_no_recorded_call_is_sent_again(mode: str, forks: Forks, tmp_path: Path) -> None:
    rng = random.Random(f"kill {mode}")
    pool = write_pool(tmp_path / "pool", tasks=2, attempts=3)
    with Endpoint(latency=Latency(0.01), keep_messages=False) as endpoint:
        words = ("select", pool, "--api-base", endpoint.url, "-c", f"rtv.mode={mode}", "-v", "4")
        forks.run(*words, "--model", "openai/whole", "-o", tmp_path / "whole")
        whole = len(endpoint.calls(model="whole"))
        picks = read_picks(tmp_path / "whole")
        stages = set()
        for number in range(MOMENTS // 2):
            name, output = f"m{number}", tmp_path / f"killed{number}"
            run = (*words, "--model", f"openai/{name}", "-o", output)
            moment = rng.randrange(whole)
            forks.start(*run)
            wait_until(lambda: len(endpoint.calls(model=name)) >= moment, forks)  # noqa: B023
            time.sleep(rng.uniform(0, 0.01))
            code = forks.kill()
            # What it had sent is answered, and logged.
            wait_until(lambda: endpoint.connections == 0, forks)
            ledger = output / "ledger.sqlite"
            rows = read_rows(ledger) if ledger.exists() else []
            recorded = sum(row["calls"] for row in rows if row["state"] == "settled")
            in_flight = sum(row["reserved_calls"] for row in rows if row["state"] == "reserved")
            stages |= {row["role"] for row in rows if row["state"] == "reserved"}
            before = len(endpoint.calls(model=name))
            forks.run(*run)
            after = len(endpoint.calls(model=name))
            final = [r for r in read_rows(ledger) if r["state"] == "settled"]
            assert code in (0, -signal.SIGKILL)
            assert after - before == sum(row["calls"] for row in final) - recorded, "none again"
            assert after <= whole + in_flight, "only what was in flight may be repeated"
            assert read_picks(output) == picks
        assert stages == {"summarizer", "judge"}, "the moments lie in all stages"


@pytest.mark.slow
def test_a_command_that_hangs_is_killed_and_tells_where(forks: Forks, tmp_path: Path) -> None:
    """Else a fault that only some machine meets takes a day of guessing."""
    pool = write_pool(tmp_path / "pool", tasks=1, attempts=2)
    with Endpoint(faults=lambda request, rng: Fault.HANG) as endpoint:
        forks.start("select", pool, "--model", "openai/m", "--api-base", endpoint.url)
        wait_until(lambda: len(endpoint.log) > 0, forks)
        with pytest.raises(AssertionError, match="not ended in") as told:
            forks.wait(patience=0.1)
        assert "rematch/runs/wire.py" in str(told.value), "the task that waits for an answer"
        assert "_run_once" in str(told.value), "the thread that runs the event loop"
        wait_until(lambda: endpoint.connections == 0, forks)
    forks.run("--version")
