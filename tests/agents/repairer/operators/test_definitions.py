"""Operators on definitions and on names."""

from typing import Any

import pytest

from rematch.agents.repairer.operators import Pool
from tests.agents.repairer.proposing import bodies, outcomes, results


@pytest.mark.parametrize("default", ["[]", "{}", "{1}", "list()", "datetime.now()"])
def test_a_default_that_is_shared_is_made_anew(default: str) -> None:
    text = f'def f(a, b={default}):\n    """Doc."""\n    return b\n'
    assert results(text, "mutable-default") == {
        'def f(a, b=None):\n    """Doc."""\n'
        f"    if b is None:\n        b = {default}\n    return b\n"
    }


@pytest.mark.parametrize("default", ["1", "()", "None", "g()", "a.b"])
def test_a_default_that_cannot_change_stays(default: str) -> None:
    assert results(f"def f(a, b={default}):\n    return b\n", "mutable-default") == set()


@pytest.mark.parametrize(
    ("parameters", "renewed"),
    [
        ("a, b=[], c=1", "b"),
        ("a=[], /, b=1", "a"),
        ("a, /, b=2, c={}", "c"),
        ("*, a, b=[]", "b"),
        ("a=1, *, b, c=[]", "c"),
    ],
)
def test_the_right_parameter_is_renewed(parameters: str, renewed: str) -> None:
    (made,) = results(f"def f({parameters}):\n    return 0\n", "mutable-default")
    head, check, *_ = made.split("\n")
    default = "{}" if "{}" in parameters else "[]"
    assert head == f"def f({parameters.replace(default, 'None')}):"
    assert check == f"    if {renewed} is None:"


def test_a_function_on_one_line_has_no_place_for_a_check() -> None:
    assert results("def f(a=[]): return a\n", "mutable-default") == set()


def test_an_attribute_of_the_class_becomes_the_objects_own() -> None:
    text = (
        'class A:\n    b: list = []\n\n    def __init__(self):\n        """Make."""\n        g()\n'
    )
    assert results(text, "shared-attribute") == {
        text.replace('"""Make."""\n', '"""Make."""\n        self.b = []\n')
    }
    (made,) = results("class A:\n    b = {}\n    c = 1\n", "shared-attribute")
    space: dict[str, Any] = {}
    exec(made, space)
    one, other = space["A"](), space["A"]()
    assert one.b is not other.b
    assert one.b == space["A"].b == {}


@pytest.mark.parametrize(
    "text",
    [
        "class A:\n    b = ()\n",
        "class A:\n    b: list\n",
        "@dataclass\nclass A:\n    b = []\n",
        "class A:\n    b.c = []\n",
    ],
)
def test_what_is_not_shared_or_not_ours_to_make_stays(text: str) -> None:
    assert results(text, "shared-attribute") == set()


def test_a_decorator_goes_and_a_cache_rather() -> None:
    text = "@wraps(\n    a\n)\n@cache\ndef f():\n    return a\n"
    weights = outcomes(text, "drop-decorator")
    without_cache = text.replace("@cache\n", "")
    assert weights.keys() == {without_cache, "@cache\ndef f():\n    return a\n"}
    assert max(weights, key=lambda new: weights[new]) == without_cache


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("return len(a)", {"return len(b)"}),
        ("c = a\nreturn d", {"c = b\nreturn d", "c = c\nreturn d"}),
        ("return g", set()),
        ("return len", set()),
        ("a = 1", set()),
    ],
)
def test_a_variable_gives_way_to_one_of_the_function(body: str, made: set[str]) -> None:
    assert bodies(body, "name") == made


def test_names_that_look_alike_and_had_a_type_in_common_come_first() -> None:
    text = "def f(first_row, last_row, x):\n    return first_row\n"
    weights = outcomes(text, "name", Pool())
    near, far = (
        weights[text.replace("return first_row", f"return {n}")] for n in ("last_row", "x")
    )
    assert near > far
    kinds = {"first_row": ["int"], "last_row": ["str"], "x": ["int"]}
    typed = outcomes(text, "name", Pool(kinds={"a.py:f": kinds}))
    near, far = (typed[text.replace("return first_row", f"return {n}")] for n in ("last_row", "x"))
    assert near < far


def test_a_function_gives_way_to_one_that_takes_as_many_arguments() -> None:
    text = "def g(a): ...\ndef h(a): ...\ndef k(a, b): ...\n\n\ndef f(a):\n    return g(a)\n"
    made = results(text, "name")
    assert text.replace("return g", "return h") in made
    assert not any("return k" in new for new in made)


CLASS = """class A:
    def __init__(self):
        self.rows = []
        self.cols = []

    def size(self):
        return len(self.rows) + self.area()

    def area(self):
        return self.other.rows
"""


def test_an_attribute_gives_way_to_one_that_the_class_uses() -> None:
    made = results(CLASS, "attribute")
    assert CLASS.replace("len(self.rows)", "len(self.cols)") in made
    assert CLASS.replace("self.rows = []", "self.other = []") in made
    assert not any("self.other.cols" in new for new in made)
    assert not any("len(self.area)" in new or "+ self.rows()" in new for new in made)


def test_outside_of_a_class_no_attribute_is_known() -> None:
    assert results("def f(self):\n    return self.a + self.b\n", "attribute") == set()
