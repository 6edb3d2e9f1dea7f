"""Operators on calls: arguments, siblings, casts, options."""

import pytest

from rematch.agents.repairer.operators import Pool
from rematch.agents.repairer.operators.calls import _SIBLINGS
from tests.agents.repairer.proposing import bodies, outcomes, values


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("f(a, b, c)", {"f(b, a, c)", "f(a, c, b)"}),
        ("f(g(a, b), c)", {"f(c, g(a, b))", "f(g(b, a), c)"}),
        ("f(*a, b)", {"f(b, *a)"}),
        ("f(a, a)", set()),
        ("f(a, *b)", set()),
        ("f(a, k=b)", set()),
        ("f(a)", set()),
    ],
)
def test_neighbouring_arguments_change_places(expression: str, made: set[str]) -> None:
    assert values(expression, "swap-arguments") == made


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a.strip()", {"a.lstrip()", "a.rstrip()"}),
        ("a.lstrip(b)", {"a.strip(b)", "a.rstrip(b)", "a.removeprefix(b)"}),
        ("a.startswith(b)", {"a.endswith(b)"}),
        ("set(a)", {"list(a)", "dict.fromkeys(a)"}),
        ("a.set(b)", {"a.list(b)"}),  # no method has a dot in its name
        ("unknown(a)", set()),
        ("(lambda: 1)()", set()),
        ("a[0]()", set()),
    ],
)
def test_a_function_gives_way_to_its_siblings(expression: str, made: set[str]) -> None:
    assert values(expression, "sibling-call") == made


def test_nearer_siblings_come_first_and_groups_hold_two_at_least() -> None:
    weights = outcomes("y = a.strip()\n", "sibling-call")
    assert weights["y = a.lstrip()\n"] > weights["y = a.rstrip()\n"]
    assert all(len(set(group)) == len(group) >= 2 for group in _SIBLINGS)


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("f(a)", {"a"}),
        ("f(a or b) + c", {"(a or b) + c"}),
        ("a.f()", {"a"}),
        ("(a + b).strip() * c", {"(a + b) * c"}),
        ("x == (a or b).lower()", {"x == (a or b)"}),
        ("f(a, b=1, c=2)", {"f(a, c=2)", "f(a, b=1)"}),
        ("f(b=1)", {"f()"}),
        ("f(b=1, **c)", {"f(**c)", "f(b=1)"}),
        ("f(x for x in a)", set()),
        ("f(*a)", set()),
        ("f()", set()),
    ],
)
def test_a_call_or_an_argument_goes(expression: str, made: set[str]) -> None:
    assert values(expression, "unwrap-call") == made


def test_a_call_for_its_effect_is_not_unwrapped() -> None:
    assert bodies("g(a)", "unwrap-call") == set()
    assert bodies("a.sort()", "unwrap-call") == set()


def test_arguments_on_lines_of_their_own_go_whole() -> None:
    made = values("f(\n    a,\n    b=1,\n    c=2,\n)", "unwrap-call")
    assert made == {"f(\n    a,\n    c=2,\n)", "f(\n    a,\n    b=1,\n)"}


def test_casts_follow_the_types_of_a_run() -> None:
    assert bodies("return a", "cast") == {
        f"return {kind}(a)" for kind in ("int", "str", "float", "list")
    }
    texts = Pool(kinds={"a.py:f": {"a": ["str"]}})
    assert bodies("return a", "cast", texts) == {"return int(a)", "return float(a)",
                                                 "return list(a)"}  # fmt: skip
    numbers = Pool(kinds={"a.py:f": {"a": ["int"]}})
    assert bodies("return a", "cast", numbers) == {"return str(a)", "return float(a)"}
    assert values("f(1, 'a')", "cast") == set()


@pytest.mark.parametrize(
    ("expression", "targets"),
    [
        ("a == b", {"a", "b"}),
        ("d[k]", {"k", "d[k]"}),
        ("f(a)", {"a"}),
        ("len(a) == 1", {"a"}),
        ("a < b", set()),
        ("a + b", set()),
    ],
)
def test_strings_are_normalized_where_their_form_matters(
    expression: str, targets: set[str]
) -> None:
    made = values(expression, "string-method")
    assert made == {
        expression.replace(target, f"{target}.{method}()", 1) if target != "b"
        else expression.replace("b", f"b.{method}()")
        for target in targets
        for method in ("strip", "lower")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("open()", {'open(encoding="utf-8")', 'open(newline="")', 'open(errors="replace")'}),
        ("p.mkdir(1)", {"p.mkdir(1, exist_ok=True)", "p.mkdir(1, parents=True)"}),
        ("enumerate(a, start=2)", set()),
        ("sorted(a, reverse=True, key=k)", {"sorted(a, reverse=False, key=k)"}),
        ("sorted(a,)", set()),
        ("sorted(x for x in a)", set()),
        ("open(\n    a\n)", set()),
        ("a.unknown(b)", set()),
        ("(f or g)(a)", set()),
    ],
)
def test_known_options_are_given(expression: str, made: set[str]) -> None:
    assert values(expression, "keyword-argument") == made
