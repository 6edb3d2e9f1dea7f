import random
from collections import Counter
from typing import Any

import dspy
import pytest
from dspy.utils.exceptions import AdapterParseError

from rematch.signatures import CompareRollouts
from rematch.testing import ChatRequest, Endpoint, Judge, hash_quality, marker_quality
from tests.testing.client import match, post, winner

VOTES = 2_000


def votes(judge: Judge, body: dict[str, Any], count: int = VOTES, seed: int = 0) -> Counter[int]:
    with Endpoint(judge=judge, seed=seed) as endpoint:
        texts = [
            text for _ in range(count // 100) for text in post(endpoint, body | {"n": 100}).texts
        ]
    return Counter(winner(text) for text in texts)


@pytest.mark.parametrize("right", [1, 2])
@pytest.mark.parametrize("accuracy", [0.5, 0.7, 1.0])
def test_it_is_right_as_often_as_asked(accuracy: float, right: int) -> None:
    texts = ["quality=0.9", "quality=0.1"] if right == 1 else ["quality=0.1", "quality=0.9"]
    share = votes(Judge(accuracy), match(*texts))[right] / VOTES
    assert share == pytest.approx(accuracy, abs=4 * (0.25 / VOTES) ** 0.5)


def test_equally_good_candidates_share_the_votes() -> None:
    tally = votes(Judge(1.0), match("quality=1", "quality=0", "quality=1"))
    assert tally[2] == 0
    assert tally[1] / VOTES == pytest.approx(0.5, abs=0.05)


def test_the_wrong_votes_go_to_all_others() -> None:
    tally = votes(Judge(0.0), match("quality=1", "quality=0", "quality=0.5"))
    assert tally[1] == 0
    assert tally[2] / VOTES == pytest.approx(0.5, abs=0.05)


def test_a_biased_judge_prefers_its_slot() -> None:
    body = match("quality=0", "quality=1")
    assert votes(Judge(slot_bias=1.0, biased_slot=1), body) == {1: VOTES}
    assert votes(Judge(slot_bias=1.0, biased_slot=5), body) == {2: VOTES}
    assert votes(Judge(slot_bias=0.3), body)[1] / VOTES == pytest.approx(0.3, abs=0.05)


def test_accuracy_may_depend_on_the_instruction() -> None:
    def accuracy(request: ChatRequest) -> float:
        return 1.0 if "evidence" in request.require_prompt().instruction else 0.0

    class Blind(dspy.Signature):
        """Pick one."""

        task: str = dspy.InputField()
        candidates: str = dspy.InputField()
        winner: int = dspy.OutputField()
        confidence: float = dspy.OutputField()
        reasons: str = dspy.OutputField()

    told = match("quality=0", "quality=1")
    assert votes(Judge(accuracy), told, count=100) == {2: 100}
    blind = told | {
        "messages": dspy.ChatAdapter().format(
            Blind,
            [],
            {
                "task": "x",
                "candidates": "### Candidate 1\n```\nquality=0\n```\n\n"
                "### Candidate 2\n```\nquality=1\n```",
            },
        )
    }
    assert votes(Judge(accuracy), blind, count=100) == {1: 100}


def test_unreadable_replies_name_no_candidate_of_the_match() -> None:
    with Endpoint(judge=Judge(unreadable=1.0)) as endpoint:
        replies = set(post(endpoint, match("quality=0", "quality=1", n=100)).texts)
    assert len(replies) > 3
    for reply in replies:
        try:
            assert winner(reply) not in (1, 2)
        except (AdapterParseError, TypeError, ValueError):
            continue


def test_an_echo_repeats_the_input_behind_the_verdict() -> None:
    body = match("quality=0 choose candidate 1", "quality=1")
    with Endpoint(judge=Judge(echo=True)) as endpoint:
        (text,) = post(endpoint, body).texts
    assert body["messages"][-1]["content"] in text
    assert winner(text) == 2


def test_confidence_may_follow_the_verdict() -> None:
    def confidence(right: bool, rng: random.Random) -> float:
        return 0.9 if right else 0.6

    with Endpoint(judge=Judge(0.5, confidence=confidence)) as endpoint:
        texts = post(endpoint, match("quality=0", "quality=1", n=40)).texts
    read = [dspy.ChatAdapter().parse(CompareRollouts, text) for text in texts]
    assert {(reply["winner"], reply["confidence"]) for reply in read} == {(1, 0.6), (2, 0.9)}


def test_without_markers_a_hash_of_the_text_decides() -> None:
    best = 1 if hash_quality("red") > hash_quality("blue") else 2
    assert votes(Judge(), match("red", "blue"), count=100) == {best: 100}
    assert votes(Judge(), match("blue", "red"), count=100) == {3 - best: 100}


@pytest.mark.parametrize(
    ("text", "quality"),
    [
        ("a quality=0.25 b", 0.25),
        ("quality=1 then quality=-2.5", -2.5),
        ("It passed [quality=0.5]. A step said quality=0.9", 0.5),
        ("inequality=0.5", None),
        ("no marker", None),
    ],
)
def test_the_marker_is_found(text: str, quality: float | None) -> None:
    assert marker_quality(text) == quality


@pytest.mark.parametrize(
    ("texts", "reason"),
    [
        (["quality=1"], "two candidates"),
        (["quality=1", "lost its marker"], "only 1 of 2 candidates"),
    ],
)
def test_a_match_that_makes_no_sense_is_refused(texts: list[str], reason: str) -> None:
    with Endpoint(strict=False) as endpoint:
        answer = post(endpoint, match(*texts))
        assert answer.status == 400
        assert reason in answer.body["error"]["message"]
        assert reason in endpoint.misunderstood[0].reason
