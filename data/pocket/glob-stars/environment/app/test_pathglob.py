import unittest

from pathglob import match, select


class MatchTest(unittest.TestCase):
    def test_star_stays_within_a_name(self):
        self.assertTrue(match("src/*.py", "src/main.py"))
        self.assertFalse(match("src/*.py", "src/app/main.py"))

    def test_one_character(self):
        self.assertTrue(match("v?.txt", "v1.txt"))
        self.assertFalse(match("a?b", "a/b"))

    def test_letters(self):
        self.assertTrue(match("[abc].txt", "b.txt"))
        self.assertTrue(match("[!abc].txt", "x.txt"))
        self.assertFalse(match("[!abc].txt", "b.txt"))

    def test_dots_are_dots(self):
        self.assertFalse(match("*.py", "copy"))

    def test_two_stars_cross_folders(self):
        self.assertTrue(match("src/**/main.py", "src/app/web/main.py"))
        self.assertTrue(match("docs/**", "docs/img/logo.png"))

    def test_select(self):
        paths = ["a.py", "b.py", "c.txt"]
        self.assertEqual(select(["*.py", "!b*"], paths), ["a.py"])


if __name__ == "__main__":
    unittest.main()
