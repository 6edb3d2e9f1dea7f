"""A whole run's wall time, against a simulation of the same policy without any overhead.

Everything is the product's own (suite, program, executor, ledger, folder, HTTP) but for the agent,
which only asks: what its sandbox costs is no part of the flow. The simulation is the same program
on a clock that jumps, with parts that only wait as long as the endpoint would have.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import dspy

from bench.figures import Figure
from bench.makers import make_rollout
from bench.script import choose_latency, choose_slot, make_endpoint
from bench.serving import serve
from bench.wiring import make_suite, wire
from rematch.app.building import run_async
from rematch.app.config import Config
from rematch.app.running import Finished, run_suite
from rematch.data.records import Rollout, Summary, Task, Vote, name_rollout
from rematch.programs import Judge, Summarizer
from rematch.runs.calls import Calls
from rematch.runs.ledger import Ledger
from rematch.runs.models import ModelConfig, Role, build_lm
from rematch.seams import Entrant
from rematch.testing.virtual_time import run_virtually

TASKS, N, T, IN_FLIGHT, CALLS = 8, 16, 2, 64, 2


def measure() -> list[Figure]:
    """Both ratios of one run."""
    with tempfile.TemporaryDirectory() as folder:
        bounded, simulated, asked = _simulate(Path(folder) / "simulated", IN_FLIGHT)
        _, chain, _ = _simulate(Path(folder) / "unbounded", 10**6)
        real, wall, calls = _run(Path(folder) / "real")
    assert calls == len(asked), f"{calls} calls, and {len(asked)} simulated"
    assert _name_picks(real) == _name_picks(bounded)
    serial = sum(asked)
    told = (
        f"run {wall:.2f} s; simulation {simulated:.2f} s; {calls:,} calls",
        f"lower bound {max(serial / IN_FLIGHT, chain):.2f} s: work / {IN_FLIGHT} "
        f"{serial / IN_FLIGHT:.2f} s, longest chain {chain:.2f} s",
    )
    size = f"{TASKS} tasks, N = {N}, T = {T}, {IN_FLIGHT} in flight"
    return [
        Figure(f"run / zero-overhead simulation ({size})", wall / simulated, 1.10, beside=told),
        Figure("serial sum of the same calls / run", serial / wall, 20, at_least=True),
    ]


def _configure(in_flight: int) -> Config:
    roles = ("agent", "summarizer", "judge", "grader")
    return Config.model_validate(
        {
            "n": N,
            "iterations": T,
            "in_flight": in_flight,
            "workers": dict.fromkeys(roles, in_flight),
        }
    )


def _run(folder: Path) -> tuple[Finished, float, int]:
    """The run over HTTP: what it made, its seconds, and how many calls."""
    config = _configure(IN_FLIGHT)
    with serve(make_endpoint) as url:
        calls = Calls(ledger=Ledger(folder / "ledger.sqlite"))

        def open_lm(role: Role) -> dspy.LM:
            return build_lm(role, ModelConfig(model="openai/scripted", api_base=url), calls=calls)

        run = wire(
            config,
            folder,
            calls,
            _AskingAgent(open_lm("agent")),
            Summarizer(open_lm("summarizer")),
            Judge(open_lm("judge")),
        )
        began = time.perf_counter()
        finished = run_async(lambda: run_suite(run, make_suite(TASKS), config))
        wall = time.perf_counter() - began
        ((made,),) = calls.ledger.query("SELECT count(*) FROM calls WHERE state = 'settled'")
        run.close()
    return finished, wall, made


def _simulate(folder: Path, in_flight: int) -> tuple[Finished, float, list[float]]:
    """The same without overhead: what it made, its virtual seconds, and those of each call."""
    config = _configure(in_flight)
    waits = _Waits()
    run = wire(config, folder, Calls(), _Simulated(waits), _Writing(waits), _Voting(waits))
    finished, seconds = run_virtually(run_suite(run, make_suite(TASKS), config))
    run.close()
    return finished, seconds, waits.taken


def _name_picks(finished: Finished) -> dict[str, str]:
    return {task: run.pick.rollout_id for task, run in finished.done.items()}


def _make_attempt(task: Task, name: str, iteration: int) -> Rollout:
    made = make_rollout(name, says=f"mark={name};")
    return made.model_copy(update={"task_id": task.id, "iteration": iteration})


class _AskingAgent:
    """Asks its model a few times; then the attempt is there (seams.Agent)."""

    def __init__(self, lm: dspy.LM) -> None:
        self._lm = lm

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        name = name_rollout(task.id, iteration, index)
        for call in range(CALLS):
            await self._lm.acall(f"bench agent mark={name}-c{call};")
        return _make_attempt(task, name, iteration)


class _Waits:
    """Waits as long as the endpoint would."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self._seen: Counter[tuple[str, ...]] = Counter()

    async def wait(self, role: str, names: Sequence[str]) -> int:
        """Which of equal calls this is, from 0."""
        key = (role, *names)
        occurrence = self._seen[key]
        self._seen[key] += 1
        seconds = choose_latency(role, names, occurrence)
        self.taken.append(seconds)
        await asyncio.sleep(seconds)
        return occurrence


class _Simulated:
    def __init__(self, waits: _Waits) -> None:
        self._waits = waits

    async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
        name = name_rollout(task.id, iteration, index)
        for call in range(CALLS):
            await self._waits.wait("agent", [f"{name}-c{call}"])
        return _make_attempt(task, name, iteration)


class _Writing:
    def __init__(self, waits: _Waits) -> None:
        self._waits = waits

    async def acall(self, *, task: Task, rollout: Rollout) -> Summary:
        await self._waits.wait("summarizer", [rollout.id])
        return Summary(rollout_id=rollout.id)


class _Voting:
    deterministic = False

    def __init__(self, waits: _Waits) -> None:
        self._waits = waits

    async def acall(
        self, *, task: Task, entrants: Sequence[Entrant], order: tuple[int, ...], sample: int
    ) -> Vote:
        names = [entrants[index].id for index in order]
        occurrence = await self._waits.wait("judge", names)
        return Vote(sample=sample, order=order, winner=order[choose_slot(names, occurrence)])
