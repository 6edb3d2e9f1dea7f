"""Replies that cannot be read, and requests that fail: no vote, another try, or the end."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

import dspy
import pytest

from rematch import testing
from rematch.data.records import Bracket, Vote
from rematch.errors import ContextOverflowError, ModelRefusedError
from rematch.programs import RTV, Judge, RTVConfig
from rematch.runs.metering import Meter
from rematch.testing import ChatRequest, Endpoint, Fault, Reply
from rematch.testing.judge import UNREADABLE
from tests.programs.makers import PATCH_TASK, run
from tests.programs.serving import make_pool, play, serve_lm


@dataclass(frozen=True)
class Says:
    """A judge whose k-th reply to a prompt is the function's."""

    reply_of: Callable[[int], str]
    role: str = "judge"

    def matches(self, request: ChatRequest) -> bool:
        return request.asks_for("winner")

    def reply(self, request: ChatRequest, rng: random.Random) -> Reply:
        return Reply(self.reply_of(request.sample))


def verdict(winner: object, confidence: object = 0.5, reasons: str = "It ran.") -> str:
    return (
        f"[[ ## winner ## ]]\n{winner}\n\n[[ ## confidence ## ]]\n{confidence}\n\n"
        f"[[ ## reasons ## ]]\n{reasons}\n\n[[ ## completed ## ]]"
    )


def vote_once(lm: dspy.LM) -> Vote:
    vote: Vote = Judge(lm)(task=PATCH_TASK, entrants=make_pool(2), order=(1, 0), sample=3)
    return vote


def vote_on(*replies: str) -> tuple[Vote, Endpoint]:
    """One vote by a judge that gives these replies, and the last one ever after."""
    said = Says(lambda sample: replies[min(sample, len(replies) - 1)])
    with Endpoint(judge=said) as endpoint:
        return vote_once(serve_lm(endpoint, max_tokens=None)), endpoint


@pytest.mark.parametrize(
    "reply", [*UNREADABLE, verdict("2nd"), verdict(0), verdict(-1), verdict(3)]
)
def test_a_reply_that_names_no_candidate_is_asked_again_and_then_no_vote(reply: str) -> None:
    vote, endpoint = vote_on(reply)
    assert (vote.winner, vote.confidence, vote.attempts) == (None, None, 2)
    assert vote.reasons.startswith("no vote: ")
    assert len(endpoint.log) == vote.usage.calls == 2
    assert vote.usage.tokens == endpoint.usage().tokens
    assert (vote.sample, vote.order) == (3, (1, 0))


def test_the_second_try_is_an_independent_sample_and_counts() -> None:
    vote, endpoint = vote_on("Well...", verdict(2))
    assert (vote.winner, vote.attempts, vote.reasons) == (0, 2, "It ran.")
    assert len(endpoint.log) == 2


@pytest.mark.parametrize(
    ("reply", "winner", "confidence"),
    [
        (verdict(2), 0, 0.5),
        (verdict(" 1 "), 1, 0.5),
        (verdict(2, "1.0"), 0, 1.0),
        (verdict(2, 7.0), 0, None),
        (verdict(2, "nan"), 0, None),
        ("Let me think.\n\n" + verdict(2), 0, 0.5),
        (verdict(2) + "\n\n" + verdict(1), 0, 0.5),
        ("[[ ## winner ## ]] 2\n[[ ## confidence ## ]] 0.5\n[[ ## reasons ## ]] short", 0, 0.5),
    ],
)
def test_what_a_readable_reply_says(reply: str, winner: int, confidence: float | None) -> None:
    vote, _ = vote_on(reply)
    assert (vote.winner, vote.confidence, vote.attempts) == (winner, confidence, 1)


def test_reasons_are_capped_and_say_so() -> None:
    vote, _ = vote_on(verdict(2, reasons="x" * 20_000))
    assert len(vote.reasons) < 1_600
    assert "18,500 characters left out" in vote.reasons


@pytest.mark.parametrize("filler", ["x", "{", "[", "[[ ## ", "\n", '{"a":'])
def test_a_huge_reply_is_read_to_its_cap_and_no_further(filler: str) -> None:
    started = time.monotonic()
    verdict_first, _ = vote_on(verdict(2, reasons=filler * 100_000))
    verdict_last, _ = vote_on(filler * 100_000 + verdict(2), verdict(1))
    assert (verdict_first.winner, verdict_first.attempts) == (0, 1)
    assert (verdict_last.winner, verdict_last.attempts) == (1, 2)
    assert time.monotonic() - started < 10


@pytest.mark.parametrize("fault", [Fault.EMPTY, Fault.MALFORMED, Fault.CONTENT_FILTER])
def test_an_empty_or_filtered_reply_is_asked_again(fault: Fault) -> None:
    with Endpoint(faults=[fault]) as endpoint:
        vote = vote_once(serve_lm(endpoint))
    assert (vote.winner, vote.attempts) == (0, 2)
    assert vote.usage.calls == 2


@pytest.mark.parametrize(
    "fault",
    [
        Fault.RATE_LIMIT_RETRY_AFTER,
        Fault.SERVER_ERROR,
        Fault.BAD_GATEWAY,
        Fault.DROP,
        Fault.TRUNCATE,
    ],
)
def test_a_request_that_fails_once_is_sent_again_as_the_same_attempt(fault: Fault) -> None:
    meter = Meter()
    with Endpoint(faults=[fault], retry_after=0.01) as endpoint:
        vote = vote_once(serve_lm(endpoint, meter=meter))
        assert len(endpoint.log) == 2
        assert meter.by_role()["judge"].tokens == endpoint.usage().tokens
    assert (vote.winner, vote.attempts, vote.usage.calls) == (0, 1, 1)


def test_a_request_that_keeps_failing_is_no_vote_and_says_why() -> None:
    with Endpoint(faults={Fault.SERVER_ERROR: 1.0}) as endpoint:
        vote = vote_once(serve_lm(endpoint, attempts=2))
        assert len(endpoint.log) == 2
    assert vote.winner is None
    assert vote.reasons.startswith("no vote: ")
    assert "The server had an error" in vote.reasons


@pytest.mark.parametrize("mode", ["sequential", "batched"])
@pytest.mark.parametrize("fault", [Fault.EXPIRED_KEY, Fault.NO_MONEY, Fault.UNKNOWN_MODEL])
def test_a_refusal_stops_the_bracket_at_once_in_one_line(fault: Fault, mode: str) -> None:
    with Endpoint(faults={fault: 1.0}, latency=0.02) as endpoint:
        with pytest.raises(ModelRefusedError) as refused:
            play(serve_lm(endpoint), make_pool(16), votes=8, mode=mode, places=4)
        assert len(endpoint.log) <= 8
    assert "\n" not in str(refused.value)
    assert "scripted" in str(refused.value)


def test_a_prompt_that_overflows_the_judges_window_is_an_error() -> None:
    with Endpoint(context_window=100) as endpoint, pytest.raises(ContextOverflowError):
        vote_once(serve_lm(endpoint, max_tokens=None))


def test_without_a_model_the_error_says_what_to_do() -> None:
    with pytest.raises(ModelRefusedError, match="no model: hand one to the program"):
        vote_once(None)


def test_unreadable_votes_of_a_bracket_are_counted_as_none() -> None:
    with Endpoint(judge=testing.Judge(unreadable=0.6), seed=2) as endpoint:
        bracket = play(serve_lm(endpoint), make_pool(6), votes=6, early_stop=False)
        assert bracket.usage.calls == len(endpoint.log)
    votes = [vote for match in bracket.matches for vote in match.votes]
    unread = [vote for vote in votes if vote.winner is None]
    # 30 votes, each lost with probability 0.36: 10.8, and the seed is fixed.
    assert len(votes) == 30
    assert 3 < len(unread) < 20
    assert all(vote.attempts == 2 and vote.reasons.startswith("no vote: ") for vote in unread)
    assert bracket.survivors == ("r0",)


def test_equal_votes_at_temperature_0_warn_nobody() -> None:
    with Endpoint() as endpoint:
        lm = serve_lm(endpoint, temperature=0.0)
        rtv = RTV(Judge(lm), RTVConfig(votes=2, early_stop=False))
        bracket: Bracket = run(rtv.acall(task=PATCH_TASK, entrants=make_pool(2)))
    assert bracket.survivors == ("r0",)
