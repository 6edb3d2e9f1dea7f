"""What the repairer takes out of an issue: nothing that the author of one can write stops it."""

from __future__ import annotations

import ast
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rematch.agents.repairer.issue import (
    find_errors,
    find_examples,
    find_literals,
    find_names,
    find_test_command,
    split_command,
)

DEFINED = {"slug": "text.slugs", "Cart": "shop", "LIMIT": "shop.limits"}
PIECES = ["`slug('A')` ", "should return ", "`'a'`", "\n>>> ", "slug(", ")", "x = 1", "\n", "```",
          "assert ", " == ", "-> ", "[1,\n+2]", "raises ", "ValueError", "pytest -x \\", "$ ", "'",
          '"', "; ", "if a: b = 2", "# ", "(" * 50, "\0", "ü", "{", "}", "`"]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join) | st.text(max_size=60))
def test_any_text_is_read(issue: str) -> None:
    for check in find_examples(issue, DEFINED):
        kind, _, code = check.partition(": ")
        assert kind == "check" or kind.split()[0] == "raises"
        assert "\n" not in check
        ast.parse(code)
    command = find_test_command(issue)
    if command:
        assert command in issue
        assert split_command(command)
    assert all(isinstance(name, str) for name in find_names(issue))
    assert len(find_literals(issue)) <= 12
    assert len(set(find_errors(issue))) == len(find_errors(issue))


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("pytest tests -q", ["python3", "-m", "pytest", "tests", "-q"]),
        ("python -m unittest", ["python3", "-m", "unittest"]),
        ("python3 run_tests.py", ["python3", "run_tests.py"]),
        ("./run-tests", ["./run-tests"]),
        ("pytest -k 'a or b'", ["pytest -k 'a or b'"]),
        ("pytest -x \\", ["pytest -x \\"]),
        ("make test | tail", ["make test | tail"]),
    ],
)
def test_a_command_is_split_only_where_that_is_safe(command: str, words: list[str]) -> None:
    assert split_command(command) == words


@given(st.lists(st.text("abc-./_", min_size=1, max_size=6), min_size=1, max_size=5))
def test_plain_words_stay_as_they_are(words: list[str]) -> None:
    command = f"python3 -m {shlex.join(words)}"
    assert split_command(command) == ["python3", "-m", *words]


def examples(issue: str) -> list[str]:
    return find_examples(issue, DEFINED)


def test_an_example_after_others_on_lines_of_their_own_keeps_what_they_set_up() -> None:
    issue = ">>> a = 'A; b'  # a title\n>>> if a: c = 2\n>>> slug(a)  # gives\n'a-b'\n"
    assert examples(issue) == []  # what is more than a line cannot stand before it
    issue = issue.replace(">>> if a: c = 2\n", "")
    assert examples(issue) == [
        "check: from text.slugs import slug; a = 'A; b'; _got = slug(a); assert _got == 'a-b', _got"
    ]


def test_a_value_on_several_lines_becomes_one() -> None:
    (check,) = examples(">>> slug('a')\n[1,\n-2]\n")
    assert check.endswith("assert _got == [1, -2], _got")


def test_everything_that_the_project_defines_is_imported() -> None:
    (check,) = examples("`Cart(LIMIT).add(slug('x'))` should return `[LIMIT]`.")
    assert check.removeprefix("check: ").split("; ")[:3] == [
        "from shop import Cart",
        "from shop.limits import LIMIT",
        "from text.slugs import slug",
    ]


@pytest.mark.parametrize(
    "issue",
    [
        ">>> slug(other)\n1\n",
        ">>> LIMIT\n3\n",
        ">>> x = slug('a')\n",
        "`slug('a')` should return `nothing at all`.",
        "```\nslug('a') == \n```",
        ">>> for a in slug('b'): print(a)\n1\n",
    ],
)
def test_what_cannot_be_checked_is_no_example(issue: str) -> None:
    assert examples(issue) == []


@pytest.mark.parametrize(
    "issue",
    [
        ">>> slug(3)\nTraceback (most recent call last):\n  ...\nTypeError: no text\n",
        "`slug(3)` should raise `TypeError`",
        "`slug(3)` must raise `TypeError('no text')`",
    ],
)
def test_an_error_may_be_what_is_wanted(issue: str) -> None:
    assert examples(issue) == ["raises TypeError: from text.slugs import slug; slug(3)"]


def test_examples_are_told_once_in_order_and_not_without_end() -> None:
    issue = "".join(f">>> slug({n})\n{n}\n" for n in range(20))
    found = examples(issue + issue)
    assert len(found) == 8
    assert [check.split("_got = ")[1].split(";")[0] for check in found] == [
        f"slug({n})" for n in range(8)
    ]
    assert len(find_examples(issue, DEFINED, most=3)) == 3


def test_an_example_nested_too_deeply_ends_the_search_and_keeps_those_before() -> None:
    deep = "+".join(["1"] * 3000)
    issue = f">>> slug('a')\n'a'\n\n>>> slug({deep})\n3000\n"
    assert len(examples(issue)) == 1


def test_a_name_is_code_by_its_look_or_its_quotes() -> None:
    names = find_names("Call read_all or toText(x), see `Cart` and the\n```py\nlimit = 3\n```")
    assert {"read_all", "toText", "Cart", "limit"} <= names
    assert not {"Call", "see", "and", "the"} & names


def test_literals_stop_at_the_most_telling() -> None:
    assert find_literals("0 1 2 'x' \"y\" 2 v3 4.5 -6") == ["2", "'x'", '"y"', "4.5", "-6"]
    assert find_literals(" ".join(map(str, range(2, 40)))) == [str(n) for n in range(2, 14)]
