"""Who wants to end gets what is under way finished and recorded, and nothing new begun."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import dspy
import pytest

from rematch.data.records import Rollout, Task
from rematch.runs.calls import Calls
from rematch.runs.executor import LocalExecutor
from rematch.runs.folder import RunFolder
from rematch.runs.ledger import Ledger
from rematch.runs.models import ModelConfig, build_lm
from rematch.runs.recorded import RecordedAgent
from rematch.seams import same_requests, sample
from rematch.stopping import Stop, StoppedError, stopping
from rematch.testing import ChatRequest, Endpoint, Fault
from tests.programs.makers import PATCH_TASK, make_rollout

Job = Callable[[], Coroutine[Any, Any, Any]]


class Session:
    """A job that is asked to end at a given moment of its own."""

    def __init__(self) -> None:
        self.stop = Stop()
        self.log: list[str] = []

    def run(self, job: Job) -> Any:
        async def main() -> Any:
            stopping.set(self.stop)
            return await self.stop.run(job())

        return asyncio.run(main())

    def interrupted(self, job: Job) -> list[str]:
        with pytest.raises(StoppedError):
            self.run(job)
        return self.log

    async def take(self, name: str, seconds: float = 0.05) -> str:
        self.log.append(f"{name} begins")
        await asyncio.sleep(seconds)
        self.log.append(f"{name} ends")
        return name


def test_without_a_wish_the_job_gives_its_result_or_its_error() -> None:
    assert Session().run(lambda: asyncio.sleep(0, "done")) == "done"

    async def fail() -> None:
        raise KeyError("no")

    with pytest.raises(KeyError):
        Session().run(fail)


def test_nobody_listens_before_and_after() -> None:
    session = Session()
    assert not session.stop.wish()
    session.run(lambda: asyncio.sleep(0))
    assert not session.stop.wish()
    assert not session.stop.hurry()


def test_jobs_under_way_are_finished_and_none_is_let_in() -> None:
    session = Session()
    executor = LocalExecutor({"agent": 2})

    async def job() -> None:
        async with asyncio.TaskGroup() as tasks:
            for name in ("a", "b", "c", "d"):
                tasks.create_task(executor.run("agent", partial(session.take, name)))
            await asyncio.sleep(0.01)
            assert session.stop.wish()

    assert sorted(session.interrupted(job)) == ["a begins", "a ends", "b begins", "b ends"]


def test_a_job_that_ends_lets_no_job_in_that_comes_later() -> None:
    session = Session()
    executor = LocalExecutor()

    async def job() -> None:
        async def chain() -> None:
            await executor.run("agent", lambda: session.take("rollout"))
            await executor.run("summarizer", lambda: session.take("summary"))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(chain())
            await asyncio.sleep(0.01)
            session.stop.wish()

    assert session.interrupted(job) == ["rollout begins", "rollout ends"]


def test_who_hurries_waits_for_nothing() -> None:
    session = Session()
    executor = LocalExecutor()

    async def job() -> None:
        asyncio.get_running_loop().call_later(0.01, session.stop.wish)
        asyncio.get_running_loop().call_later(0.02, session.stop.hurry)
        await executor.run("agent", lambda: session.take("rollout", 3600))

    assert session.interrupted(job) == ["rollout begins"]


def test_a_job_that_ends_by_itself_keeps_its_result() -> None:
    """A wish in the last moment costs nothing that was made."""
    session = Session()
    executor = LocalExecutor()

    async def job() -> str:
        asyncio.get_running_loop().call_later(0.01, session.stop.wish)
        return await executor.run("agent", lambda: session.take("rollout"))

    assert session.run(job) == "rollout"


class Yes:
    """Answers whatever is asked (rematch.testing.Responder)."""

    role = "judge"

    def matches(self, request: ChatRequest) -> bool:
        return True

    def reply(self, request: ChatRequest, rng: random.Random) -> str:
        return "yes"


class SlowEndpoint(Endpoint):
    """Takes a while to answer; tells how many requests have arrived."""

    def __init__(self, seconds: float, faults: Any = None) -> None:
        self.arrived = 0
        super().__init__(
            Yes(),
            latency=lambda request, rng: self._arrive(request, seconds),
            faults=faults,
        )

    def _arrive(self, request: ChatRequest, seconds: float) -> float:
        self.arrived += 1
        return seconds


def ask_many(
    endpoint: SlowEndpoint,
    calls: Calls,
    session: Session,
    count: int,
    same: int,
    *,
    interrupt: bool = True,
) -> Job:
    """Ask so many questions, four at a time; want to end when the first has arrived."""
    config = ModelConfig(model="openai/scripted", api_base=endpoint.url, first_pause=60)
    lm = build_lm("judge", config, calls=calls)
    executor = LocalExecutor({"judge": 4})

    async def ask(number: int) -> str:
        sample.set(number)
        same_requests.set(same)
        with dspy.context(trace=None, disable_history=True):
            text: str = (await lm.acall(f"Is {number // same} a number?"))[0]
        session.log.append(text)
        return text

    async def watch() -> None:
        while not endpoint.arrived:
            await asyncio.sleep(0.001)
        session.stop.wish()

    async def job() -> None:
        async with asyncio.TaskGroup() as tasks:
            if interrupt:
                tasks.create_task(watch())
            for number in range(count):
                tasks.create_task(executor.run("judge", partial(ask, number)))

    return job


@pytest.mark.parametrize("same", [1, 2])
def test_calls_in_flight_are_recorded_and_no_other_is_sent(same: int, tmp_path: Path) -> None:
    session = Session()
    with SlowEndpoint(0.3) as endpoint:
        calls = Calls(ledger=Ledger(tmp_path / "ledger.sqlite"))
        session.interrupted(ask_many(endpoint, calls, session, 12, same))
        sent = len(endpoint.log)
        states = dict(calls.ledger.query("SELECT state, count(*) FROM calls GROUP BY state"))
        assert 1 <= sent <= 4
        assert states["settled"] == sum(call.n for call in endpoint.log)
        assert "reserved" not in states
        held = calls.budget.held
        calls.close()
        # The next session asks what is missing, and nothing twice.
        rest = Calls(ledger=Ledger(tmp_path / "ledger.sqlite"))
        again = Session()
        again.run(ask_many(endpoint, rest, again, 12, same, interrupt=False))
        rest.close()
        assert sum(call.n for call in endpoint.log) == 12
    assert (held.calls, held.tokens) == (0, 0)


def test_a_call_that_waits_for_its_next_try_is_not_waited_for(tmp_path: Path) -> None:
    session = Session()
    with SlowEndpoint(0.0, faults={Fault.SERVER_ERROR: 1.0}) as endpoint:
        calls = Calls(ledger=Ledger(tmp_path / "ledger.sqlite"))
        session.interrupted(ask_many(endpoint, calls, session, 3, 1))
        reasons = {reason for (reason,) in calls.ledger.query("SELECT reason FROM calls")}
        assert reasons == {"interrupted"}
        assert calls.budget.held.calls == 0
        calls.close()


def test_a_rollout_under_way_may_ask_on_until_it_ends(tmp_path: Path) -> None:
    """It cannot be resumed, so it is finished, and kept."""
    session = Session()

    class Asking:
        async def attempt(self, task: Task, *, context: str, iteration: int, index: int) -> Rollout:
            for number in range(3):
                await session.take(f"call {number}", 0.02)
                calls.gate.check()
            return make_rollout("task-t0-00")

    calls = Calls()
    agent = RecordedAgent(Asking(), RunFolder(tmp_path))

    async def job() -> Rollout:
        asyncio.get_running_loop().call_later(0.01, session.stop.wish)
        await LocalExecutor().run(
            "agent", lambda: agent.attempt(PATCH_TASK, context="", iteration=0, index=0)
        )
        calls.gate.check()
        raise AssertionError("the gate let something new pass")

    assert session.interrupted(job)[-1] == "call 2 ends"
    assert RunFolder(tmp_path).task("task").read_rollout("task-t0-00") is not None
