"""How tests fail says which operators are worth a try."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.repairer.hints import _BY_KIND, _NOT_RAISED, weigh_operators
from rematch.agents.repairer.operators import CATALOGUE
from rematch.agents.repairer.reports import Failure


def weigh(message: str, kind: str = "AssertionError") -> dict[str, float]:
    return weigh_operators([Failure("t", kind, message)])


@pytest.mark.parametrize(
    ("message", "operator"),
    [
        ("True is not false", "logical"),
        ("None != 3", "return-value"),
        ("{} != None", "return-value"),
        ("True != False", "negation"),
        ("'A ' != 'a'", "string-method"),
        ("'ab' != 'abc'", "slice"),
        ("3 != -3", "swap-arguments"),
        ("3 != 4", "offset"),
        ("2.5 != 2.25", "rounding"),
        ("10 != 3", "precedence"),
        ("Lists differ: [3, 1] != [1, 3]\n\nFirst", "sorted"),
        ("[1] != [1, 2]", "offset"),
        ("(1, 2, 3) != (1,)", "copy"),
        ("3 != 4 : the total", "offset"),
        ("2.5 != 2.6 within 7 places", "rounding"),
    ],
)
def test_two_values_tell_what_may_be_wrong(message: str, operator: str) -> None:
    assert weigh(message)[operator] > 1


@pytest.mark.parametrize(
    "message",
    [
        "",
        "it is wrong",
        "x != y",
        "3 == 3",
        "'a' != 'b'",
        "{1: 2} != {1: 3}",
        "{[1]} != 3",
        "{[1]: 2} != 3",
        f"{'9' * 400} != 1.5",
        f"{'[' * 5000} != 3",
    ],
)
def test_what_tells_nothing_weighs_nothing(message: str) -> None:
    assert weigh(message) == {}


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(["", "Lists differ: "]))
def test_any_message_is_read(one: str, other: str, head: str) -> None:
    assert all(factor > 0 for factor in weigh(f"{head}{one} != {other}").values())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.tuples(inner, inner),
    max_leaves=8,
)


@given(VALUES, VALUES)
def test_any_two_values_are_compared(one: object, other: object) -> None:
    hints = weigh(f"{one!r} != {other!r}")
    assert hints.keys() <= CATALOGUE.keys()


def test_errors_that_were_not_raised_are_told_by_both_test_runners() -> None:
    assert weigh("ValueError not raised") == _NOT_RAISED
    assert weigh("DID NOT RAISE <class 'ValueError'>", "Failed") == _NOT_RAISED


def test_every_hint_names_an_operator() -> None:
    named = {name for hints in (*_BY_KIND.values(), _NOT_RAISED) for name in hints}
    assert named <= CATALOGUE.keys()


def test_of_several_failures_the_strongest_hint_counts_and_none_is_one() -> None:
    zero, key = Failure("a", "ZeroDivisionError", ""), Failure("b", "KeyError", "'x'")
    both = weigh_operators([zero, key])
    assert both["zero-check"] == weigh_operators([zero])["zero-check"]
    assert both["lookup"] == weigh_operators([key])["lookup"]
    close, other = Failure("a", "AssertionError", "3 != 8"), Failure("b", "OSError", "")
    assert weigh_operators([close])["cast"] < 1
    assert weigh_operators([close, other])["cast"] == 1  # the other may need it
    assert weigh_operators([]) == {}
