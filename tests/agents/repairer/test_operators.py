"""Every operator does what it says, on small code of our own and on the standard library."""

import ast
import bisect
import fnmatch
import random
import shlex
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from rematch.agents.repairer.changes import apply_patch, is_sound, overlaps
from rematch.agents.repairer.operators import CATALOGUE, Pool
from rematch.agents.repairer.operators.syntax import repair_syntax
from rematch.agents.repairer.source import Source
from tests.agents.repairer.proposing import propose, results

EXAMPLES = [
    ("relational", "y = a < b\n", "y = a <= b\n"),
    ("relational", "y = a not in b\n", "y = a in b\n"),
    ("logical", "y = a and b\n", "y = a or b\n"),
    ("logical", "y = a and b and c\n", "y = a and (b or c)\n"),
    ("negation", "if a:\n    b()\n", "if not a:\n    b()\n"),
    ("negation", "y = not a\n", "y = a\n"),
    ("none-test", "y = a or b\n", "y = (a if a is not None else b)\n"),
    ("none-test", "if not a:\n    b()\n", "if a is None:\n    b()\n"),
    ("precedence", "y = a + b * c\n", "y = (a + b) * c\n"),
    ("precedence", "y = (a + b) * c\n", "y = a + b * c\n"),
    ("precedence", "y = a or b and c\n", "y = (a or b) and c\n"),
    ("arithmetic", "y = a + b\n", "y = a - b\n"),
    ("arithmetic", "y = a - b\n", "y = b - a\n"),
    ("augmented", "y += a\n", "y -= a\n"),
    ("constant", "y = a[1]\n", "y = a[2]\n"),
    ("constant", "y = True\n", "y = False\n"),
    ("constant", "y = 'a'\n", "y = 'x'\n"),
    ("offset", "for i in range(n):\n    a()\n", "for i in range(n + 1):\n    a()\n"),
    ("rounding", "y = a // b\n", "y = -(-a // b)\n"),
    ("rounding", "y = int(a)\n", "y = round(a)\n"),
    ("swap-arguments", "f(a, b)\n", "f(b, a)\n"),
    ("sibling-call", "y = a.lstrip('x')\n", "y = a.removeprefix('x')\n"),
    ("sibling-call", "y = min(a, b)\n", "y = max(a, b)\n"),
    ("unwrap-call", "y = a.strip()\n", "y = a\n"),
    ("unwrap-call", "y = f(a, b=1)\n", "y = f(a)\n"),
    ("cast", "y = a + b\n", "y = a + str(b)\n"),
    ("string-method", "y = a == b\n", "y = a.lower() == b\n"),
    ("keyword-argument", "f = open(a)\n", 'f = open(a, encoding="utf-8")\n'),
    ("keyword-argument", "y = sorted(a)\n", "y = sorted(a, reverse=True)\n"),
    ("name", "def f(a, b):\n    return a\n", "def f(a, b):\n    return b\n"),
    ("sorted", "def f(a):\n    return list(a)\n", "def f(a):\n    return sorted(a)\n"),
    ("sorted", "y = sorted(a, key=lambda p: p[1])\n", "y = sorted(a, key=lambda p: (-p[1], p))\n"),
    ("slice", "y = a[0]\n", "y = a[-1]\n"),
    ("slice", "y = a[:n]\n", "y = a[-n:]\n"),
    ("lookup", "y = a[k]\n", "y = a.get(k)\n"),
    ("copy",
     "def f(a):\n    b = a\n    return b\n", "def f(a):\n    b = list(a)\n    return b\n"),
    ("in-place", "a += b\n", "a = a + b\n"),
    ("delete-statement", "a()\nb()\n", "b()\n"),
    ("delete-statement", "if a:\n    b()\n", "if a:\n    pass\n"),
    ("return-value",
     "def f(a):\n    b = a\n    return b\n", "def f(a):\n    b = a\n    return a\n"),
    ("jump", "for a in b:\n    break\n", "for a in b:\n    continue\n"),
    ("reuse-statement",
     "class A:\n    def f(self):\n        self.b = 1\n        self.c = None\n"
     "    def g(self):\n        self.b = 2\n",
     "class A:\n    def f(self):\n        self.b = 1\n        self.c = None\n"
     "    def g(self):\n        self.b = 2\n        self.c = None\n"),
    ("move-statement",
     "def f(a):\n    for b in a:\n        c(b)\n        return b\n",
     "def f(a):\n    for b in a:\n        c(b)\n    return b\n"),
    ("condition",
     "def f(a, b):\n    if a:\n        return 1\n    if b > 2:\n        return 2\n",
     "def f(a, b):\n    if a and b > 2:\n        return 1\n    if b > 2:\n        return 2\n"),
    ("null-check", "def f(a):\n    return [a]\n",
     "def f(a):\n    if a is None:\n        return []\n    return [a]\n"),
    ("empty-check", "def f(a):\n    return a[0] + 1\n",
     "def f(a):\n    if not a:\n        return 0\n    return a[0] + 1\n"),
    ("zero-check", "y = a / b\n", "y = (a / b if b else 0)\n"),
    ("range-check", "while a[i]:\n    i += 1\n", "while i < len(a) and a[i]:\n    i += 1\n"),
    ("clamp", "y = a - b\n", "y = max(0, a - b)\n"),
    ("exception-type", "raise ValueError(a)\n", "raise ShopError(a)\n"),
    ("exception-type", "try:\n    a()\nexcept KeyError:\n    b()\n",
     "try:\n    a()\nexcept (KeyError, ShopError):\n    b()\n"),
    ("raise-instead",
     "def f(a):\n    return None\n", 'def f(a):\n    raise ShopError("not valid")\n'),
    ("catch", "def f(a):\n    b(a)\n",
     "def f(a):\n    try:\n        b(a)\n    except ShopError:\n        pass\n"),
    ("mutable-default", "def f(a, b=[]):\n    b.append(a)\n",
     "def f(a, b=None):\n    if b is None:\n        b = []\n    b.append(a)\n"),
    ("shared-attribute", "class A:\n    b = []\n\n    def __init__(self):\n        self.c = 1\n",
     "class A:\n    b = []\n\n    def __init__(self):\n        self.b = []\n        self.c = 1\n"),
    ("drop-decorator", "@cache\ndef f():\n    return a\n", "def f():\n    return a\n"),
    ("attribute", "class A:\n    def f(self):\n        self.a = 1\n        return self.b\n",
     "class A:\n    def f(self):\n        self.a = 1\n        return self.a\n"),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "old", "new"), EXAMPLES)
def test_an_operator_makes_its_example(operator: str, old: str, new: str) -> None:
    assert new in results(old, operator)


def test_every_operator_has_an_example_and_an_origin() -> None:
    assert {name for name, _, _ in EXAMPLES} == CATALOGUE.keys()
    assert all(operator.origin and operator.weight > 0 for operator in CATALOGUE.values())


@pytest.mark.parametrize("module", [bisect, fnmatch, shlex, textwrap])
def test_changes_of_real_code_parse_and_stay_where_they_say(module: ModuleType) -> None:
    text = Path(str(module.__file__)).read_text(encoding="utf-8")
    source = Source("a.py", text)
    changes = propose(text)
    assert len(changes) > 200
    assert len({change.key for change in changes}) == len(changes)
    unsound = 0
    sample = random.Random(1).sample(changes, 40)
    body = ast.parse(text).body
    before = list(map(ast.dump, body))
    for change in sample:
        if not is_sound((change,), {"a.py": source}):
            unsound += 1
            continue
        new = apply_patch((change,), {"a.py": source})["a.py"]
        first = source.line_of(min(span.start for span in change.spans))
        last = source.line_of(max(span.end for span in change.spans))
        after = list(map(ast.dump, ast.parse(new).body))
        touched = [
            place
            for place, node in enumerate(body)
            if node.lineno <= last and (node.end_lineno or 0) >= first
        ]
        start, rest = touched[0], len(body) - touched[-1] - 1
        assert before[:start] == after[:start], change.key
        assert before[len(before) - rest :] == after[len(after) - rest :], change.key
        assert change.before != change.after
        assert "\n" not in change.key
    assert unsound < 0.05 * len(sample)


def test_non_ascii_text_is_edited_at_the_right_place() -> None:
    assert "y = 'äöü' + a - b\n" in results("y = 'äöü' + a + b\n", "arithmetic")


def test_changes_in_an_f_string_are_at_the_right_place() -> None:
    source = Source("a.py", "y = f'{a + b} {c}'\n")
    for change in propose(source.text):
        new = apply_patch((change,), {"a.py": source})["a.py"]
        assert new.startswith("y = ") or change.operator in ("augmented", "delete-statement")


def test_types_seen_in_a_run_rule_changes_out() -> None:
    code = "def f(a, b):\n    return a == b\n"
    numbers = Pool(kinds={"a.py:f": {"a": ["int"], "b": ["int"]}})
    assert results(code, "string-method", Pool())
    assert not results(code, "string-method", numbers)


def test_a_changed_indent_is_told() -> None:
    text = "def f(a):\n    for b in a:\n        c(b)\n        return b\n"
    keys = [change.key for change in propose(text) if change.operator == "move-statement"]
    assert "a.py:4 move-statement: return b -> return b (indent 4)" in keys


def test_overlapping_changes_are_known() -> None:
    one, two = propose("y = a < b\n")[:2]
    assert overlaps((one,), two)
    far = [change for change in propose("y = a < b\nz = c + d\n") if change.line == 2]
    assert not overlaps((one,), far[0])


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("def f(a)\n    return a\n", "def f(a):\n    return a\n"),
        ("y = f(a\n", "y = f(a)\n"),
        ("if a = b:\n    c()\n", "if a == b:\n    c()\n"),
        ("if a:\n     b()\n    c()\n", "if a:\n     b()\n     c()\n"),
    ],
)
def test_syntax_errors_are_repaired(broken: str, whole: str) -> None:
    source = Source("a.py", broken)
    assert source.tree is None
    assert whole in {source.apply(spans) for _, spans in repair_syntax(source)}
