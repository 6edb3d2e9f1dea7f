"""How a metric reaches DSPy's optimizers, and what it says at its bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import dspy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rematch.errors import HaltError
from rematch.loops import LoopThread
from rematch.optimizers.candidates import Candidates
from rematch.optimizers.examples import JudgeExample, list_orders
from rematch.optimizers.metrics import Examined, JudgeMetric, Scoring
from rematch.optimizers.tuners import CHOOSES_BY, TuningConfig
from rematch.signatures import CompareRollouts


@pytest.fixture(scope="module")
def loop() -> Iterator[LoopThread]:
    with LoopThread() as running:
        yield running


def make_example(rewards: tuple[float, ...] = (0.0, 1.0), key: str = "t: a b") -> JudgeExample:
    orders = tuple(list_orders(len(rewards)))
    return JudgeExample(
        key=key,
        task_id="t",
        task="Mend it.",
        ids=tuple(f"r{n}" for n in range(len(rewards))),
        rewards=rewards,
        orders=orders,
        candidates=tuple(f"shown {n}" for n in range(len(orders))),
    )


def make_prediction(slots: list[int | None], name: str = "") -> dspy.Prediction:
    made = dspy.Prediction(
        winner=slots, reasons=[""] * len(slots), problems=["unread" for _ in slots]
    )
    made._candidate = name
    return made


class Noting:
    """A metric that keeps what it was asked, and the trace that it was asked under."""

    def __init__(self, score: float = 0.25) -> None:
        self.score = score
        self.seen: list[tuple[Any, str]] = []
        self.traces: list[Any] = []

    async def examine(self, example: Any, made: dspy.Prediction, shown: str = "") -> Examined:
        self.seen.append((example, shown))
        self.traces.append(dspy.settings.trace)
        return Examined(self.score, 1.0, "Because.", {"part": None})


class Lost:
    """A metric whose judge does not answer."""

    async def examine(self, example: Any, made: dspy.Prediction, shown: str = "") -> Examined:
        raise HaltError("the judge is out of order")


def name_one(candidates: Candidates, instruction: str = "Judge.") -> str:
    return candidates.name(dspy.Predict(CompareRollouts.with_instructions(instruction)))


def test_a_score_is_a_number_and_is_noted_with_its_candidate(loop: LoopThread) -> None:
    candidates = Candidates(["t: a b"])
    name = name_one(candidates)
    metric, example = Noting(0.25), make_example()
    score = Scoring(metric, loop, candidates).score(example.as_dspy(), make_prediction([], name))
    assert score == 0.25
    assert metric.seen == [(example, "")]
    assert candidates.best is not None and candidates.best.mean == 0.25


def test_an_explanation_is_the_score_with_its_sentence(loop: LoopThread) -> None:
    candidates = Candidates(["t: a b"])
    made = make_prediction([], name_one(candidates))
    told = Scoring(Noting(), loop, candidates).explain(make_example().as_dspy(), made)
    assert (told.score, told.feedback) == (0.25, "Because.")


@pytest.mark.parametrize(
    ("trace", "shown"),
    [
        (None, ""),
        ([], ""),
        ([(None, {"candidates": "shown 1"}, None)], "shown 1"),
        ([(None, {"summaries": "of another target"}, None)], ""),
    ],
)
def test_the_sentence_is_of_what_was_asked(loop: LoopThread, trace: Any, shown: str) -> None:
    candidates = Candidates([])
    metric = Noting()
    made = make_prediction([], name_one(candidates))
    Scoring(metric, loop, candidates).explain(
        make_example().as_dspy(), made, pred_name="predict", pred_trace=trace
    )
    assert [seen for _, seen in metric.seen] == [shown]


def test_what_a_metric_asks_is_no_part_of_the_program(loop: LoopThread) -> None:
    candidates = Candidates([])
    metric = Noting()
    made = make_prediction([], name_one(candidates))
    with dspy.context(trace=[]):
        Scoring(metric, loop, candidates).score(make_example().as_dspy(), made)
        assert dspy.settings.trace == []
    assert metric.traces == [None]


def test_a_lost_judge_ends_scoring_and_leaves_no_score(loop: LoopThread) -> None:
    candidates = Candidates(["t: a b"])
    made = make_prediction([], name_one(candidates))
    with pytest.raises(HaltError, match="out of order"):
        Scoring(Lost(), loop, candidates).score(make_example().as_dspy(), made)
    assert candidates.best is None


def test_candidates_are_numbered_as_they_come_and_an_end_keeps_the_best() -> None:
    candidates = Candidates(["a"])
    names = [name_one(candidates, text) for text in ("one", "two", "one", "three")]
    candidates.note(names[3], "a", 0.0)
    best = candidates.best
    assert best is not None and (best.number, best.mean) == (2, 0.0)
    candidates.stop("the budget is spent")
    candidates.note(names[1], "a", 1.0)
    assert candidates.best is not None and candidates.best.number == 1, "answers under way count"
    assert candidates.count == 3


def test_another_score_of_the_last_example_counts_no_second_time() -> None:
    ended: list[float | None] = []
    candidates = Candidates(["a"], lambda one: ended.append(one.mean))
    name = name_one(candidates)
    for score in (0.25, 0.75):
        candidates.note(name, "a", score)
    assert ended == [0.25]
    assert candidates.best is not None and candidates.best.mean == 0.25


def examine(example: JudgeExample, slots: list[int | None], shown: str = "") -> Examined:
    return asyncio.run(JudgeMetric().examine(example, make_prediction(slots), shown))


@given(
    st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=4),
    st.lists(st.none() | st.integers(-2, 7), min_size=6, max_size=6),
)
def test_any_reply_has_a_score_and_a_sentence(
    rewards: list[float], replies: list[int | None]
) -> None:
    example = make_example(tuple(rewards))
    slots = replies[: len(example.orders)]
    found = examine(example, slots)
    assert 0 <= found.score == found.accuracy <= 1
    assert found.feedback and "\n" not in found.feedback
    readable = sum(slot is not None and 1 <= slot <= len(rewards) for slot in slots)
    assert found.parts["parsed"] == readable / len(slots)
    if found.parts["consistency"] == 1:
        assert found.score in (0, 1), "one attempt in every order is right always or never"


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=2, max_size=4), st.data())
def test_who_follows_an_attempt_through_all_orders_is_consistent(
    rewards: list[float], data: st.DataObject
) -> None:
    example = make_example(tuple(rewards))
    favourite = data.draw(st.integers(0, len(rewards) - 1))
    found = examine(example, [order.index(favourite) + 1 for order in example.orders])
    assert found.parts == {"consistency": 1, "parsed": 1}
    assert found.score == float(rewards[favourite] == max(rewards))


@given(st.integers(1, 4), st.integers(2, 4))
def test_who_goes_by_place_alone_is_right_by_chance(slot: int, size: int) -> None:
    slot = min(slot, size)
    example = make_example((1.0,) + (0.0,) * (size - 1))
    found = examine(example, [slot] * len(example.orders))
    assert found.score == pytest.approx(1 / size)
    assert found.parts["consistency"] == 0
    assert "the place decided" in found.feedback


def test_every_shown_order_has_its_own_sentence() -> None:
    example = make_example((0.0, 1.0))
    told = [examine(example, [1, None], shown).feedback for shown in example.candidates]
    assert told[0].startswith("Wrong: you named Candidate 1")
    assert told[1] == "No vote (unread). Candidate 1 passes the hidden tests."


@pytest.mark.parametrize(
    "shares", [(0.5, 0.5, 0.0), (0.4, 0.4, 0.4), (-0.1, 0.6, 0.5), (1.0, 1.0, -1.0)]
)
def test_shares_that_are_no_parts_of_one_are_refused(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError, match="three numbers above 0 that sum to 1"):
        TuningConfig.model_validate({"shares": shares})


@pytest.mark.parametrize(
    "setting",
    [{"groups": 0}, {"demos": -1}, {"summary_characters": 499}, {"effort": "huge"}, {"more": 1}],
)
def test_settings_out_of_bounds_are_refused_by_name(setting: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as told:
        TuningConfig.model_validate(setting)
    assert told.value.errors()[0]["loc"] == tuple(setting)


def test_every_optimizer_that_can_be_named_has_examples_to_choose_by() -> None:
    for optimizer, side in CHOOSES_BY.items():
        assert TuningConfig(optimizer=optimizer).optimizer == optimizer
        assert side in ("train", "validation"), "never the held-out side"
