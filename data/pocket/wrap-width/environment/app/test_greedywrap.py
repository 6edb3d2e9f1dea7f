import unittest

from greedywrap import bullets, fill, paragraphs, wrap


class WrapTest(unittest.TestCase):
    def test_short_text_is_one_line(self):
        self.assertEqual(wrap("hello there", 40), ["hello there"])

    def test_whitespace_is_collapsed(self):
        self.assertEqual(wrap("  a \n b\t c ", 40), ["a b c"])

    def test_line_may_fill_the_width(self):
        self.assertEqual(wrap("four five nine", 9), ["four five", "nine"])

    def test_fill(self):
        self.assertEqual(fill("one two three", 8, indent="> "), "> one\n> two\n> three")

    def test_paragraphs(self):
        self.assertEqual(paragraphs("first\n\n\nsecond", 20), "first\n\nsecond")

    def test_bullets_hang(self):
        self.assertEqual(bullets(["red apples", "figs"], 8), "- red\n  apples\n- figs")


if __name__ == "__main__":
    unittest.main()
