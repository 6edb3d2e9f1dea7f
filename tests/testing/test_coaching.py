"""The attentive judge gets better by what it is asked for, the coach proposes one sentence more."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import dspy
import pytest
from dspy.teleprompt.copro_optimizer import (
    BasicGenerateInstruction,
    GenerateInstructionGivenAttempts,
)
from dspy.teleprompt.gepa.instruction_proposal import ProposeInstruction
from dspy.teleprompt.simba_utils import OfferFeedback

from rematch.signatures import CompareRollouts
from rematch.testing import AttentiveJudge, Coach, Endpoint
from tests.programs.serving import serve_lm

LOOKS_FOR = {
    "tests that were run": re.compile(r"tests=(\d+)"),
    "narrow changes": re.compile(r"narrow=(\d+)"),
}
SENTENCES = ("Weigh tests that were run.", "Think step by step.")


def candidates(*texts: str) -> str:
    blocks = (f"### Candidate {n}\n```\n{text}\n```" for n, text in enumerate(texts, 1))
    return "\n\n".join(blocks)


def vote(instruction: str, *texts: str, accuracy: float = 1.0, model: str = "openai/m") -> int:
    judge = AttentiveJudge(accuracy, looks_for=LOOKS_FOR)
    with Endpoint(judge=judge) as endpoint:
        compare = dspy.Predict(CompareRollouts.with_instructions(instruction))
        with dspy.context(lm=serve_lm(endpoint, model=model)):
            made = compare(task="Mend it.", candidates=candidates(*texts))
    return int(made.winner)


@pytest.mark.parametrize(
    ("instruction", "winner"),
    [
        ("Weigh tests that were run.", 1),
        ("Prefer NARROW\n   changes.", 2),
        ("Weigh tests that were run, and narrow changes.", 2),
    ],
)
def test_it_reads_what_its_instruction_asks_for(instruction: str, winner: int) -> None:
    assert vote(instruction, "tests=3 narrow=1", "tests=2 narrow=9") == winner
    assert vote(instruction, "tests=2 narrow=9", "tests=3 narrow=1") == 3 - winner


def test_asked_for_nothing_it_goes_by_neither_place_nor_worth() -> None:
    texts = [(f"tests=9 of {n}", f"tests=1 of {n}") for n in range(12)]
    straight = [vote("Be fair.", good, bad) for good, bad in texts]
    turned = [vote("Be fair.", bad, good) for good, bad in texts]
    assert turned == [3 - slot for slot in straight], "the same attempt, wherever it stands"
    assert set(straight) == {1, 2}


def test_the_last_number_counts_and_a_candidate_without_one_is_a_draw() -> None:
    assert vote("Weigh tests that were run.", "tests=1 then tests=5", "tests=3") == 1
    assert vote("Weigh tests that were run.", "nothing", "tests=3") in (1, 2)


def test_it_keeps_the_plain_judges_other_settings() -> None:
    slots = Counter(
        vote("Weigh tests that were run.", f"tests=1 {n}", f"tests=2 {n}", accuracy=0.0)
        for n in range(5)
    )
    assert slots == {1: 5}


def ask(signature: Any, **inputs: Any) -> dspy.Prediction:
    with (
        Endpoint(Coach(SENTENCES)) as endpoint,
        dspy.context(lm=serve_lm(endpoint, role="reflection")),
    ):
        return dspy.Predict(signature)(**inputs)


def test_it_adds_a_sentence_to_gepas_instruction() -> None:
    made = ask(ProposeInstruction, current_instruction="Judge.", examples_with_feedback=[])
    assert made.new_instruction in [f"Judge.\n\n{sentence}" for sentence in SENTENCES]


def test_it_adds_a_sentence_to_copros_best_attempt() -> None:
    first = ask(BasicGenerateInstruction, basic_instruction="Judge.")
    assert first.proposed_instruction.startswith("Judge.\n\n")
    attempts = [
        *("Instruction #1: Guess.", "Prefix #1: Reasons:", "Resulting Score #1: 10"),
        *("Instruction #2: Judge.", "Prefix #2: Reasons:", "Resulting Score #2: 60"),
    ]
    later = ask(GenerateInstructionGivenAttempts, attempted_instructions=attempts)
    assert later.proposed_instruction.startswith("Judge.\n\n")


def test_it_gives_each_of_simbas_modules_advice() -> None:
    inputs = dict.fromkeys(OfferFeedback.input_fields, "{}")
    numbers = {"worse_reward_value": 0.0, "better_reward_value": 1.0}
    made = ask(OfferFeedback, **{**inputs, **numbers, "module_names": '["predict"]'})
    assert made.module_advice["predict"] in SENTENCES


def test_equal_questions_draw_anew() -> None:
    with (
        Endpoint(Coach(SENTENCES)) as endpoint,
        dspy.context(lm=serve_lm(endpoint, role="reflection")),
    ):
        propose = dspy.Predict(BasicGenerateInstruction)
        made = {propose(basic_instruction="Judge.").proposed_instruction for _ in range(12)}
    assert len(made) == 2
