"""Marks on the wire, what they cost, and what they leave as it is: over HTTP, both ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rematch.data.records import Usage, Vote
from rematch.programs import Summarizer, Terminus
from rematch.runs.metering import Meter
from rematch.signatures import Turn
from rematch.testing import Call, Endpoint, Fault, Judge, Terminus1
from tests.programs.makers import PATCH_TASK, make_rollout, run
from tests.programs.serving import make_pool, play, serve_lm
from tests.runs.calling import cast, make_judge, open_calls, read_rows

CLAUDE = "anthropic/claude-opus-4-6"
FRESH, WRITTEN, READ, GIVEN = 5e-6, 6.25e-6, 0.5e-6, 25e-6
"""What it costs by the list: dollars per token."""
BY_LITELLM = "azure_ai/claude-sonnet-4-5"


def price(calls: list[Call]) -> float:
    """What the endpoint's own counts cost."""
    usages = [call.usage for call in calls]
    return sum(
        (u.input_tokens - u.cached_tokens - u.written_tokens) * FRESH
        + u.cached_tokens * READ
        + u.written_tokens * WRITTEN
        + u.output_tokens * GIVEN
        for u in usages
    )


def vote(
    model: str = CLAUDE, *, matches: int = 1, config: dict[str, Any] | None = None, **voting: Any
) -> tuple[list[Call], Usage]:
    """A bracket's votes, in the order of their answers, and what they cost."""
    meter = Meter()
    settings = {"max_tokens": 300, **(config or {})}
    with Endpoint(judge=Judge(0.6), seed=2) as endpoint:
        lm = serve_lm(endpoint, model=model, meter=meter, **settings)
        # One place: whatever is asked is asked one by one.
        play(lm, make_pool(matches + 1), places=1, **{"votes": 8, **voting})
        return endpoint.calls(), meter.by_role()["judge"]


def test_the_system_prompt_the_task_and_the_whole_prompt_are_marked() -> None:
    calls, _ = vote(warm_cache=True)
    system, said = (message.text for message in calls[0].messages)
    first, task, whole = calls[0].beginnings
    assert first == system
    assert task == system + said[: said.index("[[ ## candidates ## ]]")]
    assert whole == system + said
    assert all(call.path == "/v1/messages" for call in calls)
    assert {call.beginnings[:2] for call in calls} == {(first, task)}


def test_votes_after_the_first_are_read_from_the_cache_and_cost_so() -> None:
    calls, used = vote(warm_cache=True)
    first, turned, *later = calls
    assert first.usage.written_tokens == first.usage.input_tokens
    assert 0 < turned.usage.cached_tokens < turned.usage.input_tokens
    assert len(later) >= 2
    assert all(call.usage.cached_tokens == call.usage.input_tokens for call in later)
    assert used.cost_usd == pytest.approx(price(calls))
    assert used.input_tokens == sum(call.usage.input_tokens for call in calls)
    assert used.cached_tokens == sum(call.usage.cached_tokens for call in calls)


def test_of_votes_that_are_not_sure_to_come_again_the_task_alone_is_kept() -> None:
    calls, used = vote(matches=3)
    assert {call.marks for call in calls} == {2}
    kept = calls[0].usage.written_tokens
    assert 0 < kept < calls[0].usage.input_tokens
    assert [call.usage.written_tokens for call in calls[1:]] == [0] * (len(calls) - 1)
    assert {call.usage.cached_tokens for call in calls[1:]} == {kept}
    assert used.cost_usd == pytest.approx(price(calls))


def test_without_markers_every_vote_costs_in_full_and_says_the_same() -> None:
    plain, dear = vote(config={"cache_markers": False}, warm_cache=True)
    marked, cheap = vote(warm_cache=True)
    assert [call.marks for call in plain] == [0] * len(plain)
    assert [(c.messages, c.replies) for c in plain] == [(c.messages, c.replies) for c in marked]
    assert (dear.cached_tokens, dear.tokens) == (0, cheap.tokens)
    assert dear.cost_usd == pytest.approx(price(plain))
    assert (cheap.cost_usd or 0) < (dear.cost_usd or 0)


@pytest.mark.parametrize("model", ["openai/gpt-5-mini", "openrouter/google/gemini-2.5-pro"])
def test_a_model_whose_provider_caches_by_itself_gets_no_mark(model: str) -> None:
    calls, _ = vote(model, config={"max_tokens": 16_000}, warm_cache=True, votes=4)
    assert [call.marks for call in calls] == [0] * len(calls)
    assert all("cache_control" not in call.params for call in calls)


@pytest.mark.usefixtures("tidy_litellm")
@pytest.mark.parametrize(
    ("model", "path"),
    [
        (BY_LITELLM, "/v1/anthropic/v1/messages"),
        ("openrouter/anthropic/claude-sonnet-4.5", "/v1/chat/completions"),
    ],
)
def test_through_litellm_the_task_and_the_whole_prompt_are_marked(model: str, path: str) -> None:
    calls, used = vote(model, warm_cache=True)
    assert {call.path for call in calls} == {path}
    assert {call.marks for call in calls} == {2}
    assert calls[0].usage.written_tokens == calls[0].usage.input_tokens
    assert used.input_tokens == sum(call.usage.input_tokens for call in calls)
    assert used.cached_tokens == sum(call.usage.cached_tokens for call in calls) > 0
    # This model costs three fifths of the other, in all its rates.
    assert used.cost_usd == pytest.approx(0.6 * price(calls))


def test_marks_change_no_key(tmp_path: Path) -> None:
    """What was answered without marks is replayed with them, and the other way round."""
    ledger = tmp_path / "ledger.sqlite"
    with Endpoint() as endpoint:
        for markers, sent in ((False, 4), (True, 4), (False, 4)):
            calls = open_calls(ledger)
            votes = cast(make_judge(endpoint, calls, CLAUDE, cache_markers=markers), range(4))
            calls.close()
            assert len(endpoint.log) == sent
            assert all(isinstance(one, Vote) and one.winner is not None for one in votes)
    rows = read_rows(ledger)
    assert len(rows) == len({row["key"] for row in rows}) == 4


def test_of_votes_asked_together_one_writes_and_none_pays_twice() -> None:
    with Endpoint(latency=lambda request, rng: 0.3) as endpoint:
        calls = open_calls()
        judge = make_judge(endpoint, calls, CLAUDE)
        cast(judge, range(6))
        cast(judge, range(6, 12))
        together, later = endpoint.calls()[:6], endpoint.calls()[6:]
        calls.close()
    assert sorted(call.marks for call in together) == [0, 0, 0, 0, 0, 2]
    assert sum(call.usage.written_tokens > 0 for call in together) == 1
    assert [call.marks for call in later] == [2] * 6
    assert all(call.usage.cached_tokens > 0 == call.usage.written_tokens for call in later)


def test_a_prompt_whose_writer_failed_is_written_by_the_next_try() -> None:
    with Endpoint(faults=[Fault.RATE_LIMIT, Fault.SERVER_ERROR]) as endpoint:
        calls = open_calls()
        (voted,) = cast(make_judge(endpoint, calls, CLAUDE), [0])
        assert isinstance(voted, Vote) and voted.winner is not None
        assert [call.marks for call in endpoint.log] == [2, 2, 2]
        assert endpoint.log[2].usage.written_tokens > 0
        calls.close()


@pytest.mark.usefixtures("tidy_litellm")
def test_batched_votes_that_cannot_be_one_request_read_what_the_first_wrote() -> None:
    calls, used = vote(mode="batched", rotate=False)
    first, *others = calls
    assert [call.n for call in calls] == [1] * 8
    assert first.usage.written_tokens == first.usage.input_tokens
    assert all(call.usage.cached_tokens == call.usage.input_tokens for call in others)
    assert all(call.started >= first.ended for call in others)
    full = 8 * first.usage.input_tokens * FRESH
    spared = full - (used.cost_usd or 0) + used.output_tokens * GIVEN
    assert spared / full == pytest.approx(1 - (1.25 + 7 * 0.1) / 8)


@pytest.mark.usefixtures("tidy_litellm")
def test_batched_votes_are_asked_though_the_first_is_lost() -> None:
    with Endpoint(faults=[Fault.CONTENT_FILTER, Fault.SERVER_ERROR]) as endpoint:
        lm = serve_lm(endpoint, model=CLAUDE, max_tokens=300, attempts=1)
        bracket = play(lm, make_pool(2), votes=4, mode="batched", rotate=False)
    cast_ = [vote.winner for vote in bracket.matches[0].votes]
    assert len(cast_) == 4
    assert sum(winner is not None for winner in cast_) >= 2


def test_what_a_models_own_price_says_goes_for_all_that_is_read() -> None:
    calls, used = vote(config={"input_price": 2.0, "output_price": 4.0}, warm_cache=True)
    taken, given = (
        sum(getattr(c.usage, f"{k}_tokens") for c in calls) for k in ("input", "output")
    )
    assert used.cached_tokens > 0
    assert used.cost_usd == pytest.approx(taken * 2e-6 + given * 4e-6)


def test_the_end_of_a_tuned_prompts_examples_is_marked() -> None:
    meter = Meter()
    with Endpoint() as endpoint:
        summarizer = Summarizer(serve_lm(endpoint, "summarizer", model=CLAUDE, meter=meter))
        summarizer.summarize.demos = [
            {"task": "t", "trajectory": "ran", "result": "done", "problem": "p"}
        ]
        for name in ("r0", "r1"):
            run(summarizer.acall(task=PATCH_TASK, rollout=make_rollout(name)))
        first, second = endpoint.calls(role="summarizer")
    assert first.messages[1] == second.messages[1]
    assert first.beginnings[-1] == "".join(message.text for message in first.messages[:-1])
    assert second.usage.cached_tokens == first.usage.written_tokens > 0
    assert meter.by_role()["summarizer"].cached_tokens == second.usage.cached_tokens


def test_a_conversation_goes_on_from_what_is_kept_of_it() -> None:
    turns: list[Turn] = []
    with Endpoint(Terminus1(["make", "make test", "ls"])) as endpoint:
        terminus = Terminus(serve_lm(endpoint, "agent", model=CLAUDE))
        for _ in range(4):
            turns.append(run(terminus.acall(task="Serve it.", screen="$ ", turns=turns)))
        first, second, *later = endpoint.calls(role="agent")
    assert first.marks == 0  # nothing was said before
    kept = second.usage.written_tokens
    for call in later:
        assert call.usage.cached_tokens == kept
        assert 0 < call.usage.written_tokens < kept
        kept += call.usage.written_tokens


def test_a_question_without_anything_in_common_gets_no_mark() -> None:
    with Endpoint() as endpoint:
        summarizer = Summarizer(serve_lm(endpoint, "summarizer", model=CLAUDE))
        run(summarizer.acall(task=PATCH_TASK, rollout=make_rollout("r0")))
        assert [call.marks for call in endpoint.log] == [0]


def test_a_user_may_mark_by_anthropics_parameter() -> None:
    marks = {"cache_control": {"type": "ephemeral"}}
    calls, _ = vote(config={"extra": marks, "cache_markers": False}, votes=4, early_stop=False)
    assert {call.marks for call in calls} == {1}
