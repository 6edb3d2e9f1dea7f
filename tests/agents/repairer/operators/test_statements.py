"""Operators on whole statements."""

import pytest

from tests.agents.repairer.proposing import bodies, outcomes, results


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("g(a)\nreturn a", {"g(a)", "return a"}),
        ("return a", {"pass"}),
        ("for c in a:\n    break", {"for c in a:\n    pass"}),
        ("c = [\n    a,\n]\ng(c)", {"g(c)", "c = [\n    a,\n]"}),
        ("c = 1; d = 2", set()),
        ("c = 1  # one\ng()", {"g()", "c = 1  # one"}),
    ],
)
def test_a_statement_goes_with_its_lines(body: str, made: set[str]) -> None:
    assert bodies(body, "delete-statement") == made


def test_a_docstring_stays_and_a_branch_leaves_the_others() -> None:
    body = '"""Doc."""\nif a:\n    g()\nelif b:\n    h()'
    assert bodies(body, "delete-statement") == {
        '"""Doc."""',
        body.replace("g()", "pass"),
        body.replace("h()", "pass"),
    }


def test_the_last_line_of_a_file_goes_with_or_without_its_end() -> None:
    assert results("a()\nb()", "delete-statement") == {"b()", "a()\n"}
    assert results("a()\nb()\n", "delete-statement") == {"b()\n", "a()\n"}


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("return a or b", {"not (a or b)", "None", "[]", "0", "a", "b"}),
        ("return a", {"not a", "None", "[]", "0", "b"}),
        ("return 1", {"a", "b"}),
        ("return", {"[]", "False", "0", "''"}),
    ],
)
def test_a_result_becomes_another_one(body: str, made: set[str]) -> None:
    assert bodies(body, "return-value") == {f"return {value}" for value in made}


def test_the_last_expression_is_returned_and_no_other() -> None:
    assert bodies("c = a\ng(c)", "return-value") == {"c = a\nreturn g(c)"}
    assert bodies("g(a)\nh(b)\nraise", "return-value") == set()
    assert results("g(a)\n", "return-value") == set()


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("for c in a:\n    continue", {"for c in a:\n    break"}),
        ("while a:\n    pass", {"while a:\n    break", "while a:\n    continue"}),
        ("for c in a:\n    if c:\n        return c",
         {f"for c in a:\n    if c:\n        {jump}" for jump in ("break", "continue")}),
        ("for c in a:\n    def g():\n        return 1", set()),
        ("for c in a:\n    class G:\n        pass", set()),
        ("for c in a:\n    g()\nelse:\n    return 1", set()),
        ("return 1", set()),
    ],
)  # fmt: skip
def test_a_jump_stays_in_its_loop(body: str, made: set[str]) -> None:
    assert bodies(body, "jump") == made


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("c = 1\nd = 2\nreturn c", {"d = 2\nc = 1\nreturn c"}),
        ("for c in a:\n    g(c)\nh()", {"for c in a:\n    g(c)\n    h()"}),
        ("if a: g(a)\nh(b)", {"h(b)\nif a: g(a)"}),
        ("c = 1; d = 2", set()),
        ("return a", set()),
    ],
)
def test_a_statement_moves(body: str, made: set[str]) -> None:
    assert bodies(body, "move-statement") == made


def test_the_last_statement_leaves_its_block_or_another_one_enters() -> None:
    body = "if a:\n    g(a)\n    h(a)\nreturn b"
    assert bodies(body, "move-statement") == {
        "if a:\n    g(a)\nh(a)\nreturn b",
        "if a:\n    g(a)\n    h(a)\n    return b",
        "if a:\n    h(a)\n    g(a)\nreturn b",
    }


def test_a_block_of_several_lines_moves_whole() -> None:
    body = "for c in a:\n    g(c)\n    if c:\n        h(c)"
    assert "for c in a:\n    g(c)\nif c:\n    h(c)" in bodies(body, "move-statement")


CLASS = """class A:
    def f(self):
        self.b = 1
        self.clear()

    def g(self):
        self.b = 2


def h(x):
    y = x
    z = 3
"""


def test_a_statement_of_the_class_stands_elsewhere_as_well() -> None:
    made = results(CLASS, "reuse-statement")
    assert CLASS.replace("self.b = 2\n", "self.b = 2\n        self.clear()\n") in made
    assert CLASS.replace("self.b = 2\n", "self.clear()\n        self.b = 2\n") in made
    assert not any("z = 3\n    self" in text or "self.b = x" in text for text in made)
    assert not any("self.b = 2\n        y = x" in text for text in made)  # x is not known there
    assert not any(text.count("y = x") > 1 for text in made)  # it stands in this block already


def test_what_stands_nearer_is_reused_rather() -> None:
    weights = outcomes(CLASS, "reuse-statement")
    near = weights[CLASS.replace("self.b = 2\n", "self.b = 2\n        self.clear()\n")]
    far = weights[CLASS.replace("self.b = 2\n", "self.b = 2\n        z = 3\n")]
    assert near > far


def test_a_module_and_a_block_of_many_lines_give_nothing_to_reuse() -> None:
    assert results("a = 1\nb = 2\n", "reuse-statement") == set()
    body = "c = [\n    a,\n]\nreturn c"
    assert bodies(body, "reuse-statement") == set()
