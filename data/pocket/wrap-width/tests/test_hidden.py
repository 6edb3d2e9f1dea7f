import unittest

from greedywrap import bullets, fill, paragraphs, wrap

TEXT = "the quick brown fox jumps over the lazy dog and naps under an extraordinarily old oak"


class WrapTest(unittest.TestCase):
    def test_exact_fit(self):
        self.assertEqual(wrap("four five nine", 9), ["four five", "nine"])
        self.assertEqual(wrap("a b c d", 3), ["a b", "c d"])

    def test_one_column_too_many(self):
        self.assertEqual(wrap("four five nine", 8), ["four", "five", "nine"])

    def test_never_wider_and_always_greedy(self):
        for width in range(1, 40):
            lines = wrap(TEXT, width)
            self.assertLessEqual(max(map(len, lines)), width)
            self.assertEqual("".join(lines).replace(" ", ""), TEXT.replace(" ", ""))
            if width >= 15:
                for line, after in zip(lines, lines[1:]):
                    self.assertGreater(len(line) + 1 + len(after.split()[0]), width)

    def test_long_words_are_cut_at_the_width(self):
        self.assertEqual(wrap("abcdefgh", 4), ["abcd", "efgh"])
        self.assertEqual(wrap("abcdefgh", 5, indent="  "), ["  abc", "  def", "  gh"])
        self.assertEqual(wrap("abcdef x", 4), ["abcd", "ef x"])

    def test_indent_counts(self):
        self.assertEqual(wrap("ab cd ef", 7, indent="> "), ["> ab cd", "> ef"])

    def test_no_room(self):
        with self.assertRaises(ValueError):
            wrap("text", 2, indent="> ")
        self.assertEqual(wrap("ab", 3, indent="> "), ["> a", "> b"])

    def test_nothing(self):
        self.assertEqual(wrap(" \n "), [])
        self.assertEqual(fill(""), "")

    def test_helpers_use_the_whole_width(self):
        self.assertEqual(bullets(["red figs", "pie"], 10), "- red figs\n- pie")
        self.assertEqual(paragraphs("a b c\n\nd e f", 3), "a b\nc\n\nd e\nf")
