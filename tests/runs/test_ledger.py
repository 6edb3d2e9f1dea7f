"""The ledger: an answer survives its process, and what was under way counts as spent."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.data.records import Usage
from rematch.errors import RematchError
from rematch.runs.keys import name_sample
from rematch.runs.ledger import Ledger
from rematch.runs.ledger_rows import Amount, Answered, Asked, Tries
from tests.runs.calling import read_rows

USAGE = Usage(calls=1, input_tokens=10, output_tokens=5, cached_tokens=4, cost_usd=0.25)
ANSWER = Answered("p/m", {"text": "é\ud800"}, USAGE, Tries(2, ("time-out",), 1.5))


def ask(key: bytes, dollars: float = 0.5) -> Asked:
    return Asked(key, "judge", "p/m", 0, Amount(dollars, 1, 100))


def test_an_answer_is_found_as_it_was_settled_also_later(tmp_path: Path) -> None:
    path = tmp_path / "new" / "ledger.sqlite"

    async def record(ledger: Ledger) -> None:
        await ledger.reserve([ask(b"a")])
        assert ledger.find(b"a") is None, "a call under way is no answer"
        await ledger.settle([(b"a", ANSWER)])

    ledger = Ledger(path)
    asyncio.run(record(ledger))
    assert ledger.find(b"a") == ANSWER
    ledger.close()
    again = Ledger(path)
    assert again.find(b"a") == ANSWER
    assert again.spent == Amount(0.25, 1, 15)
    assert (again.abandoned, again.spent_by("agent")) == (0, Amount())
    again.close()


def test_what_was_under_way_may_have_been_billed(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    asyncio.run(ledger.reserve([ask(b"a"), ask(b"b")]))
    ledger.close()
    again = Ledger(path)
    assert (again.abandoned, again.spent) == (2, Amount(1.0, 2, 200))
    assert [row["reason"] for row in read_rows(path)] == ["the process ended"] * 2

    async def ask_again() -> None:
        await again.reserve([ask(b"a")])
        await again.settle([(b"a", ANSWER)])

    asyncio.run(ask_again())
    again.close()
    third = Ledger(path)
    assert third.spent == Amount(1.25, 3, 215), "what was lost stays spent"
    third.close()


def test_a_lost_call_tells_why_and_may_be_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)

    async def lose() -> None:
        await ledger.reserve([ask(b"a")])
        await ledger.write_off([b"a"])
        await ledger.lose([b"a"], "too often", Tries(3, ("time-out",) * 3, 2.0))

    asyncio.run(lose())
    (row,) = read_rows(path)
    assert (row["state"], row["reason"], row["attempts"]) == ("lost", "too often", 3)
    assert (row["reserved"], row["unsure"], row["unsure_calls"]) == (0, 0.5, 1)
    assert ledger.find(b"a") is None
    ledger.close()


def test_threads_and_loops_write_side_by_side(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite")

    async def record(number: int) -> None:
        key = number.to_bytes(2)
        await ledger.reserve([ask(key)])
        await ledger.settle([(key, ANSWER)])

    async def many(first: int) -> None:
        await asyncio.gather(*(record(first + n) for n in range(20)))

    async def main() -> None:
        await asyncio.gather(*(asyncio.to_thread(asyncio.run, many(n * 20)) for n in range(4)))

    asyncio.run(main())
    assert ledger.spent_by("judge").calls == 80
    ledger.close()


@pytest.mark.parametrize("content", [b"no database at all", b""])
def test_what_is_no_ledger_is_one_line_and_an_empty_file_is_a_new_one(
    content: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "ledger.sqlite"
    path.write_bytes(content * 100)
    if content:
        with pytest.raises(RematchError, match="cannot be used as a ledger"):
            Ledger(path)
    else:
        Ledger(path).close()


def test_a_ledger_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(RematchError, match="ledger of version 99"):
        Ledger(path)


@given(samples=st.lists(st.tuples(st.text(), st.integers() | st.none(), st.integers())))
def test_samples_that_differ_have_keys_that_differ(
    samples: list[tuple[str, int | None, int]],
) -> None:
    keys = {name_sample(b"asked", sample) for sample in samples}
    assert len(keys) == len(set(samples))
