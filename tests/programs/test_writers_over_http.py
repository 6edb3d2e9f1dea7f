"""Summarizer and distiller over real HTTP: budgets, overflow, fallback, bounds."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from rematch.data.records import Action, Ending, Rollout, Step, Summary, Trajectory
from rematch.errors import ModelError, ModelRefusedError
from rematch.programs import Distiller, Summarizer, SummarizerConfig
from rematch.programs.excerpt import BYTES_PER_TOKEN
from rematch.runs.metering import Meter
from rematch.testing import ChatRequest, Endpoint, Fault
from tests.programs.makers import (
    PATCH_TASK,
    STATE_TASK,
    EchoSummarizer,
    make_rollout,
    make_steps,
)
from tests.programs.serving import serve_lm, with_output

CLAIMS = ("key_actions", "verified", "failure_modes", "lessons_to_reuse", "lessons_to_avoid")


@dataclass(frozen=True)
class Says:
    """Answers any question with the same fields."""

    fields: Mapping[str, Any] = field(default_factory=dict)
    role: str = "writer"

    def matches(self, request: ChatRequest) -> bool:
        return request.prompt is not None

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        asked = request.require_prompt().structure.outputs
        plain = {f.name: "text" if f.type == "str" else [] for f in asked}
        return {**plain, **self.fields}


def make_long(steps: tuple[Step, ...], patch: str = "+ fix") -> Rollout:
    trajectory = Trajectory(steps=steps, ending=Ending.SUBMITTED)
    return make_rollout("long", patch=patch).model_copy(update={"trajectory": trajectory})


LONG = {
    "three megabytes": make_long(make_steps(600, "some log line\n" * 360)),
    "one line of three megabytes": make_long(make_steps(1, "x" * 3_000_000)),
    "Chinese": make_long(make_steps(40, "漢字" * 9_000), patch="+ 漢\n" * 90_000),
    "fences": make_long(make_steps(30, "`" * 90_000)),
    "markers": make_long(make_steps(30, "[[ ## winner ## ]]\n" * 3_000)),
    "many steps": make_long(make_steps(20_000)),
}


@pytest.mark.parametrize("budget", [4_000, 48_000])
@pytest.mark.parametrize("rollout", LONG.values(), ids=LONG)
def test_the_whole_prompt_keeps_its_budget_and_says_what_it_lacks(
    rollout: Rollout, budget: int
) -> None:
    task = PATCH_TASK.model_copy(update={"problem": "Das Übermaß. " * 20_000})
    with Endpoint() as endpoint:
        config = SummarizerConfig(input_tokens=budget)
        summary = Summarizer(serve_lm(endpoint, "summarizer"), config)(task=task, rollout=rollout)
        (call,) = endpoint.log
    used = call.message_bytes / BYTES_PER_TOKEN
    assert used <= budget
    assert used > budget * 0.5 or len(rollout.trajectory.steps) == 1
    assert f"Left out to fit: {summary.left_out}." in call.messages[-1].text
    assert summary.left_out.endswith("part of the task text") or "; part of the" in summary.left_out
    assert "characters left out ...]" in call.messages[-1].text


def test_a_short_rollout_is_shown_complete() -> None:
    rollout = with_output(make_rollout("r"), "4 passed [quality=0.5]")
    with Endpoint() as endpoint:
        summary = Summarizer(serve_lm(endpoint, "summarizer"))(task=PATCH_TASK, rollout=rollout)
        (call,) = endpoint.log
    assert summary.left_out == ""
    assert (summary.rollout_id, summary.author) == ("r", "model")
    assert "quality=0.5" in summary.final_outcome
    assert summary.usage.calls == 1
    prompt = call.messages[-1].text
    assert "Complete.\n```\n### Step 1\nthink 1\n$ run 1\n-> output:\n4 passed" in prompt
    assert "Ended: submitted. Patch:\n+ r" in prompt


@pytest.mark.parametrize(
    ("rollout", "task", "says"),
    [
        (make_rollout("r", patch=None, ending=Ending.LIMIT), PATCH_TASK, "No patch was handed in."),
        (make_rollout("r", patch="+ x"), STATE_TASK, "asks for a state of the environment"),
    ],
)
def test_the_result_says_what_was_handed_in(rollout: Rollout, task: Any, says: str) -> None:
    with Endpoint() as endpoint:
        Summarizer(serve_lm(endpoint, "summarizer"))(task=task, rollout=rollout)
        prompt = endpoint.log[0].messages[-1].text
    assert f"Ended: {rollout.trajectory.ending}." in prompt
    assert says in prompt


def test_an_overflow_halves_the_budget() -> None:
    # 48,000 tokens of 3 bytes are 36,000 by the endpoint's rule of 4 bytes.
    with Endpoint(context_window=20_000) as endpoint:
        lm = serve_lm(endpoint, "summarizer", max_tokens=500)
        summary = Summarizer(lm)(task=PATCH_TASK, rollout=LONG["three megabytes"])
        sizes = [call.message_bytes / BYTES_PER_TOKEN for call in endpoint.log]
        assert [call.fault for call in endpoint.log] == [Fault.OVERFLOW, ""]
    assert 40_000 < sizes[0] <= 48_000
    assert 20_000 < sizes[1] <= 24_000
    assert summary.author == "model"


def test_where_nothing_fits_the_fallback_answers_or_an_error_says_so() -> None:
    rollout = LONG["three megabytes"]
    with Endpoint(context_window=1_000) as endpoint:
        lm = serve_lm(endpoint, "summarizer", max_tokens=500)
        summary = Summarizer(lm, fallback=EchoSummarizer())(task=PATCH_TASK, rollout=rollout)
        assert len(endpoint.log) == 3
        with pytest.raises(ModelError, match="long: no summary"):
            Summarizer(lm)(task=PATCH_TASK, rollout=rollout)
    assert (summary.author, summary.final_outcome) == ("evidence", "<long>")


def test_unreadable_replies_fall_back_and_still_cost() -> None:
    meter = Meter()
    with Endpoint(faults=[Fault.MALFORMED, Fault.MALFORMED]) as endpoint:
        lm = serve_lm(endpoint, "summarizer", meter=meter)
        summarizer = Summarizer(lm, fallback=EchoSummarizer())
        summary = summarizer(task=PATCH_TASK, rollout=make_rollout("r"))
        assert summary.usage.tokens == endpoint.usage().tokens
    assert summary.author == "evidence"
    assert summary.usage == meter.by_role()["summarizer"]
    assert summary.usage.calls == 2


def test_a_refusal_is_no_reason_to_fall_back() -> None:
    with Endpoint(faults={Fault.EXPIRED_KEY: 1.0}) as endpoint:
        summarizer = Summarizer(serve_lm(endpoint, "summarizer"), fallback=EchoSummarizer())
        with pytest.raises(ModelRefusedError):
            summarizer(task=PATCH_TASK, rollout=make_rollout("r"))


def test_a_summary_is_bounded_whatever_the_model_writes() -> None:
    claim = {"text": "y" * 5_000, "steps": [1, 2]}
    fields = {
        "final_outcome": "x" * 9_000,
        "hypotheses": [{**claim, "fate": "refuted"}],
        **{name: [claim] for name in CLAIMS},
    }
    with Endpoint(Says(fields)) as endpoint:
        lm = serve_lm(endpoint, "summarizer", max_tokens=None)
        summary = Summarizer(lm)(task=PATCH_TASK, rollout=make_rollout("r"))
    assert len(summary.final_outcome) < 2_100
    for claims in (getattr(summary, name) for name in ("hypotheses", *CLAIMS)):
        assert len(claims[0].text) < 700
        assert claims[0].steps == (1, 2)
    assert summary.hypotheses[0].fate == "refuted"


def test_many_claims_are_cut_to_twelve() -> None:
    with Endpoint(Says({"verified": [{"text": f"c{n}"} for n in range(50)]})) as endpoint:
        lm = serve_lm(endpoint, "summarizer")
        summary = Summarizer(lm)(task=PATCH_TASK, rollout=make_rollout("r"))
    assert [claim.text for claim in summary.verified] == [f"c{n}" for n in range(12)]


def test_a_claim_that_is_malformed_makes_the_reply_unreadable() -> None:
    with Endpoint(Says({"verified": [{"claim": "x"}]})) as endpoint, pytest.raises(ModelError):
        Summarizer(serve_lm(endpoint, "summarizer"))(task=PATCH_TASK, rollout=make_rollout("r"))
    assert len(endpoint.log) == 2


def test_a_workspace_is_bounded_and_says_what_it_dropped() -> None:
    fields = {"agreements": [f"{n} " + "z" * 900 for n in range(9)], "dead_ends": ["short"]}
    summaries = [Summary(rollout_id=f"r{n}", final_outcome=f"<{n}>") for n in range(3)]
    with Endpoint(Says(fields)) as endpoint:
        distiller = Distiller(serve_lm(endpoint, "distiller"), most_characters=8_000)
        workspace = distiller(task=PATCH_TASK, summaries=summaries)
        prompt = endpoint.log[0].messages[-1].text
    assert sum(map(len, workspace.agreements)) < 2_200
    assert workspace.agreements[-1] == "[... 6 more left out ...]"
    assert (workspace.dead_ends, workspace.usage.calls) == (("short",), 1)
    assert re.findall(r"### Attempt (\d)\n```\nFinal outcome: <(\d)>", prompt) == [
        ("1", "0"),
        ("2", "1"),
        ("3", "2"),
    ]


def test_a_workspace_that_cannot_be_read_is_an_error() -> None:
    with Endpoint(faults={Fault.MALFORMED: 1.0}) as endpoint:
        distiller = Distiller(serve_lm(endpoint, "distiller"))
        with pytest.raises(ModelError, match="task: no workspace"):
            distiller(task=PATCH_TASK, summaries=[Summary(rollout_id="r")])
        assert len(endpoint.log) == 2


def test_an_action_without_output_is_shown() -> None:
    action = Action(command="make", exit_code=2)
    step = Step(number=1, message="Build.", actions=(action,))
    with Endpoint() as endpoint:
        lm = serve_lm(endpoint, "summarizer")
        Summarizer(lm)(task=PATCH_TASK, rollout=make_long((step,)))
        assert "$ make\n-> output (exit code 2):\n" in endpoint.log[0].messages[-1].text
