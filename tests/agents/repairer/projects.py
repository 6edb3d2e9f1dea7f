"""Small broken projects, written for these tests: files, an issue, a check that stays hidden."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Project:
    """A project to repair. `hidden` is code that passes once it is really repaired."""

    files: dict[str, str]
    issue: str
    hidden: str = ""


_HEAD = "import unittest\n\n"


def _tests(imports: str, *bodies: str) -> str:
    methods = "".join(
        f"\n    def test_{number}(self):\n"
        + "".join(f"        {line}\n" for line in body.split("\n"))
        for number, body in enumerate(bodies, 1)
    )
    return f"{_HEAD}{imports}\n\n\nclass Tests(unittest.TestCase):{methods}"


PROJECTS = {
    "bound": Project(
        {
            "pages.py": '''"""Pages of a list."""


def count_pages(items, size):
    """How many pages the items need."""
    pages = len(items) // size
    if len(items) % size > 1:
        pages += 1
    return pages


def page(items, number, size):
    """The page with this number, from 1."""
    start = (number - 1) * size
    return items[start : start + size]
''',
            "test_pages.py": _tests(
                "from pages import count_pages, page",
                "self.assertEqual(count_pages(list(range(10)), 5), 2)",
                "self.assertEqual(count_pages(list(range(11)), 5), 3)",
                "self.assertEqual(count_pages(list(range(12)), 5), 3)",
                "self.assertEqual(page([1, 2, 3], 2, 2), [3])",
            ),
        },
        "`count_pages` is one short when a single item is left over for the last page.",
        "from pages import *; assert count_pages([], 3) == 0; assert count_pages([1], 3) == 1;"
        "assert count_pages(list(range(7)), 3) == 3",
    ),
    "operator": Project(
        {
            "shop/__init__.py": "",
            "shop/price.py": '''"""Prices."""


def discounted(price, percent):
    """The price less a discount."""
    return price - price * percent / 10


def total(lines):
    """Sum of quantity times price."""
    result = 0
    for quantity, price in lines:
        result += quantity * price
    return result
''',
            "tests/__init__.py": "",
            "tests/test_price.py": _tests(
                "from shop.price import discounted, total",
                "self.assertEqual(discounted(200, 50), 100)",
                "self.assertEqual(total([(2, 3), (1, 4)]), 10)",
            ),
        },
        "Discounts are far too high. Run the tests with `python3 -m unittest -q`. "
        "A price of 200 with 50 percent off, divided by 100, is 100.",
        "from shop.price import *; assert discounted(80, 25) == 60",
    ),
    "connector": Project(
        {
            "access.py": '''"""Who may enter."""


class User:
    """A user."""

    def __init__(self, name, is_admin=False, is_owner=False, active=True):
        self.name = name
        self.is_admin = is_admin
        self.is_owner = is_owner
        self.active = active


def may_edit(user):
    """Active admins and active owners may edit."""
    if user.active and user.is_admin and user.is_owner:
        return True
    return False


def may_read(user):
    """Whoever is active."""
    return user.active
''',
            "test_access.py": _tests(
                "from access import User, may_edit, may_read",
                'self.assertTrue(may_edit(User("a", is_admin=True)))',
                'self.assertFalse(may_edit(User("b")))',
                'self.assertTrue(may_edit(User("c", is_owner=True)))',
                'self.assertTrue(may_read(User("c")))',
            ),
        },
        "`may_edit` refuses admins who are not owners.",
        "from access import *;"
        "assert not may_edit(User('x', is_owner=True, is_admin=True, active=False));"
        "assert may_edit(User('x', is_owner=True))",
    ),
    "default": Project(
        {
            "basket.py": '''"""A basket."""


def add(item, basket=[]):
    """Add an item to a basket, a new one if none is given."""
    basket.append(item)
    return basket


def count(basket):
    """How many of each."""
    found = {}
    for item in basket:
        found[item] = found.get(item, 0) + 1
    return found
''',
            "test_basket.py": _tests(
                "from basket import add, count",
                'self.assertEqual(add("a"), ["a"])\nself.assertEqual(add("b"), ["b"])',
                'self.assertEqual(count(["a", "a"]), {"a": 2})',
            ),
        },
        "Baskets remember items of other customers.",
        "from basket import add; assert add(1) == [1]; assert add(2) == [2]; b = [];"
        "assert add(3, b) is b and b == [3]",
    ),
    "error": Project(
        {
            "config.py": '''"""Configuration."""


class ConfigError(Exception):
    """A setting is missing."""


def get_setting(settings, name):
    """A setting, or ConfigError."""
    try:
        return settings[name]
    except IndexError:
        raise ConfigError(name) from None


def get_port(settings):
    """The port as a number."""
    return int(get_setting(settings, "port"))
''',
            "test_config.py": _tests(
                "from config import ConfigError, get_port, get_setting",
                'self.assertEqual(get_port({"port": "80"}), 80)',
                'with self.assertRaises(ConfigError):\n    get_setting({}, "host")',
            ),
        },
        "A missing setting ends in `KeyError` and not in `ConfigError`.",
        "from config import *\ntry:\n    get_port({})\nexcept ConfigError:\n    pass",
    ),
    "alias": Project(
        {
            "board.py": '''"""A board with undo."""


class Board:
    """Cells that remember."""

    def __init__(self, cells):
        self.cells = list(cells)
        self.history = []

    def set(self, index, value):
        """Set a cell."""
        self.history.append(self.cells)
        self.cells[index] = value

    def undo(self):
        """Take the last change back."""
        if self.history:
            self.cells = self.history.pop()
''',
            "test_board.py": _tests(
                "from board import Board",
                "b = Board([1, 2])\nb.set(0, 5)\nb.undo()\nself.assertEqual(b.cells, [1, 2])",
                "b = Board([1, 2])\nb.set(0, 5)\nself.assertEqual(b.cells, [5, 2])",
                "b = Board([1])\nb.undo()\nself.assertEqual(b.cells, [1])",
            ),
        },
        "`undo` does nothing.",
        "from board import Board; b = Board([1, 2]); b.set(0, 3); b.set(1, 4); b.undo();"
        "assert b.cells == [3, 2]; b.undo(); assert b.cells == [1, 2]",
    ),
    "order": Project(
        {
            "rank.py": '''"""Ranking."""


def rank(scores):
    """Names by score, best first; equal scores by name."""
    return [name for name, score in sorted(scores.items(), key=lambda pair: pair[1])]


def best(scores):
    """The best name."""
    return rank(scores)[0]
''',
            "test_rank.py": _tests(
                "from rank import best, rank",
                'self.assertEqual(rank({"a": 1, "b": 3, "c": 2}), ["b", "c", "a"])',
                'self.assertEqual(best({"a": 1, "b": 3}), "b")',
            ),
        },
        "The worst come first.",
        "from rank import rank; assert rank({'b': 1, 'a': 1, 'c': 2}) == ['c', 'a', 'b']",
    ),
    "two": Project(
        {
            "units/__init__.py": "",
            "units/length.py": '''"""Lengths."""


def to_feet(metres):
    """Metres in feet."""
    return metres / 3


def to_metres(feet):
    """Feet in metres."""
    return feet * 3
''',
            "units/clamp.py": '''"""Limits."""


def clamp(value, low, high):
    """The value within its limits."""
    if value < low:
        return low
    if value > high:
        return low
    return value
''',
            "tests/unit/test_units.py": _tests(
                "from units.clamp import clamp\nfrom units.length import to_feet, to_metres",
                "self.assertEqual(to_feet(2), 6)\nself.assertEqual(to_feet(1), 3)",
                "self.assertEqual(clamp(9, 0, 5), 5)\nself.assertEqual(clamp(8, 1, 4), 4)",
                "self.assertEqual(clamp(-1, 0, 5), 0)",
                "self.assertEqual(clamp(3, 0, 5), 3)",
            ),
        },
        "Two things: `to_feet` divides where it should multiply, `clamp` ignores its upper limit.",
        "from units.length import *; from units.clamp import *; assert to_feet(10) == 30;"
        "assert clamp(10, 2, 7) == 7",
    ),
    "hang": Project(
        {
            "steps.py": '''"""Counting down."""


def countdown(start):
    """Numbers from start to 1."""
    found = []
    while start > 0:
        found.append(start)
        start += 1
        if len(found) > 10_000_000:
            found.clear()
    return found
''',
            "test_steps.py": _tests(
                "from steps import countdown",
                "self.assertEqual(countdown(3), [3, 2, 1])",
                "self.assertEqual(countdown(0), [])",
            ),
        },
        "`countdown(3)` never ends.",
        "from steps import countdown; assert countdown(5) == [5, 4, 3, 2, 1]",
    ),
    "empty": Project(
        {
            "stats.py": '''"""Statistics."""


def mean(values):
    """The mean; 0 of nothing."""
    return sum(values) / len(values)


def spread(values):
    """Largest less smallest."""
    return max(values) - min(values)
''',
            "test_stats.py": _tests(
                "from stats import mean, spread",
                "self.assertEqual(mean([1, 3]), 2)",
                "self.assertEqual(mean([]), 0)",
                "self.assertEqual(spread([1, 4]), 3)",
            ),
        },
        "`mean([])` ends in ZeroDivisionError.",
        "from stats import mean; assert mean([]) == 0; assert mean([5]) == 5;"
        "assert mean([-1, 1, 3]) == 1",
    ),
    "falsy": Project(
        {
            "fields.py": '''"""Form fields."""


def read_number(form, name, default):
    """A number of the form, or the default."""
    value = form.get(name)
    return value or default


def read_all(form, names, default):
    """All numbers."""
    return [read_number(form, name, default) for name in names]
''',
            "test_fields.py": _tests(
                "from fields import read_all, read_number",
                'self.assertEqual(read_number({"a": 0}, "a", 7), 0)',
                'self.assertEqual(read_number({}, "a", 7), 7)',
                'self.assertEqual(read_all({"a": 3}, ["a", "b"], 1), [3, 1])',
            ),
        },
        "A zero that the user typed is replaced by the default.",
        "from fields import *; assert read_number({'x': ''}, 'x', 5) == ''",
    ),
    "stale": Project(
        {
            "ledger.py": '''"""A ledger with a cached total."""


class Ledger:
    """Entries and their sum."""

    def __init__(self):
        self.entries = []
        self._total = None

    def add(self, amount):
        """Add an entry."""
        self.entries.append(amount)
        self._total = None

    def remove(self, amount):
        """Remove an entry."""
        self.entries.remove(amount)

    @property
    def total(self):
        """Sum of all entries."""
        if self._total is None:
            self._total = sum(self.entries)
        return self._total
''',
            "test_ledger.py": _tests(
                "from ledger import Ledger",
                "l = Ledger()\nl.add(3)\nl.add(4)\nself.assertEqual(l.total, 7)\nl.remove(3)\n"
                "self.assertEqual(l.total, 4)",
                "l = Ledger()\nl.add(1)\nself.assertEqual(l.total, 1)",
            ),
        },
        "The total is wrong after `remove`.",
        "from ledger import Ledger; l = Ledger(); l.add(2); l.add(2); assert l.total == 4;"
        "l.remove(2); assert l.total == 2; l.add(1); assert l.total == 3",
    ),
    "text": Project(
        {
            "tags.py": '''"""Tags."""


def normalize(tag):
    """A tag without white space around it, in lower case."""
    return tag.strip()


def unique(tags):
    """Each tag once, in order of appearance."""
    seen = []
    for tag in tags:
        name = normalize(tag)
        if name not in seen:
            seen.append(name)
    return seen
''',
            "test_tags.py": _tests(
                "from tags import normalize, unique",
                'self.assertEqual(normalize(" A "), "a")',
                'self.assertEqual(unique(["a", "b", "a"]), ["a", "b"])',
                'self.assertEqual(unique(["x", "X"]), ["x"])',
            ),
        },
        "Tags that differ in case only are kept twice.",
        "from tags import *; assert unique(['Q', 'q ', 'R']) == ['q', 'r']",
    ),
    "precedence": Project(
        {
            "tax.py": '''"""Tax."""


def gross(net, shipping, rate):
    """Net and shipping, both taxed."""
    return net + shipping * (1 + rate)


def due(net, shipping, rate, paid):
    """What is still to be paid."""
    return gross(net, shipping, rate) - paid
''',
            "test_tax.py": _tests(
                "from tax import due, gross",
                "self.assertEqual(gross(100, 20, 0.5), 180)",
                "self.assertEqual(due(10, 10, 1, 5), 35)",
                "self.assertEqual(gross(0, 10, 0.5), 15)",
            ),
        },
        "Only shipping is taxed.",
        "from tax import *; assert gross(10, 0, 1) == 20",
    ),
}
