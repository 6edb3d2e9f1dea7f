"""Operators on arithmetic and constants."""

import pytest

from rematch.agents.repairer.operators import Pool
from tests.agents.repairer.proposing import bodies, outcomes, values


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a + b", {"a - b", "a * b", "a", "b"}),
        ("a - b", {"a + b", "a % b", "b - a", "a", "b"}),
        ("a // b", {"a / b", "a % b", "b // a", "a", "b"}),
        ("a ** b", {"a * b", "a", "b"}),
        ("a << 2", {"a >> 2", "a", "2"}),
        ("a @ b", {"a", "b"}),
        ("'%s' % b", set()),
        ("b'%s' % b", set()),
    ],
)
def test_an_operation_becomes_another_one_or_an_operand(expression: str, made: set[str]) -> None:
    assert values(expression, "arithmetic") == made


def test_parentheses_of_an_operand_stay_where_they_are_needed() -> None:
    made = values("a / (b + c)", "arithmetic")
    assert {"(b + c) / a", "a // (b + c)", "a / (b - c)"} <= made
    assert "b + c / a" not in made


def test_operations_of_what_is_no_number_only_lose_an_operand() -> None:
    texts = Pool(kinds={"a.py:f": {"a": ["str"], "b": ["str"]}})
    assert bodies("return a + b", "arithmetic", texts) == {"return a", "return b"}
    numbers = Pool(kinds={"a.py:f": {"a": ["int"], "b": ["int"]}})
    assert "return a - b" in bodies("return a + b", "arithmetic", numbers)


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("a += b", {"a -= b", "a *= b", "a = b"}),
        ("a **= b", {"a *= b", "a = b"}),
        ("a = b", {"a += b"}),
        ("a = 1", set()),
        ("a = g = b", set()),
    ],
)
def test_augmented_assignments_change(line: str, made: set[str]) -> None:
    assert bodies(line, "augmented") == made


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("3", {"4", "2", "0", "1", "-1"}),
        ("-1", {"-2", "-0", "-(-1)"}),
        ("True", {"False"}),
        ("None", {"0", "[]", "''", "False", "{}"}),
        ("2.5", set()),
        ("'a'", set()),
        ("...", set()),
        ("f'a{b}'", set()),
    ],
)
def test_a_constant_becomes_its_neighbour(expression: str, made: set[str]) -> None:
    assert values(expression, "constant") == made


def test_literals_that_are_told_replace_those_of_their_type() -> None:
    told = Pool(literals=("'x'", "7", "2.5", "not a literal"))
    assert values("'a'", "constant", told) == {"'x'"}
    assert values("1.5", "constant", told) == {"2.5"}
    assert "7" in values("3", "constant", told)
    assert "7" not in values("True", "constant", told)
    assert values("'x'", "constant", told) == set()


def test_docstrings_and_patterns_are_no_constants() -> None:
    told = Pool(literals=("'x'", "7"))
    assert bodies('"""Doc."""\nreturn a', "constant", told) == set()
    assert bodies("match a:\n    case 1:\n        return b", "constant", told) == set()


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a[n]", {"a[n + 1]", "a[n - 1]"}),
        ("range(n)", {"range(n + 1)", "range(n - 1)"}),
        ("a < len(b)", {"a < len(b) + 1", "a < len(b) - 1"}),
        ("a == n", set()),
        ("a[n + 1]", set()),  # `constant` and `arithmetic` do that
        ("a[0]", set()),
        ("enumerate(n)", set()),
    ],
)
def test_a_bound_moves_by_one(expression: str, made: set[str]) -> None:
    assert values(expression, "offset") == made


def test_bounds_of_a_slice_move_one_by_one_and_types_rule_out() -> None:
    made = values("a[n:m]", "offset")
    assert made == {"a[n + 1:m]", "a[n - 1:m]", "a[n:m + 1]", "a[n:m - 1]"}
    texts = Pool(kinds={"a.py:f": {"a": ["str"]}})
    assert bodies("return a", "offset", texts) == set()
    assert bodies("return a", "offset") == {"return a + 1", "return a - 1"}


def test_a_range_moves_rather_than_a_result() -> None:
    text = "def f(n):\n    for i in range(n):\n        g(i)\n    return n\n"
    weights = outcomes(text, "offset")
    assert (
        weights[text.replace("(n):\n        g", "(n + 1):\n        g")]
        > weights[text.replace("return n", "return n + 1")]
    )


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a // (b + c)", {"-(-a // (b + c))", "round(a / (b + c))"}),
        ("(a + b) // c", {"-(-(a + b) // c)", "round((a + b) / c)"}),
        ("x - a // b", {"x - (-(-a // b))", "x - round(a / b)"}),
        ("a / b", {"round(a / b, 2)"}),
        ("int(a)", {"round(a)"}),
        ("int(a, 2)", set()),
        ("round(a)", {"int(a)", "round(a, 1)", "round(a, 2)"}),
        ("round(a + 1, 2) * 3", {"(a + 1) * 3"}),
        ("floor(a)", set()),
    ],
)
def test_rounding_changes_and_keeps_its_operands(expression: str, made: set[str]) -> None:
    assert values(expression, "rounding") == made


@pytest.mark.parametrize("operands", [(7, 2), (-7, 2), (6, 3), (1, 4)])
def test_the_ceiling_is_the_ceiling(operands: tuple[int, int]) -> None:
    (text,) = [text for text in values("a // b", "rounding") if text.startswith("-")]
    a, b = operands
    assert eval(text, {"a": a, "b": b}) == -((-a) // b)
