"""Operators on conditions: what each makes of an expression, and what it leaves alone."""

import pytest

from tests.agents.repairer.proposing import bodies, outcomes, values


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a < b", {"a <= b", "a > b", "a >= b", "a != b"}),
        ("a == b", {"a != b", "a <= b", "a >= b", "a in b"}),
        ("a is b", {"a is not b", "a == b"}),
        ("a is not b", {"a is b", "a != b"}),
        ("a in b", {"a not in b", "a == b"}),
        ("a not in b", {"a in b", "a != b"}),
        ("(a) >= (b)", {"(a) > (b)", "(a) <= (b)", "(a) < (b)", "(a) == (b)"}),
        ("a + b", set()),
    ],
)
def test_a_relation_becomes_another_one(expression: str, made: set[str]) -> None:
    assert values(expression, "relational") == made


def test_each_relation_of_a_chain_changes_by_itself() -> None:
    made = values("a <= b < c", "relational")
    assert {"a < b < c", "a <= b <= c"} <= made
    assert all(text.startswith("a <= b ") or text.endswith(" b < c") for text in made)


def test_the_neighbouring_relation_is_tried_first() -> None:
    weights = outcomes("y = a < b\n", "relational")
    assert max(weights, key=lambda text: weights[text]) == "y = a <= b\n"


def test_a_comment_between_the_operands_is_left_alone() -> None:
    assert values("(a  # less\n < b)", "relational") == set()


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a or b", {"a and b", "a", "b"}),
        ("a and b and c", {"a or b and c", "a and b or c", "(a or b) and c", "a and (b or c)"}),
        ("not (a or b)", {"not (a and b)", "not ((a))", "not ((b))"}),
    ],
)
def test_a_connector_changes_or_an_operand_goes(expression: str, made: set[str]) -> None:
    assert values(expression, "logical") == made


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a if b else c", {"a if not b else c"}),
        ("a if b and c else d", {"a if not (b and c) else d"}),
        ("a if b < c else d", set()),  # `relational` does that
        ("a if True else d", set()),
        ("not (a or b)", {"a or b"}),
        ("c and not (a or b)", {"c and (a or b)"}),
        ("-a", set()),
    ],
)
def test_a_condition_is_negated_once(expression: str, made: set[str]) -> None:
    assert values(expression, "negation") == made


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a or b", {"(a if a is not None else b)", "(a is not None) or b", "a or (b is not None)"}),
        ("a and not b", {"(a is not None) and not b", "a and b is None"}),
        ("a if f(x) else d", {"a if (f(x) is not None) else d"}),
        ("a if b < c else d", set()),
        ("not a", set()),
    ],
)
def test_truth_becomes_a_test_for_none(expression: str, made: set[str]) -> None:
    assert values(expression, "none-test") == made


def test_a_loop_and_an_assertion_are_conditions_too() -> None:
    assert bodies("while a:\n    g()", "none-test") == {"while a is not None:\n    g()"}
    assert bodies("assert not a", "none-test") == {"assert a is None"}
    assert bodies("assert a", "negation") == {"assert not a"}


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a + b * c", {"(a + b) * c"}),
        ("a * b + c", {"a * (b + c)"}),
        ("a - b - c", {"a - (b - c)"}),
        ("f((a + b) * 2)", {"f(a + b * 2)"}),
        ("a and b or c", {"a and (b or c)"}),
        ("a or b and c", {"(a or b) and c"}),
        ("a + (b * c)", set()),  # the same without them
        ("f(a + b)", set()),
        ("(a and b) or c", set()),
    ],
)
def test_parentheses_move_where_that_makes_a_difference(expression: str, made: set[str]) -> None:
    assert values(expression, "precedence") == made


def test_conditions_of_the_file_join() -> None:
    made = bodies("if a:\n    return 1\nif a or b:\n    return 2", "condition")
    assert "if a and (a or b):\n    return 1\nif a or b:\n    return 2" in made
    assert "if a:\n    return 1\nif (a or b) and a:\n    return 2" in made
    assert len(made) == 4


@pytest.mark.parametrize("test", ["(c := a)", "(a if b else 0)", "(a or b)"])
def test_what_binds_less_than_a_connector_stays_together(test: str) -> None:
    made = bodies(f"if {test}:\n    return 1\nif b > 2:\n    return 2", "condition")
    joined = {text.partition("\n")[0] for text in made if not text.startswith(f"if {test}:\n")}
    assert {f"if ({test} and b > 2):", f"if ({test} or b > 2):"} <= joined
    assert all(line.startswith(f"if ({test} ") for line in joined)


def test_a_condition_of_names_that_are_not_known_here_does_not_join() -> None:
    assert bodies("while a < 1:\n    g()\nassert x > y", "condition") == set()
