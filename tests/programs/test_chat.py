"""A question's words: DSPy's own, letter for letter, however often parts of them are shared."""

from __future__ import annotations

from typing import Any

import dspy
import pytest
from dspy.utils.callback import BaseCallback
from dspy.utils.exceptions import AdapterParseError
from hypothesis import given
from hypothesis import strategies as st

from rematch.programs import Judge, chat
from rematch.programs.chat import Chat
from rematch.signatures import CompareRollouts
from rematch.signatures.terminus import OperateTerminal
from rematch.testing import Endpoint
from tests.programs.makers import PATCH_TASK, run
from tests.programs.serving import make_pool, serve_lm

DSPYS = dspy.ChatAdapter(use_json_adapter_fallback=False)
TEXT = st.text(st.characters(codec="utf-8"), max_size=40)
FIELDS = tuple(CompareRollouts.fields)
DEMO = {"task": "t", "candidates": "c", "winner": 1, "confidence": 0.5, "reasons": "It ran."}

REPLY = "[[ ## winner ## ]]\n1\n[[ ## confidence ## ]]\n0.5\n[[ ## reasons ## ]]\nIt ran."


def assert_same(signature: Any, demos: list[Any], inputs: dict[str, Any]) -> None:
    """Twice: the second time, parts may be those of the first."""
    expected = DSPYS.format(signature, demos, inputs)
    assert Chat().format(signature, demos, inputs) == expected
    assert Chat().format(signature, demos, inputs) == expected


@given(
    inputs=st.dictionaries(st.sampled_from(["candidates", "task", "winner", "other"]), TEXT),
    demos=st.lists(
        st.dictionaries(st.sampled_from(FIELDS), st.one_of(TEXT, st.none(), st.integers(0, 9))),
        max_size=3,
    ),
)
def test_a_question_is_worded_as_by_dspy(inputs: dict[str, str], demos: list[Any]) -> None:
    assert_same(CompareRollouts, demos, inputs)


@pytest.mark.parametrize(
    "value", ["", "\ud800", 3, True, 1.0, None, ["a", "b"], {"a": [1]}, DEMO, ("a",)]
)
def test_whatever_stands_in_a_field_is_worded_as_by_dspy(value: Any) -> None:
    assert_same(CompareRollouts, [DEMO], {"task": value, "candidates": "c"})


def test_values_that_are_equal_and_look_different_are_told_apart() -> None:
    for value in ("1", 1, True, 1.0):
        assert_same(CompareRollouts, [], {"task": value, "candidates": "c"})


def test_the_order_in_which_inputs_are_given_changes_nothing() -> None:
    there = Chat().format(CompareRollouts, [], {"task": "a", "candidates": "b"})
    assert Chat().format(CompareRollouts, [], {"candidates": "b", "task": "a"}) == there


def test_a_value_that_changes_in_place_is_read_anew() -> None:
    value = ["first"]
    before = Chat().format(CompareRollouts, [], {"task": value, "candidates": "c"})
    value.append("second")
    after = Chat().format(CompareRollouts, [], {"task": value, "candidates": "c"})
    assert "second" in after[-1]["content"]
    assert before != after


def test_a_demonstration_that_changes_in_place_is_read_anew() -> None:
    demo = dict(DEMO)
    assert_same(CompareRollouts, [demo], {"task": "a", "candidates": "b"})
    demo["task"] = "another"
    assert_same(CompareRollouts, [demo], {"task": "a", "candidates": "b"})


def test_turns_of_a_conversation_are_worded_as_by_dspy() -> None:
    turns = [{"task": "a", "context": "b", "terminal": f"$ {n}"} for n in range(3)]
    inputs = {"history": dspy.History(messages=turns), "task": "a", "terminal": "$"}
    assert_same(OperateTerminal, [], inputs)


def test_what_tuning_changes_is_worded_anew() -> None:
    inputs = {"task": "a", "candidates": "b"}
    assert_same(CompareRollouts, [], inputs)
    for changed in (
        CompareRollouts.with_instructions("Choose well."),
        CompareRollouts.with_updated_fields("winner", desc="a digit"),
        CompareRollouts.with_updated_fields("winner", type_=str),
        CompareRollouts.append("doubts", dspy.OutputField(desc="what is unclear"), str),
    ):
        assert_same(changed, [], inputs)
        assert Chat().format(changed, [], inputs) != Chat().format(CompareRollouts, [], inputs)


def test_instructions_that_change_in_place_are_read_anew() -> None:
    """As some of DSPy's optimizers change them."""
    signature = CompareRollouts.with_instructions("Choose well.")
    Chat().format(signature, [], {"task": "a", "candidates": "b"})
    signature.instructions = "Choose badly."
    (rules, _) = Chat().format(signature, [], {"task": "a", "candidates": "b"})
    assert "Choose badly." in rules["content"]
    assert "Choose well." not in rules["content"]


def test_a_prompt_that_a_caller_changes_is_changed_for_nobody_else() -> None:
    inputs = {"task": "a", "candidates": "b"}
    first = Chat().format(CompareRollouts, [], inputs)
    first[0]["content"] += "And hurry."
    first.pop()
    assert_same(CompareRollouts, [], inputs)


def test_votes_of_one_order_share_their_prompt() -> None:
    with Endpoint() as endpoint:
        judge = Judge(serve_lm(endpoint))
        pool = make_pool(2)
        chat._write_rules.cache_clear()
        chat._write_inputs.cache_clear()

        async def ask() -> None:
            for number in range(6):
                order = (0, 1) if number % 2 else (1, 0)
                await judge.acall(task=PATCH_TASK, entrants=pool, order=order, sample=number)

        run(ask())
        assert len(endpoint.log) == 6
        assert len({call.content_hash for call in endpoint.log}) == 2
    assert chat._write_rules.cache_info().misses == 1
    assert chat._write_inputs.cache_info().misses == 2


def test_no_more_parts_are_kept_than_matches_are_under_way() -> None:
    for number in range(3 * chat._KEPT):
        Chat().format(CompareRollouts, [], {"task": str(number), "candidates": "c"})
    assert chat._write_inputs.cache_info().currsize == chat._KEPT


def test_callbacks_hear_of_a_question_and_its_reply_once_each_time() -> None:
    heard = []

    class Listens(BaseCallback):
        def on_adapter_format_start(self, call_id: str, instance: Any, inputs: Any) -> None:
            heard.append("asked")

        def on_adapter_parse_start(self, call_id: str, instance: Any, inputs: Any) -> None:
            heard.append("read")

    with dspy.context(callbacks=[Listens()]):
        for _ in range(2):
            Chat().format(CompareRollouts, [], {"task": "a", "candidates": "b"})
            Chat().parse(CompareRollouts, REPLY)
    assert heard == ["asked", "read"] * 2


@pytest.mark.parametrize("reply", ["", '{"winner": 1}', "[[ ## winner ## ]]\nnone of them"])
def test_a_reply_in_another_form_is_not_read(reply: str) -> None:
    with pytest.raises(AdapterParseError):
        Chat().parse(CompareRollouts, reply)
