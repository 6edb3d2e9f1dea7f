"""The clients that Rematch's users have: DSPy with both engines, and litellm."""

import asyncio
import random
from collections.abc import Iterator, Mapping
from typing import Any

import dspy
import litellm
import pytest
from dspy.adapters import JSONAdapter
from dspy.utils.exceptions import AdapterParseError, ContextWindowExceededError, LMRateLimitError

from rematch.signatures import CompareRollouts, DistillSummaries, SummarizeRollout, fence
from rematch.testing import ChatRequest, Endpoint, Fault, Judge
from tests.testing.client import candidates, match

pytestmark = [
    pytest.mark.usefixtures("tidy_litellm"),
    # litellm's own types warn when they are first loaded.
    pytest.mark.filterwarnings("ignore:Items? .* on TypedDict class:UserWarning"),
]

ENGINES = ("auto", "litellm")
PAIR = {"task": "Repair it.", "candidates": candidates("quality=0.1", "quality=0.9")}
STRICT = dspy.ChatAdapter(use_json_adapter_fallback=False)


def model(endpoint: Endpoint, engine: str = "auto", **options: Any) -> dspy.LM:
    settings: dict[str, Any] = {"temperature": 1.0, "max_tokens": 4_000, "cache": False}
    return dspy.LM(
        "openai/scripted",
        api_base=endpoint.url,
        api_key="any",
        engine=engine,
        **(settings | {"num_retries": 0} | options),
    )


@pytest.fixture(autouse=True)
def cache_of_its_own() -> Iterator[None]:
    before = dspy.cache
    dspy.configure_cache(enable_disk_cache=False)
    yield
    dspy.cache = before


@pytest.mark.parametrize("engine", ENGINES)
def test_our_signatures_are_answered(engine: str) -> None:
    trajectory = fence("### Step 1\npytest -q\n\n### Step 2\nquality=0.4")
    with Endpoint() as endpoint, dspy.context(lm=model(endpoint, engine), adapter=STRICT):
        vote = dspy.Predict(CompareRollouts)(**PAIR)
        summary = dspy.Predict(SummarizeRollout)(
            task="Repair it.", trajectory=trajectory, result=fence("submitted")
        )
        workspace = dspy.Predict(DistillSummaries)(
            task="Repair it.", summaries=candidates("a", "b", word="Attempt")
        )
        thought = dspy.ChainOfThought(CompareRollouts)(**PAIR)
    assert (vote.winner, vote.confidence, thought.winner) == (2, 0.75, 2)
    assert summary.verified[0].steps == (1,)
    assert len(workspace.agreements) == 2
    roles = [call.role for call in endpoint.log]
    assert roles == ["judge", "summarizer", "distiller", "judge"]
    assert {call.params["temperature"] for call in endpoint.log} == {1.0}


def test_both_engines_get_the_same_samples() -> None:
    def run(engine: str) -> list[int]:
        with Endpoint(judge=Judge(0.5)) as endpoint, dspy.context(lm=model(endpoint, engine)):
            return [dspy.Predict(CompareRollouts)(**PAIR).winner for _ in range(12)]

    assert run("auto") == run("litellm")


def test_votes_through_the_cache_are_samples_of_their_own() -> None:
    async def run(lm: dspy.LM) -> list[int]:
        judge = dspy.Predict(CompareRollouts)
        with dspy.context(lm=lm, adapter=STRICT):
            votes = [judge.acall(**PAIR, config={"rollout_id": vote}) for vote in range(16)]
            return [vote.winner for vote in await asyncio.gather(*votes)]

    with Endpoint(judge=Judge(0.5)) as endpoint:
        lm = model(endpoint, cache=True)
        first = asyncio.run(run(lm))
        assert asyncio.run(run(lm)) == first
    assert set(first) == {1, 2}
    assert len(endpoint.log) == 16
    assert len({call.content_hash for call in endpoint.log}) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_usage_is_what_the_client_counts(engine: str) -> None:
    with Endpoint() as endpoint, dspy.context(lm=model(endpoint, engine)):
        dspy.Predict(CompareRollouts)(**PAIR)
        usage = dspy.settings.lm.history[-1]["usage"]
    assert usage["prompt_tokens"] == endpoint.usage().input_tokens
    assert usage["completion_tokens"] == endpoint.usage().output_tokens


def test_the_json_adapter_is_answered_in_json() -> None:
    with Endpoint() as endpoint, dspy.context(lm=model(endpoint), adapter=JSONAdapter()):
        assert dspy.Predict(CompareRollouts)(**PAIR).winner == 2
    assert endpoint.log[0].replies[0].text.startswith('{"winner": 2')


def test_litellm_gets_n_completions_and_tool_calls() -> None:
    where = {"api_base": "", "api_key": "any", "model": "openai/scripted"}
    body = match("quality=0.1", "quality=0.9")
    tool = {"type": "function", "function": {"name": "bash", "parameters": {}}}
    with Endpoint(judge=Judge(0.5)) as endpoint:
        where["api_base"] = endpoint.url
        votes = litellm.completion(messages=body["messages"], n=8, **where)
        asked = [{"role": "user", "content": "x"}]
        call = litellm.completion(messages=asked, tools=[tool], **where)
    assert len({choice.message.content for choice in votes.choices}) == 2
    assert call.choices[0].message.tool_calls[0].function.name == "bash"
    assert call.choices[0].finish_reason == "tool_calls"
    assert len(endpoint.log) == 2


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault.RATE_LIMIT, LMRateLimitError),
        (Fault.OVERFLOW, ContextWindowExceededError),
        (Fault.MALFORMED, AdapterParseError),
    ],
)
def test_faults_are_seen_as_what_they_are(
    engine: str, fault: Fault, error: type[Exception]
) -> None:
    lm_and_adapter = {"adapter": STRICT}
    with Endpoint(faults=[fault]) as endpoint:
        with dspy.context(lm=model(endpoint, engine), **lm_and_adapter), pytest.raises(error):
            dspy.Predict(CompareRollouts)(**PAIR)
        assert endpoint.log[0].fault == fault


class Proposer:
    """A prompt optimizer's model: proposes one instruction after another."""

    role = "proposer"

    def matches(self, request: ChatRequest) -> bool:
        return request.asks_for("proposed_instruction")

    def reply(self, request: ChatRequest, rng: random.Random) -> Mapping[str, Any]:
        return {"proposed_instruction": rng.choice(["Weigh evidence.", "Be nice.", "Be quick."])}


def test_a_responder_of_ten_lines_proposes_and_the_judge_follows() -> None:
    class Propose(dspy.Signature):
        """Propose a better instruction."""

        current: str = dspy.InputField()
        proposed_instruction: str = dspy.OutputField()

    def accuracy(request: ChatRequest) -> float:
        return float("evidence" in request.require_prompt().instruction)

    with (
        Endpoint(Proposer(), judge=Judge(accuracy)) as endpoint,
        dspy.context(lm=model(endpoint)),
    ):
        winners = {}
        for _ in range(12):
            text = dspy.Predict(Propose)(current="Pick one.").proposed_instruction
            signature = CompareRollouts.with_instructions(text)
            winners[text] = dspy.Predict(signature)(**PAIR).winner
    assert winners == {"Weigh evidence.": 2, "Be nice.": 1, "Be quick.": 1}
