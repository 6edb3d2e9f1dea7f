"""Small projects with a broken function."""

from tests.agents.repairer.project import Project, write_tests

FUNCTIONS = {
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
            "test_pages.py": write_tests(
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
            "tests/test_price.py": write_tests(
                "from shop.price import discounted, total",
                "self.assertEqual(discounted(200, 50), 100)",
                "self.assertEqual(total([(2, 3), (1, 4)]), 10)",
            ),
        },
        "Discounts are far too high. Run the tests with `python3 -m unittest -q`. "
        "A price of 200 with 50 percent off, divided by 100, is 100.",
        "from shop.price import *; assert discounted(80, 25) == 60",
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
            "test_rank.py": write_tests(
                "from rank import best, rank",
                'self.assertEqual(rank({"a": 1, "b": 3, "c": 2}), ["b", "c", "a"])',
                'self.assertEqual(best({"a": 1, "b": 3}), "b")',
            ),
        },
        "The worst come first.",
        "from rank import rank; assert rank({'b': 1, 'a': 1, 'c': 2}) == ['c', 'a', 'b']",
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
            "test_steps.py": write_tests(
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
            "test_stats.py": write_tests(
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
            "test_fields.py": write_tests(
                "from fields import read_all, read_number",
                'self.assertEqual(read_number({"a": 0}, "a", 7), 0)',
                'self.assertEqual(read_number({}, "a", 7), 7)',
                'self.assertEqual(read_all({"a": 3}, ["a", "b"], 1), [3, 1])',
            ),
        },
        "A zero that the user typed is replaced by the default.",
        "from fields import *; assert read_number({'x': ''}, 'x', 5) == ''",
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
            "test_tags.py": write_tests(
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
            "test_tax.py": write_tests(
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
