import unittest

from semrange import Version, best, matches


class VersionTest(unittest.TestCase):
    def test_numbers_are_compared_as_numbers(self):
        self.assertLess(Version.parse("1.9.0"), Version.parse("v1.10"))

    def test_not_a_version(self):
        with self.assertRaises(ValueError):
            Version.parse("1.x")


class RangeTest(unittest.TestCase):
    def test_caret_allows_minor_releases(self):
        self.assertTrue(matches("^1.2.3", "1.2.3"))
        self.assertTrue(matches("^1.2.3", "1.9.0"))
        self.assertFalse(matches("^1.2.3", "1.2.2"))

    def test_caret_stops_before_the_next_major(self):
        self.assertFalse(matches("^1.2.3", "2.0.0"))
        self.assertFalse(matches("^1.2.3", "2.1.0"))

    def test_at_least(self):
        self.assertTrue(matches(">=1.2", "7.0"))

    def test_best(self):
        self.assertEqual(best("^1.2, <1.8", ["1.2.0", "1.7.9", "1.9.0", "0.9"]), "1.7.9")


if __name__ == "__main__":
    unittest.main()
