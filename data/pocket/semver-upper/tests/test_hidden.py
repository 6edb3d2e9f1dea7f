import unittest

from semrange import Range, Version, best, matches


class RangeTest(unittest.TestCase):
    def check(self, requirement, inside, outside):
        for version in inside.split():
            self.assertTrue(matches(requirement, version), (requirement, version))
        for version in outside.split():
            self.assertFalse(matches(requirement, version), (requirement, version))

    def test_caret(self):
        self.check("^1.2.3", "1.2.3 1.2.4 1.999.0 1.99999999.0", "1.2.2 2.0.0 2.0.1 3.0.0 0.9")

    def test_caret_below_one(self):
        self.check("^0.2.3", "0.2.3 0.2.99", "0.2.2 0.3.0 1.0.0")
        self.check("^0.0.3", "0.0.3", "0.0.2 0.0.4 0.1.0")

    def test_tilde(self):
        self.check("~1.2.3", "1.2.3 1.2.77", "1.2.2 1.3.0 2.0.0")

    def test_below(self):
        self.check("<2", "0.0.0 1.9.9", "2.0.0 2.0.1")

    def test_at_most(self):
        self.check("<=1.4.0", "0.1 1.4.0", "1.4.1 1.5")

    def test_at_least(self):
        self.check(">=1.4", "1.4.0 1.4.1 9.9.9", "1.3.9")

    def test_exactly(self):
        self.check("==1.4.0", "1.4.0 v1.4", "1.4.1 1.3.9")
        self.check("1.4.0", "1.4.0", "1.4.1")

    def test_clauses_together(self):
        self.check("^1.2, <1.8", "1.2.0 1.7.9", "1.8.0 2.0.0 1.1.9")

    def test_empty_range(self):
        self.assertNotIn(Version(1), Range(Version(1), Version(1)))

    def test_best(self):
        self.assertEqual(best("^1.2", ["1.2.0", "1.10.0", "2.0.0", "1.9.0"]), "1.10.0")
        self.assertIsNone(best("^3", ["4.0.0"]))
