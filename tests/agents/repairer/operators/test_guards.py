"""Operators that insert checks, and those on errors."""

import pytest

from rematch.agents.repairer.operators import Pool
from tests.agents.repairer.proposing import bodies, outcomes, results, values

SHOP = Pool(errors=("ShopError",))


def check(text: str, body: str, values: tuple[str, ...]) -> set[str]:
    return {f"{text}:\n    return {value}\n{body}" for value in values}


def test_a_parameter_that_is_none_ends_the_function() -> None:
    body = "return [a]"
    made = bodies(body, "null-check", head="def f(a):")
    assert made == check("if a is None", body, ("[]", "None", "''", "0"))


def test_self_is_no_parameter_and_results_look_like_the_others() -> None:
    body = "return f'{a}'"
    made = bodies(body, "null-check", head="def f(self, a):")
    assert made == check("if a is None", body, ("''", "None", "[]", "0"))
    assert bodies("return 1", "null-check", head="def f(cls):") == set()


def test_a_check_stands_behind_the_docstring() -> None:
    made = bodies('"""Doc."""\nreturn a < 1', "empty-check", head="def f(a):")
    assert made
    assert all(text.startswith('"""Doc."""\nif not a:\n') for text in made)
    assert '"""Doc."""\nif not a:\n    return False\nreturn a < 1' in made


def test_a_use_of_what_is_none_is_skipped() -> None:
    made = bodies("a.x.y(b.z)", "null-check", head="def f():")
    assert made == {f"if {owner} is not None:\n    a.x.y(b.z)" for owner in ("a", "a.x", "b")}
    assert bodies("c = self.x", "null-check", head="def f():") == set()
    assert bodies("a.x(\n    b)", "null-check", head="def f():") == set()
    assert bodies("a.x(); b.y()", "null-check", head="def f():") == set()


def test_a_parameter_that_was_none_in_a_run_is_checked_rather() -> None:
    text = "def f(a, b):\n    return a\n"
    seen = Pool(kinds={"a.py:f": {"a": ["int"], "b": ["NoneType", "int"]}})
    weights = outcomes(text, "null-check", seen)
    of_a, of_b = (
        max(weight for new, weight in weights.items() if f"if {name} is None" in new)
        for name in "ab"
    )
    assert of_b > of_a


def test_an_empty_or_negative_argument_is_an_error_that_is_told() -> None:
    made = bodies("return a + 1", "empty-check", SHOP, head="def f(a):")
    assert "if not a:\n    raise ShopError('a')\nreturn a + 1" in made
    assert "if a < 0:\n    raise ShopError('a')\nreturn a + 1" in made
    assert "if not a:\n    return a\nreturn a + 1" in made
    assert not any("raise" in text for text in bodies("return a", "empty-check"))


def test_the_first_parameters_are_checked_and_numbers_less() -> None:
    made = results("def f(a, b, c, d, e, /):\n    return 1\n", "empty-check")
    assert any("if not d:" in text for text in made)
    assert not any("if not e:" in text for text in made)
    text = "def f(a, b):\n    return 1\n"
    seen = Pool(kinds={"a.py:f": {"a": ["int"], "b": ["list"]}})
    weights = outcomes(text, "empty-check", seen)
    new = text.replace("return", "if not {}:\n        return 1\n    return")
    assert weights[new.format("b")] > weights[new.format("a")]


@pytest.mark.parametrize(
    ("expression", "operator", "made"),
    [
        ("a / b", "zero-check", {"(a / b if b else 0)", "a / max(b, 1)"}),
        ("a % (b - c)", "zero-check",
         {"(a % (b - c) if b - c else 0)", "a % (max(b - c, 1))"}),
        ("a / 2", "zero-check", set()),
        ("a * b", "zero-check", set()),
        ("a[0]", "range-check", {f"(a[0] if a else {value})" for value in ("None", "''", "0")}),
        ("a[n]", "range-check", set()),
        ("a[1:]", "range-check", set()),
        ("a - b", "clamp", {"max(0, a - b)"}),
        ("a + b", "clamp", set()),
    ],
)  # fmt: skip
def test_values_are_guarded(expression: str, operator: str, made: set[str]) -> None:
    assert values(expression, operator) == made


def test_a_loop_ends_at_the_end_of_what_it_indexes() -> None:
    made = bodies("while b[a] and a or b:\n    a += 1", "range-check")
    assert made == {"while a < len(b) and (b[a] and a or b):\n    a += 1"}
    assert bodies("while a:\n    g(b[0])", "range-check") == {
        f"while a:\n    g((b[0] if b else {value}))" for value in ("None", "''", "0")
    }


COMMON = ("ValueError", "KeyError", "TypeError", "IndexError", "AttributeError", "LookupError")


def test_another_error_is_raised() -> None:
    others = {*COMMON, "ShopError"} - {"KeyError"}
    assert bodies("raise KeyError(a)", "exception-type", SHOP) == {
        f"raise {name}(a)" for name in others
    }
    assert bodies("raise KeyError", "exception-type", SHOP) == {f"raise {name}" for name in others}
    assert bodies("raise", "exception-type", SHOP) == set()
    assert bodies("raise a.Error(b)", "exception-type", SHOP) == set()


def test_an_error_of_the_file_comes_before_common_ones_and_a_told_one_before_both() -> None:
    text = "class OwnError(Exception):\n    pass\n\n\nraise KeyError\n"
    weights = outcomes(text, "exception-type", SHOP)
    own, told, common = (
        weights[text.replace("raise KeyError", f"raise {name}")]
        for name in ("OwnError", "ShopError", "ValueError")
    )
    assert told > own > common


def test_one_more_error_is_caught_and_none_twice() -> None:
    def write(caught: str) -> str:
        return f"try:\n    g()\nexcept {caught}:\n    pass"

    made = bodies(write("KeyError"), "exception-type", SHOP)
    assert {write("(KeyError, ShopError)"), write("ShopError"), write("Exception")} <= made
    made = bodies(write("(KeyError, OSError)"), "exception-type", SHOP)
    others = {*COMMON, "ShopError"} - {"KeyError"}
    assert made == {write(f"(KeyError, OSError, {name})") for name in others}
    assert bodies(write("KeyError").replace(" KeyError", ""), "exception-type", SHOP) == set()


def test_what_ended_quietly_raises() -> None:
    made = bodies("return a", "raise-instead", SHOP)
    assert made == {'raise ShopError("not valid")'}
    assert bodies("return a", "raise-instead") == set()
    handler = "try:\n    g()\nexcept KeyError:\n    {}"
    assert bodies(handler.format("pass"), "raise-instead", SHOP) == {
        handler.format("raise"),
        handler.format('raise ShopError("not valid") from None'),
    }


def test_a_told_error_is_caught() -> None:
    caught = "try:\n    {}\nexcept ShopError:\n    {}"
    assert bodies("return g(a)", "catch", SHOP) == {caught.format("return g(a)", "return None")}
    assert bodies("c = g(a)", "catch", SHOP) == {
        caught.format("c = g(a)", rescue) for rescue in ("return None", "pass")
    }
    assert bodies("c = a; d = b", "catch", SHOP) == set()
    assert bodies("c = g(\n    a)", "catch", SHOP) == set()
    assert bodies("g(a)", "catch") == set()
    assert results("g()\n", "catch", SHOP) == set()
