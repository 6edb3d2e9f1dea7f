"""Single flight: equal questions that are under way together are asked once."""

import asyncio
import threading
from collections import Counter

import pytest

from rematch.runs.flights import Flights
from rematch.runs.gate import Gate


class Questions:
    """Answers each key after a moment, and counts how often it was asked."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.flights: Flights[str] = Flights(self.gate)
        self.asked: Counter[bytes] = Counter()

    async def ask(self, key: bytes, *, fails: bool = False) -> str:
        async def answer() -> str:
            self.asked[key] += 1
            await asyncio.sleep(0.02)
            if fails:
                raise ValueError("no answer")
            return key.decode()

        return await self.flights.board(key, answer).land()


def test_equal_questions_are_asked_once_and_others_not_held_up() -> None:
    questions = Questions()

    async def main() -> list[str]:
        return await asyncio.gather(*(questions.ask(key) for key in (b"a", b"b", b"a", b"a")))

    assert asyncio.run(main()) == ["a", "b", "a", "a"]
    assert questions.asked == {b"a": 1, b"b": 1}
    assert asyncio.run(main())[0] == "a"
    assert questions.asked[b"a"] == 2, "what has landed is no flight any more"


def test_all_who_wait_get_the_failure_and_the_next_asks_anew() -> None:
    questions = Questions()

    async def main() -> list[str | BaseException]:
        jobs = (questions.ask(b"a", fails=True) for _ in range(3))
        return await asyncio.gather(*jobs, return_exceptions=True)

    assert [str(error) for error in asyncio.run(main())] == ["no answer"] * 3
    assert questions.asked[b"a"] == 1
    assert asyncio.run(questions.ask(b"a")) == "a"


def test_one_who_leaves_does_not_take_the_answer_from_the_others() -> None:
    questions = Questions()

    async def main() -> str:
        first = asyncio.ensure_future(questions.ask(b"a"))
        await asyncio.sleep(0)
        second = asyncio.ensure_future(questions.ask(b"a"))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        return await second

    assert asyncio.run(main()) == "a"
    assert questions.asked[b"a"] == 1


def test_event_loops_of_other_threads_share_the_flight() -> None:
    questions = Questions()
    together = threading.Barrier(4)
    answers: list[str] = []

    def work() -> None:
        async def main() -> None:
            together.wait()
            answers.append(await questions.ask(b"a"))

        asyncio.run(main())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == ["a"] * 4
    assert questions.asked[b"a"] == 1
    assert questions.gate.under_way == 0
