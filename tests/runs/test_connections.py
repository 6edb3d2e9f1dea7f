"""Connections end with their event loop; providers that litellm serves; servers that give less.

Warnings are errors, so a socket that nobody closed would fail these tests.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import json
import random
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import dspy
import pytest

from rematch.data.records import Usage, Vote
from rematch.errors import ModelRefusedError
from rematch.programs import RTV, Judge, RTVConfig
from rematch.runs.metering import Meter
from rematch.runs.models import ModelConfig, build_lm
from rematch.testing import ChatRequest, Endpoint, Fault, key_hash
from tests.programs.makers import PATCH_TASK, run
from tests.programs.serving import make_pool, play, serve_lm

LITELLM = "together_ai/scripted"
pytestmark = [
    # litellm's own types warn when they are first loaded.
    pytest.mark.filterwarnings("ignore:Items? .* on TypedDict class:UserWarning"),
    # Its logging serves one loop at a time, and forgets what another's end left in its queue.
    pytest.mark.filterwarnings(
        r"ignore:Exception ignored in. <coroutine object Logging\.async_success_handler:"
        "pytest.PytestUnraisableExceptionWarning"
    ),
]


@pytest.fixture(autouse=True)
def nothing_left_open() -> Iterator[None]:
    yield
    gc.collect()


def count_left_open(endpoint: Endpoint) -> int:
    """Connections that stay open; the server needs a moment to see that one was closed."""
    deadline = time.monotonic() + 10
    while endpoint.connections and time.monotonic() < deadline:
        time.sleep(0.005)
    return endpoint.connections


async def vote(lm: dspy.LM, sample: int = 0) -> Vote:
    """Another sample is another request; the same one may be answered from the record."""
    judged: Vote = await Judge(lm).acall(
        task=PATCH_TASK, entrants=make_pool(2), order=(0, 1), sample=sample
    )
    return judged


@pytest.mark.parametrize("model", ["openai/scripted", LITELLM])
def test_one_lm_serves_one_loop_after_the_other_and_many_at_once(model: str) -> None:
    meter = Meter()
    with Endpoint() as endpoint:
        lm = serve_lm(endpoint, meter=meter, model=model)
        assert [run(vote(lm, n)).winner for n in range(3)] == [0, 0, 0]
        with ThreadPoolExecutor(3) as pool:
            votes = list(pool.map(lambda n: run(vote(lm, n)), range(3, 9)))
        assert {voted.winner for voted in votes} == {0}
        assert count_left_open(endpoint) == 0
        assert len(endpoint.log) == 9
        metered = meter.by_role()["judge"]
        assert metered.calls == len(endpoint.log)
        assert metered.tokens == endpoint.usage().tokens


def test_connections_may_be_closed_before_their_loop_ends() -> None:
    async def main(lm: dspy.LM, endpoint: Endpoint) -> list[int | None]:
        winners = []
        for sample in range(2):
            winners.append((await vote(lm, sample)).winner)
            assert endpoint.connections == 1
            await lm._async_engine_spec.aclose()
            assert await asyncio.to_thread(count_left_open, endpoint) == 0
        return winners

    with Endpoint() as endpoint:
        assert asyncio.run(main(serve_lm(endpoint), endpoint)) == [0, 0]


def test_the_sync_door_of_an_lm_answers_and_closes() -> None:
    meter = Meter()
    with Endpoint(judge=Says("[[ ## winner ## ]]\n1")) as endpoint:
        lm = serve_lm(endpoint, meter=meter)
        predict = dspy.Predict("question -> winner: int")
        with dspy.context(lm=lm):
            assert predict(question="which?").winner == 1
        assert meter.by_role()["judge"].calls == len(endpoint.log) == 1
        assert count_left_open(endpoint) == 0


@dataclass(frozen=True)
class Says:
    text: str
    role: str = "judge"

    def matches(self, request: ChatRequest) -> bool:
        return request.asks_for("winner")

    def reply(self, request: ChatRequest, rng: random.Random) -> str:
        return self.text


def test_copies_of_a_program_share_connections_and_meter() -> None:
    meter = Meter()
    with Endpoint() as endpoint:
        program = RTV(Judge(serve_lm(endpoint, meter=meter)), RTVConfig(votes=1))
        for copied in (program.deepcopy(), copy.deepcopy(program)):
            bracket = copied(task=PATCH_TASK, entrants=make_pool(2))
            assert bracket.survivors == ("r0",)
        assert meter.by_role()["judge"].tokens == endpoint.usage().tokens


@pytest.mark.parametrize("mode", ["sequential", "batched"])
def test_a_provider_that_only_litellm_serves_works_and_is_metered(
    mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOGETHERAI_API_KEY", "together")
    meter = Meter()
    with Endpoint() as endpoint:
        lm = serve_lm(endpoint, meter=meter, model=LITELLM, extra={"seed": 3, "min_p": 0.2})
        bracket = play(lm, make_pool(2), votes=4, mode=mode, early_stop=False)
        told = endpoint.usage()
        calls = len(endpoint.log)
        assert count_left_open(endpoint) == 0
        assert {call.model for call in endpoint.log} == {"scripted"}
        assert {call.key_hash for call in endpoint.log} == {key_hash("together")}
        assert all("litellm" in call.headers["user-agent"] for call in endpoint.log)
        assert {(call.params["seed"], call.params["min_p"]) for call in endpoint.log} == {(3, 0.2)}
    assert bracket.matches[0].tally in {(4, 0), (0, 4)}
    assert sum(call.n for call in endpoint.log) == 4
    expected = Usage(
        calls=calls,
        input_tokens=told.input_tokens,
        output_tokens=told.output_tokens,
        cost_usd=None,
    )
    assert meter.by_role() == {"judge": expected}
    assert bracket.usage.model_copy(update={"cost_usd": None}) == expected


def test_litellms_errors_mean_the_same() -> None:
    with Endpoint(faults={Fault.EXPIRED_KEY: 1.0}) as endpoint, pytest.raises(ModelRefusedError):
        run(vote(serve_lm(endpoint, model=LITELLM)))
    with Endpoint(faults=[Fault.MALFORMED]) as endpoint:
        assert run(vote(serve_lm(endpoint, model=LITELLM))).attempts == 2


@contextmanager
def serve(choose: Callable[[int], int]) -> Iterator[tuple[str, list[int]]]:
    """A server that takes n completions and gives as many as it chooses; the n's it was asked."""
    asked: list[int] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked.append(body.get("n") or 1)
            text = "[[ ## winner ## ]]\n1\n[[ ## confidence ## ]]\n0.5\n[[ ## reasons ## ]]\nok"
            message = {"role": "assistant", "content": text}
            choices = [
                {"index": n, "finish_reason": "stop", "message": message}
                for n in range(choose(asked[-1]))
            ]
            usage = {"prompt_tokens": 100, "completion_tokens": 10 * len(choices)}
            self.answer({"id": "x", "model": "m", "choices": choices, "usage": usage})

        def answer(self, content: Mapping[str, Any]) -> None:
            data = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("choose", "requests"),
    [(lambda n: 1, [3, 1, 1]), (lambda n: n, [3]), (lambda n: n + 1, [3])],
    ids=["one", "as many", "one more"],
)
def test_a_server_that_gives_fewer_completions_is_asked_for_the_rest(
    choose: Callable[[int], int], requests: list[int]
) -> None:
    meter = Meter()
    with serve(choose) as (url, asked):
        lm = build_lm("judge", ModelConfig(model="openai/m", api_base=url), meter)
        bracket = play(lm, make_pool(2), votes=3, mode="batched", rotate=False)
    assert asked == requests
    assert sum(bracket.matches[0].tally) == 3
    assert meter.by_role()["judge"].input_tokens == 100 * len(requests)
    given = sum(choose(n) for n in requests)
    assert meter.by_role()["judge"].output_tokens == 10 * given
