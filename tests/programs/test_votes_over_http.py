"""Votes on the wire: whose model, how many requests, in which orders, and what they cost."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from rematch import testing
from rematch.data.records import Bracket, Usage
from rematch.programs import (
    PDR,
    RTV,
    ContextConfig,
    Distiller,
    Judge,
    Rematch,
    RematchConfig,
    RTVConfig,
    Summarizer,
)
from rematch.runs.metering import Meter
from rematch.runs.models import Role
from rematch.testing import Call, ChatRequest, Endpoint, Fault
from tests.programs.makers import PATCH_TASK, FakeAgent, run
from tests.programs.serving import make_pool, play, serve_lm


@dataclass(frozen=True)
class NumberedJudge:
    """Says which sample it is; samples in `garbled` are unreadable."""

    garbled: frozenset[int] = frozenset()
    role: str = "judge"

    def matches(self, request: ChatRequest) -> bool:
        return request.asks_for("winner")

    def reply(self, request: ChatRequest, rng: random.Random) -> str | Mapping[str, Any]:
        if request.sample in self.garbled:
            return "I would rather not say."
        return {"winner": 1, "confidence": 0.5, "reasons": f"sample {request.sample}"}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with Endpoint(judge=NumberedJudge()) as endpoint:
        yield endpoint


def shown_order(call: Call) -> tuple[str, ...]:
    return tuple(re.findall(r"(r\d) \[quality", call.messages[-1].text))


def spent(bracket: Bracket) -> Usage:
    return bracket.usage.model_copy(update={"cost_usd": None})


def logged(endpoint: Endpoint, calls: int) -> Usage:
    told = endpoint.usage()
    return Usage(
        calls=calls,
        input_tokens=told.input_tokens,
        output_tokens=told.output_tokens,
        cost_usd=None,
    )


def test_sequential_votes_are_one_request_each_in_rotated_orders(endpoint: Endpoint) -> None:
    bracket = play(serve_lm(endpoint), make_pool(2), votes=6, early_stop=False)
    (match,) = bracket.matches
    assert [call.n for call in endpoint.log] == [1] * 6
    ids = [tuple(match.entrants[index] for index in vote.order) for vote in match.votes]
    assert Counter(map(shown_order, endpoint.log)) == Counter(ids)
    assert sorted(Counter(ids).values()) == [3, 3]
    # Two orders are two prompts; the replies to each are three independent samples of it.
    assert sorted(vote.reasons for vote in match.votes) == [f"sample {n // 2}" for n in range(6)]
    assert match.tally == (3, 3)
    assert spent(bracket) == logged(endpoint, calls=6)


@pytest.mark.parametrize("places", [1, 2, 16])
def test_batched_votes_are_one_request_per_order(endpoint: Endpoint, places: int) -> None:
    pool = make_pool(3)
    bracket = play(serve_lm(endpoint), pool, votes=8, group_size=3, mode="batched", places=places)
    (match,) = bracket.matches
    assert sorted(call.n for call in endpoint.log) == [2, 3, 3]
    sent = {shown_order(call): call.n for call in endpoint.log}
    ids = Counter(tuple(match.entrants[index] for index in vote.order) for vote in match.votes)
    assert ids == sent
    samples = Counter((vote.order, vote.reasons) for vote in match.votes)
    assert set(samples.values()) == {1}
    assert len(match.votes) == 8
    assert spent(bracket) == logged(endpoint, calls=3)


def test_many_batched_matches_do_not_mix(endpoint: Endpoint) -> None:
    bracket = play(serve_lm(endpoint), make_pool(8), votes=4, mode="batched", places=3)
    assert [call.n for call in endpoint.log] == [2] * 14
    assert spent(bracket) == logged(endpoint, calls=14)


def test_one_unreadable_member_of_a_batch_is_asked_again_alone() -> None:
    with Endpoint(judge=NumberedJudge(frozenset({1}))) as endpoint:
        bracket = play(serve_lm(endpoint), make_pool(2), votes=6, mode="batched")
        (match,) = bracket.matches
        assert sorted(call.n for call in endpoint.log) == [1, 1, 3, 3]
        assert sorted(vote.attempts for vote in match.votes) == [1, 1, 1, 1, 2, 2]
        assert all(vote.winner is not None for vote in match.votes)
        assert spent(bracket) == logged(endpoint, calls=4)


def test_a_batch_that_meets_a_server_error_is_sent_again_whole() -> None:
    with Endpoint(judge=NumberedJudge(), faults=[Fault.SERVER_ERROR]) as endpoint:
        bracket = play(serve_lm(endpoint), make_pool(2), votes=4, mode="batched")
        assert [call.n for call in endpoint.log] == [2, 2, 2, 2]
        assert [call.status for call in endpoint.log] == [500, 500, 200, 200]
        assert bracket.matches[0].tally == (2, 2)
        assert spent(bracket) == logged(endpoint, calls=2)


def test_a_judge_that_always_says_slot_1_ties_over_http() -> None:
    judge = testing.Judge(slot_bias=1.0)
    with Endpoint(judge=judge) as endpoint:
        bracket = play(serve_lm(endpoint), make_pool(4), votes=8, early_stop=False)
    assert {match.tally for match in bracket.matches} == {(4, 4)}


def test_each_roles_calls_go_to_its_own_model_and_base() -> None:
    roles: tuple[Role, ...] = ("summarizer", "judge", "distiller")
    with ExitStack() as stack:
        served = {role: stack.enter_context(Endpoint()) for role in (*roles, "agent")}
        settings: dict[str, dict[str, Any]] = {
            "summarizer": {"temperature": 0.0, "max_tokens": 900},
            "judge": {"temperature": 0.7, "reasoning_effort": "low"},
            "distiller": {"temperature": None, "extra": {"top_p": 0.5}},
        }
        meter = Meter()
        lms = {
            role: serve_lm(
                served[role], role, meter=meter, model=f"openai/{role}-model", **settings[role]
            )
            for role in roles
        }
        program = Rematch(
            Summarizer(lms["summarizer"]),
            RTV(Judge(lms["judge"]), RTVConfig(votes=2, early_stop=False)),
            PDR(FakeAgent(), ContextConfig(k=2, distill=True), Distiller(lms["distiller"])),
            RematchConfig(n=4),
        )
        outcome = run(program.acall(task=PATCH_TASK))
    assert outcome.pick.rollout_id.startswith("t1-")
    assert len(served["agent"].log) == 0
    for role in roles:
        calls = served[role].calls()
        assert {(call.model, call.role) for call in calls} == {(f"{role}-model", role)}
        told, metered = served[role].usage(), meter.by_role()[role]
        assert metered.calls == len(calls) == {"summarizer": 8, "judge": 10, "distiller": 1}[role]
        assert (metered.input_tokens, metered.output_tokens) == (
            told.input_tokens,
            told.output_tokens,
        )
    sent = {role: dict(served[role].log[0].params) for role in roles}
    assert sent == {
        "summarizer": {"temperature": 0.0, "max_completion_tokens": 900},
        "judge": {"temperature": 0.7, "max_completion_tokens": 16_000, "reasoning_effort": "low"},
        "distiller": {"max_completion_tokens": 16_000, "top_p": 0.5},
    }
