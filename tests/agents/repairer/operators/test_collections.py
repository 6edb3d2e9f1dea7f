"""Operators on collections: order, slices, look-ups, copies."""

import pytest

from rematch.agents.repairer.operators import Pool
from tests.agents.repairer.proposing import bodies, results, values

NUMBERS = Pool(kinds={"a.py:f": {"a": ["int"], "b": ["int"]}})
LISTS = Pool(kinds={"a.py:f": {"a": ["list"], "b": ["list"]}})


def test_what_is_returned_or_walked_over_is_sorted() -> None:
    ways = {"sorted(a)", "sorted(a, reverse=True)", "a[::-1]"}
    assert bodies("return a", "sorted") == {f"return {way}" for way in ways}
    assert bodies("return a", "sorted", NUMBERS) == set()
    assert bodies("return", "sorted") == set()
    made = bodies("for c in a:\n    g(c)", "sorted")
    assert made == {f"for c in {way}(a):\n    g(c)" for way in ("sorted", "list", "reversed")}
    assert values("[c for c in a]", "sorted") == {
        f"[c for c in {way}(a)]" for way in ("sorted", "list", "reversed")
    }
    assert "return sorted(a)" in bodies("return list(a)", "sorted")


@pytest.mark.parametrize(
    ("key", "made"),
    [
        ("p[1]", {"-p[1]", "(p[1], p)", "(-p[1], p)"}),
        ("p[1] + 1", {"-(p[1] + 1)", "(p[1] + 1, p)", "(-(p[1] + 1), p)"}),
        ("-p[1]", {"p[1]"}),
        ("(p[1], p[0])", {"(p[0], p[1])", "(-p[1], p[0])", "(p[1], -p[0])"}),
        ("(-p[1], p[0])", {"(p[0], -p[1])", "(p[1], p[0])", "(-p[1], -p[0])"}),
    ],
)
def test_a_sort_key_is_compared_otherwise(key: str, made: set[str]) -> None:
    found = values(f"sorted(a, key=lambda p: {key})", "sorted")
    assert found == {f"sorted(a, key=lambda p: {text})" for text in made}


def test_a_negated_key_orders_the_other_way_round() -> None:
    pairs = [("a", 1), ("b", 3), ("c", 2)]
    wanted = sorted(pairs, key=lambda p: -(p[1] + 1))
    made = values("sorted(a, key=lambda p: p[1] + 1)", "sorted")
    assert wanted in [eval(text, {"a": pairs}) for text in made]


@pytest.mark.parametrize(
    ("expression", "made"),
    [
        ("a[0]", {"a[-1]"}),
        ("a[-1]", {"a[0]"}),
        ("a[1:n]", {"a[1:]", "a[:n]"}),
        ("a[n:]", {"a[:]", "a[:n]"}),
        ("a[:2]", {"a[:]", "a[-2:]"}),
        ("a[:]", {"a[::-1]"}),
        ("a[::2]", set()),
        ("a[1]", set()),
        ("a['k']", set()),
    ],
)
def test_a_slice_goes_otherwise(expression: str, made: set[str]) -> None:
    assert values(expression, "slice") == made


def test_what_is_written_to_is_not_sliced_or_looked_up() -> None:
    assert results("a[0] = b\n", "slice") == set()
    assert results("a[k] = b\n", "lookup") == set()
    assert results("del a[k]\n", "lookup") == set()


@pytest.mark.parametrize("owner", ["d", "d.e", "(a or b)", "(a if b else c)"])
def test_a_look_up_gets_a_default(owner: str) -> None:
    defaults = ("0", "[]", "''", "{}", "k")
    made = {f"{owner}.get(k)", *(f"{owner}.get(k, {default})" for default in defaults)}
    assert values(f"{owner}[k]", "lookup") == made


@pytest.mark.parametrize("owner", ["d", "d.e", "(a or b)"])
def test_a_default_goes_or_changes(owner: str) -> None:
    made = {f"{owner}[k]", *(f"{owner}.get(k, {value})" for value in ("0", "[]", "''", "{}"))}
    assert values(f"{owner}.get(k)", "lookup") == made
    assert values(f"{owner}.get(k, 0)", "lookup") == {f"{owner}[k]"}
    assert values(f"{owner}.pop(k)", "lookup") == {f"{owner}.pop(k, None)"}


def test_numbers_index_and_lists_are_not_looked_up() -> None:
    assert values("d[0]", "lookup") == set()
    assert values("d.get()", "lookup") == set()
    assert bodies("return a[b]", "lookup", LISTS) == set()


@pytest.mark.parametrize(
    ("line", "target"),
    [("return a", "a"), ("self.x = a", "a"), ("c = a", "a"), ("self.x.append(a)", "(a)")],
)
def test_what_is_shared_is_copied(line: str, target: str) -> None:
    def put(copy: str) -> str:
        new = f"({copy})" if target == "(a)" else copy
        return line[: -len(target)] + new

    ways = ("list(a)", "dict(a)", "set(a)", "a.copy()", "[list(row) for row in a]")
    assert bodies(line, "copy") == {put(way) for way in ways}
    assert bodies(line, "copy", LISTS) == {
        put(way) for way in ("list(a)", "a.copy()", "[list(row) for row in a]")
    }
    assert bodies(line, "copy", NUMBERS) == set()


def test_values_of_elsewhere_are_not_copied_and_a_copy_may_go_deeper() -> None:
    assert bodies("self.x.append(g)", "copy") == set()
    assert bodies("g(a)", "copy") == set()
    assert values("a.copy()", "copy") == {"__import__('copy').deepcopy(a)"}


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("a += b", {"a = a + b"}),
        ("a += b or 1", {"a = a + (b or 1)"}),
        ("a |= b if c else d", {"a = a | (b if c else d)"}),
        ("a.sort(key=len)", {"a = sorted(a, key=len)"}),
        ("a.append(b)", {"a = a + [b]"}),
        ("a.extend(b)", {"a = a + list(b)"}),
        ("a.update(b)", {"a = {**a, **b}"}),
        ("a.reverse()", {"a = a[::-1]"}),
        ("a -= b", set()),
        ("a.append()", set()),
        ("self.a.sort()", set()),
        ("a.pop()", set()),
    ],
)
def test_a_list_is_made_anew(line: str, made: set[str]) -> None:
    assert bodies(line, "in-place") == made
