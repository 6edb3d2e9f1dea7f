"""Many tasks side by side: which answers come, in which order, and what is told of the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rematch.app.building import build_selector
from rematch.app.config import Config
from rematch.app.endings import Ending, answer_each
from rematch.app.parts import Parts
from rematch.data.records import Usage
from rematch.errors import BudgetSpentError, HaltError, InputError, ModelRefusedError
from rematch.runs.budget import Budget, BudgetConfig
from rematch.runs.calls import Calls, Event
from rematch.runs.ledger_rows import Amount

Answer = Callable[[str], Awaitable[str]]
TASKS = ("a", "b", "c", "d")


@pytest.fixture
def parts() -> Iterator[Parts]:
    with closing(build_selector(Config(), calls=Calls())) as built:
        yield built


def answer(
    parts: Parts,
    job: Answer,
    *,
    ending: Ending | None = None,
    tasks: tuple[str, ...] = TASKS,
    in_flight: int = 2,
    on_done: Callable[[str, str], None] | None = None,
) -> dict[str, str]:
    told = Ending() if ending is None else ending
    return asyncio.run(answer_each(parts, tasks, job, told, in_flight=in_flight, on_done=on_done))


async def shout(task_id: str) -> str:
    return task_id.upper()


async def rest(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


def test_answers_stand_in_the_order_of_the_tasks_whichever_ends_first(parts: Parts) -> None:
    ended: list[str] = []

    async def job(task_id: str) -> str:
        await rest(10 * (len(TASKS) - TASKS.index(task_id)))
        return task_id.upper()

    done = answer(parts, job, in_flight=4, on_done=lambda task_id, _: ended.append(task_id))
    assert list(done.items()) == [("a", "A"), ("b", "B"), ("c", "C"), ("d", "D")]
    assert ended == ["d", "c", "b", "a"]


@settings(max_examples=30, deadline=None)
@given(
    most=st.integers(1, 6),
    turns=st.lists(st.integers(1, 5), max_size=12),
    broken=st.sets(st.integers(0, 11)),
)
def test_every_task_ends_once_and_no_more_than_so_many_run_at_once(
    most: int, turns: list[int], broken: set[int]
) -> None:
    running, peak = 0, 0
    told: list[str] = []
    tasks = tuple(map(str, range(len(turns))))

    async def job(task_id: str) -> str:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        await rest(turns[int(task_id)])
        running -= 1
        if int(task_id) in broken:
            raise InputError(f"{task_id} broke")
        return task_id

    ending = Ending()
    with closing(build_selector(Config(), calls=Calls())) as built:
        done = answer(
            built,
            job,
            ending=ending,
            tasks=tasks,
            in_flight=most,
            on_done=lambda task_id, _: told.append(task_id),
        )
    assert peak == min(most, len(tasks))
    assert sorted(told) == sorted(tasks)
    assert list(done) == [one for one in tasks if int(one) not in broken]
    assert ending.failures == {one: f"{one} broke" for one in tasks if int(one) in broken}


def test_a_task_that_fails_is_told_with_its_reason_and_stops_no_other(parts: Parts) -> None:
    async def job(task_id: str) -> str:
        if task_id == "b":
            raise BudgetSpentError("no money for b")
        return task_id.upper()

    told: dict[str, str] = {}
    ending = Ending()
    done = answer(parts, job, ending=ending, in_flight=1, on_done=told.__setitem__)
    assert list(done) == ["a", "c", "d"]
    assert ending.failures == {"b": "no money for b"}
    assert told == {"a": "A", "b": "no money for b", "c": "C", "d": "D"}
    ending.require_all()  # a failed task is no refusal


def refuse_at(refused: str) -> Answer:
    async def job(task_id: str) -> str:
        if task_id == refused:
            raise ModelRefusedError("judge: the key is wrong")
        return task_id.upper()

    return job


def test_a_refusal_ends_it_and_leaves_what_is_finished(parts: Parts) -> None:
    told: list[str] = []
    ending = Ending()
    done = answer(
        parts,
        refuse_at("c"),
        ending=ending,
        in_flight=1,
        on_done=lambda task_id, _: told.append(task_id),
    )
    assert (done, told) == ({"a": "A", "b": "B"}, ["a", "b"])
    assert ending.refusal == "judge: the key is wrong"
    assert ending.failures == {}, "neither the refused task nor those after it failed"
    with pytest.raises(ModelRefusedError, match="the key is wrong"):
        ending.require_all()


def test_a_refusal_before_anything_is_finished_is_raised(parts: Parts) -> None:
    ending = Ending()
    with pytest.raises(ModelRefusedError, match="the key is wrong"):
        answer(parts, refuse_at("a"), ending=ending, in_flight=1)
    assert ending.refusal == ""


def test_a_failure_beside_it_is_nothing_finished(parts: Parts) -> None:
    async def job(task_id: str) -> str:
        if task_id == "a":
            raise InputError("a cannot be read")
        raise ModelRefusedError("no money")

    ending = Ending()
    with pytest.raises(ModelRefusedError, match="no money"):
        answer(parts, job, ending=ending, in_flight=1)
    assert ending.failures == {"a": "a cannot be read"}


def test_a_refusal_stops_what_is_under_way(parts: Parts) -> None:
    stopped: list[str] = []

    async def job(task_id: str) -> str:
        if task_id == "a":
            return "A"
        if task_id == "b":
            await rest(3)
            raise ModelRefusedError("no money")
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            stopped.append(task_id)
            raise
        raise AssertionError("nothing sets the event")

    ending = Ending()
    assert answer(parts, job, ending=ending, in_flight=3) == {"a": "A"}
    assert sorted(stopped) == ["c", "d"]
    assert ending.refusal == "no money"


@pytest.mark.parametrize("error", [ValueError("a bug"), HaltError("a lost call")])
def test_what_no_user_can_mend_is_no_tasks_failure(parts: Parts, error: BaseException) -> None:
    async def job(task_id: str) -> str:
        parts.calls.meter.note("judge", Usage(calls=1))
        raise error

    ending = Ending()
    with pytest.raises(type(error)) as raised:
        answer(parts, job, ending=ending, in_flight=1)
    assert raised.value is error, "bare, in no group"
    assert ending.failures == {}
    assert ending.usage["judge"].calls == 1, "what was spent is told all the same"


def test_usage_and_events_of_the_calls_are_told(parts: Parts) -> None:
    async def job(task_id: str) -> str:
        parts.calls.meter.note("judge", Usage(calls=1, input_tokens=10, cost_usd=0.5))
        parts.calls.note("judge", "timeout", "retried")
        return task_id

    ending = Ending()
    answer(parts, job, ending=ending)
    assert ending.usage == {"judge": Usage(calls=4, input_tokens=40, cost_usd=2.0)}
    assert ending.events == {Event("judge", "timeout", "retried"): 4}
    assert ending.notes == []


def test_a_spent_budget_is_told_in_one_note() -> None:
    budget = Budget(BudgetConfig(calls=2))
    with closing(build_selector(Config(), calls=Calls(budget=budget))) as built:

        async def job(task_id: str) -> str:
            await budget.hold(Amount(0.0, 1, 0))
            budget.settle(Amount(0.0, 1, 0), Usage(calls=1))
            return task_id

        ending = Ending()
        done = answer(built, job, ending=ending, in_flight=1)
    assert list(done) == ["a", "b"] and list(ending.failures) == ["c", "d"]
    (note,) = ending.notes
    assert "the budget is spent (2 of 2 calls): 2 calls were not made" in note


def test_no_task_is_no_answer(parts: Parts) -> None:
    ending = Ending()
    assert answer(parts, shout, ending=ending, tasks=()) == {}
    assert ending == Ending()


def test_an_ending_shares_nothing_with_another() -> None:
    one, other = Ending(), Ending()
    one.failures["a"] = "broke"
    one.notes.append("note")
    one.events[Event("judge", "timeout", "lost")] += 1
    assert other == Ending()
