"""Small projects whose fault is in state, errors, or two places."""

from tests.agents.repairer.project import Project, write_tests

PROGRAMS = {
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
            "test_access.py": write_tests(
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
            "test_basket.py": write_tests(
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
            "test_config.py": write_tests(
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
            "test_board.py": write_tests(
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
            "tests/unit/test_units.py": write_tests(
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
            "test_ledger.py": write_tests(
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
}
